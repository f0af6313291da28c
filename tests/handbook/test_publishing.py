"""`flask handbook`: check a file, publish it once and for good, and compare editions key by key."""

from pathlib import Path

import pytest

from prima import journal
from prima.db import db
from prima.handbook import published
from prima.handbook.edition import checksum

CURRENT = published.EDITIONS / "fund_current.toml"
SOURCE = CURRENT.read_text(encoding="utf-8")


@pytest.fixture
def flask(app):
    def run(*words):
        db.session.commit()
        done = app.test_cli_runner().invoke(args=["handbook", *map(str, words)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        db.session.expire_all()
        return done

    return run


@pytest.fixture
def changed(tmp_path):
    def write(*changes: tuple[str, str], code: str = "changed-1", name: str = "changed.toml") -> Path:
        text = SOURCE
        for before, after in (("fund-current-3", code), *changes):
            assert before in text
            text = text.replace(before, after, 1)
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        return file

    return write


# -- check ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", sorted(published.EDITIONS.glob("*.toml")), ids=lambda file: file.stem)
def test_the_editions_that_ship_can_be_published(flask, file):
    done = flask("check", file)
    assert done.exit_code == 0, done.output
    assert done.output.startswith(f"{file.name}: edition fund-")


def test_check_lists_what_is_not_translated(flask, changed):
    file = changed(
        (', es = "Justificación"}', "}"),
        ('text = {en = "Is gender equality a main aim of the project?", fr =', 'text = {en = "A main aim?", es ='),
        (', es = "¿Es la igualdad de género un objetivo principal del proyecto?"', ""),
    )
    done = flask("check", file)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert not any(line.startswith("sections[SUM].title") for line in lines)
    assert "sections[RAT].title: no es" in lines
    assert "sections[RAT].must_answer[1]: no fr and no es" in lines
    assert "reports[INT_F].sections[EXPLANATION].title: no fr and no es" in lines
    assert "stages[CON].guidance: no fr and no es" in lines
    assert "sections[PAR].guidance: no fr and no es" in lines
    assert "duties[PDEV DEV 2].text: no fr and no es" in lines
    assert "gender.questions[main_aim].text: no fr" in lines
    missing = [line for line in lines if ": no fr" in line or ": no es" in line]
    assert lines[-1] == f"{len(missing)} texts are not translated; English is shown instead."


def test_the_current_form_carries_its_short_texts_in_three_languages():
    edition = published.read(CURRENT)[0]
    texts = [one.name for one in (*edition.stages, *edition.reports)] + [one.title for one in edition.sections]
    texts += [one.question for one in edition.checks] + [one.text for one in edition.gender.questions]
    assert all(text.fr and text.es for text in texts)


def test_check_names_rules_of_submitting_that_nothing_measures(flask, changed):
    said = "is not measured before submission; reviewers answer it in their checks."
    lines = flask("check", CURRENT).output.splitlines()
    assert [line for line in lines if said in line] == [f"rules[NO_COFUND]: {said}", f"rules[NO_DEV_COST]: {said}"]
    file = changed(('[[rules]]\ncode = "OUTCOME_OUTPUT"', '[[rules]]\ncode = "OUTCOM_OUTPUT"'))
    assert f"rules[OUTCOM_OUTPUT]: {said}" in flask("check", file).output


def test_check_says_conditions_in_words(flask, changed):
    file = changed(('role = "RTS"\n', 'role = "RTS"\nneeded_when = {field = "regions.count", more_than = 1}\n'))
    assert "reviewers[RTS]: only when the number of regions is more than 1.\n" in flask("check", file).output


def test_check_names_file_key_and_reason_of_every_fault(flask, changed):
    done = flask("check", changed(("words = 350", "words = -1"), ("days = 5", "days = 0")))
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "changed.toml: sections[SUM].words: must be 1 or more, not -1.",
        "changed.toml: desks[OFFICE_CLEAR].days: must be 1 or more, not 0.",
    ]


def test_check_knows_the_lists(flask, changed):
    done = flask(
        "check",
        changed(
            ('status = "CONCEPT"', 'status = "IDEA"'),
            ('accepted_by = "RPDO"', 'accepted_by = "BOSS"'),
            ('who = ["EVAL", "RME"]', 'who = ["EVAL", "HIM"]'),
            ('role = "RMO"\nstage', 'role = "MOM"\nstage'),
            ('"RETURNED", "ENDORSE"]', '"RETURNED", "DREAM"]'),
            ('{code = "2a", all = "yes"}', '{code = "3", all = "yes"}'),
            ("gender_not_applicable_types = []", 'gender_not_applicable_types = ["ZZ9"]'),
        ),
    )
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "changed.toml: stages[EVA].who: HIM is not a role of the list that people can hold.",
        "changed.toml: duties[MOM DEV].role: MOM is not a role of the list that people can hold.",
        "changed.toml: reports[INT_N].accepted_by: BOSS is not a role of the list that people can hold.",
        "changed.toml: desks[IDEA].status: IDEA is not a status of the list.",
        "changed.toml: desks[ENDORSE].status: ENDORSE is among the statuses of no stage.",
        "changed.toml: stages[END].statuses: DREAM is not a status of the list.",
        "changed.toml: gender.suggestions[3].code: 3 is not a code of the gender marker.",
        "changed.toml: gender_not_applicable_types: ZZ9 is not a project type of the list.",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "code: this key is missing"),
        (b"\xff\xfe\x00", "the file is not UTF-8 text; byte 1 cannot be read"),
        (b"a = " + b"[" * 5000, "the file is not valid TOML"),
        (b"a = '\x00'", "the file is not valid TOML"),
    ],
)
def test_check_and_publish_refuse_what_is_no_edition(flask, tmp_path, content, reason):
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    for verb in ("check", "publish"):
        done = flask(verb, file)
        assert done.exit_code == 1
        assert f"broken.toml: {reason}" in done.output


def test_a_file_that_is_not_there_is_said_so(flask, tmp_path):
    for words in (("check", tmp_path / "no.toml"), ("publish", tmp_path), ("diff", "no", "fund-current-3")):
        done = flask(*words)
        assert done.exit_code != 0
        assert "Traceback" not in done.output


# -- publish ----------------------------------------------------------------------------------------------------------


def test_publishing_stores_the_edition_with_its_checksum_and_leaves_a_trace(flask, changed):
    file = changed(("words = 350", "words = 300"), ("valid_from = 2014-01-01", "valid_from = 2016-09-01"))
    done = flask("publish", file)
    assert done.exit_code == 0, done.output
    row = published.newest(db.session)
    assert (row.code, row.checksum) == ("changed-1", checksum(file.read_bytes()))
    assert row.handbook.section("SUM").words == 300
    assert done.output == f"Edition changed-1 is published ({row.checksum}).\nNew projects take it.\n"
    [entry] = journal.entries(db.session, "handbook_edition", row.id)
    assert (entry.event, entry.actor_id, entry.data["by"]) == ("published", None, "operator")
    assert entry.data["sha256"] == row.checksum
    assert not list(journal.faults(db.session, {"handbook_edition": published.HandbookEdition}))


def test_publishing_again_changes_nothing(flask, changed):
    file = changed()
    flask("publish", file)
    done = flask("publish", file)
    assert done.exit_code == 0
    assert "Edition changed-1 was published already" in done.output
    row = published.find(db.session, "changed-1")
    assert len(journal.entries(db.session, "handbook_edition", row.id)) == 1


def test_an_earlier_edition_is_not_what_new_projects_take(flask, changed):
    done = flask("publish", changed(("valid_from = 2014-01-01", "valid_from = 2012-01-01")))
    assert "New projects take fund-current-3, which is valid from a later day." in done.output
    assert published.newest(db.session).code == "fund-current-3"


def test_a_published_edition_is_never_changed_and_the_refusal_shows_the_difference(flask, changed):
    file = changed(
        ("words = 350", "words = 300"),
        ("value = 30\n", "value = 25\n"),
        ('role = "RME"\nscope = "region"\nrequired = true', 'role = "RME"\nscope = "region"\nrequired = false'),
        code="fund-current-3",
    )
    before = published.find(db.session, "fund-current-3").checksum
    done = flask("publish", file)
    assert done.exit_code == 1
    first, *rest = done.output.splitlines()
    assert first.startswith("changed.toml: edition fund-current-3 is published with other contents")
    assert rest == [
        "sections[SUM].words: 350 -> 300",
        "rules[STAFF_OFFICE_MAX].value: 30 -> 25",
        "reviewers[RME].required: true -> false",
    ]
    row = published.find(db.session, "fund-current-3")
    assert row.checksum == before
    assert row.handbook.section("SUM").words == 350


def test_a_change_of_comments_alone_is_refused_too_and_said_to_be_one(flask, changed):
    file = changed(("# One file is one edition.", "# One file is just one edition."), code="fund-current-3")
    done = flask("publish", file)
    assert done.exit_code == 1
    assert "Only comments or the layout of the file differ." in done.output


# -- diff -------------------------------------------------------------------------------------------------------------


def test_editions_are_compared_key_by_key(flask, changed):
    done = flask("diff", "fund-older-3", "fund-current-3")
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert "sections[RAT].words: 600 -> 400" in lines
    assert "valid_from: 2010-01-01 -> 2014-01-01" in lines
    [gone] = [line for line in lines if line.startswith("sections[SUS]")]
    assert gone.startswith("sections[SUS]: {code = SUS, title = {en = Sustainability, fr = Durabilité, es = ")
    assert gone.endswith(" -> (nothing)")
    assert {line.split(":")[0] for line in lines if line.startswith("rules")} == {
        "rules[RISK_NAMED]",
        "rules[RISK_TREATED]",
    }
    assert not any(line.startswith(("desks", "reviewers", "deadlines", "ladder")) for line in lines)


def test_an_edition_does_not_differ_from_its_file(flask):
    done = flask("diff", "fund-current-3", CURRENT)
    assert (done.exit_code, done.output) == (0, "")


def test_a_difference_says_order_lists_texts_and_desks(flask, changed):
    rat = SOURCE[SOURCE.index('[[sections]]\ncode = "RAT"') : SOURCE.index('[[sections]]\ncode = "DES"')]
    file = changed(
        (rat, ""),
        ('[[sections]]\ncode = "PAR"', rat + '[[sections]]\ncode = "PAR"'),
        ("[30, 14, 3]", "[30, 3]"),
        ('{en = "Summary", fr = "Résumé", es = "Resumen"}', '{en = "Summary", fr = "Sommaire"}'),
        ('status = "OFFICE_CLEAR"\nroles = ["COM"]', 'status = "OFFICE_CLEAR"\nroles = ["COM", "RMO"]'),
        ('"who", "what tools"', '"who exactly", "what tools"'),
        ("interim_every_months = {fund = 6, donor = 6}", "interim_every_months = {fund = 6, donor = 3}"),
        ('who = ["FUND", "RRMO"]', 'who = ["FUND"]'),
        ("before_days = [14, 3]", "before_days = [14, 7]"),
        ("Stands in for the project manager and", "Acts for the project manager and"),
        ('{code = "2a", all = "yes"}', '{code = "2a", all = "some"}'),
    )
    assert flask("diff", CURRENT, file).output.splitlines() == [
        "code: fund-current-3 -> changed-1",
        "stages[ACT].who: [FUND, RRMO] -> [FUND]",
        "sections[SUM].title.fr: Résumé -> Sommaire",
        "sections[SUM].title.es: Resumen -> (nothing)",
        "sections[MON].must_answer: [who, what tools, how often, partner monitoring] -> "
        "[who exactly, what tools, how often, partner monitoring]",
        "sections, their order: COV, SUM, RAT, DES, PAR, MON, EVA, MAT, WPL, BUD, RSK -> "
        "COV, SUM, DES, RAT, PAR, MON, EVA, MAT, WPL, BUD, RSK",
        "desks[OFFICE_CLEAR].roles: [COM] -> [COM, RMO]",
        "deadlines.interim_every_months.donor: 6 -> 3",
        "ladder.before_days: [30, 14, 3] -> [30, 3]",
        "milestone_ladder.before_days: [14, 3] -> [14, 7]",
        "duties[APM IMP].text: Stands in for the project manager and is told everything the manager is told. -> "
        "Acts for the project manager and is told everything the manager is told.",
        "gender.suggestions[2a].all: yes -> some",
    ]
