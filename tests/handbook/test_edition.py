"""An edition is read whole or refused with every fault named; what is stored reads back the same."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from flask_babel import force_locale

import prima.handbook
from prima.handbook.edition import Edition, EditionError, Severity, Text, checksum, parse

HANDBOOK = Path(prima.handbook.__file__).parent
FILE = HANDBOOK / "editions" / "fund_current.toml"
SOURCE = FILE.read_text(encoding="utf-8")
EDITION = parse(SOURCE, FILE.name)


def codes_of(list_name: str, **wanted: str) -> set[str]:
    with (HANDBOOK.parent / "reference" / f"{list_name}.csv").open(encoding="utf-8", newline="") as rows:
        return {row["code"] for row in csv.DictReader(rows) if all(row[key] == value for key, value in wanted.items())}


def faults(before: str, after: str) -> list[str]:
    assert before in SOURCE
    with pytest.raises(EditionError) as refused:
        parse(SOURCE.replace(before, after, 1), "changed.toml")
    return list(refused.value.lines)


def test_a_stored_edition_reads_back_without_loss():
    assert Edition.model_validate_json(EDITION.model_dump_json()) == EDITION
    assert Edition.model_validate(EDITION.model_dump(mode="json")) == EDITION


def test_decimal_figures_stay_exact_in_the_stored_edition():
    edition = parse(SOURCE.replace("value = 30\n", "value = 30.10\n", 1), "changed.toml")
    again = Edition.model_validate_json(edition.model_dump_json())
    assert str(again.figure("STAFF_OFFICE_MAX")) == "30.10"
    assert isinstance(again.figure("NAT_MAX"), Decimal)
    assert again.figure("CURRENCY") == "USD"


def test_the_checksum_is_that_of_the_files_bytes():
    assert checksum("é\n") == checksum("é\n".encode()) != checksum("é\r\n")
    assert len(checksum(SOURCE)) == 64


def test_an_edition_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        EDITION.code = "other"


def test_the_first_edition_holds_the_current_form():
    words = {section.code: section.words for section in EDITION.sections if section.kind == "text"}
    assert words == {"SUM": 350, "RAT": 400, "DES": 600, "PAR": 350, "MON": 350, "EVA": 350}
    assert {section.code for section in EDITION.sections if section.material} == {"COV", "MAT", "BUD"}
    assert [section.code for section in EDITION.sections if section.internal] == ["RSK"]
    assert [stage.module for stage in EDITION.stages] == ["1", "2", "3", "3", "3-4", "4", "5", "6", "6"]
    assert len(EDITION.checks) == 24
    assert len(EDITION.rules) == 44


def test_every_open_status_has_a_desk_for_its_funding_and_a_terminal_one_has_none():
    for funding in ("fund", "donor"):
        expected = codes_of("project_statuses", terminal="no", funding="both")
        expected |= codes_of("project_statuses", terminal="no", funding=funding)
        covered = {desk.status for desk in EDITION.desks if funding in desk.funding}
        assert covered == expected
    assert EDITION.desks_for("REJECTED", "fund") == ()


def test_every_role_is_one_of_the_list():
    roles = {role for desk in EDITION.desks for role in desk.roles} | {one.role for one in EDITION.reviewers}
    roles |= {one.fallback for one in EDITION.reviewers if one.fallback}
    coded = {one.code for one in EDITION.reviewers if one.code}
    roles |= {check.role for check in EDITION.checks} - coded
    roles |= {role for report in EDITION.reports for role in (*report.checked_by, report.accepted_by)}
    assert roles <= codes_of("team_roles")


def test_service_days_of_the_desks():
    days = {desk.status: desk.days for desk in EDITION.desks if desk.days and "fund" in desk.funding}
    assert days == {"OFFICE_CLEAR": 5, "REVIEW": 10, "ENDORSE": 5, "ENDORSED": 10, "FUND_REVIEW": 10, "APPROVER": 5}


def test_a_donor_project_is_asked_no_question_about_the_fund():
    asked = {check.code for one in EDITION.reviewers for check in EDITION.checks_for(one.role, "donor")}
    assert asked.isdisjoint({"ELIG", "LETTER", "REGION", "B30", "B5", "COFUND", "SEED", "PRIOR"})
    subjects = {rule.subject for rule in EDITION.rules_for("submit", "donor")}
    assert subjects == {"proposal", "results", "risks"}


def test_a_national_project_is_not_held_to_regional_rules():
    national = {rule.code for rule in EDITION.rules_for("submit", "fund")}
    regional = {rule.code for rule in EDITION.rules_for("submit", "fund", regional=True)}
    assert national - regional == {"NAT_MIN", "NAT_MAX"}
    assert regional - national == {"REG_MIN", "REG_MAX", "REG_LETTERS", "REG_LETTERS_MAJ"}
    assert "REGION" not in {check.code for check in EDITION.checks_for("RPDO", "fund")}


def test_a_rule_says_its_figure():
    assert EDITION.say_rule("NAT_MAX") == "A national project asks for USD 200,000 at most."
    assert (
        EDITION.say_rule("INTERIM_FREQ", funding="donor")
        == "Interim narrative and financial reports come every 6 months."
    )
    assert EDITION.rule("STAFF_OFFICE_MAX").severity is Severity.WARN


def test_a_text_falls_back_to_english():
    text = Text.model_validate({"en": "Summary", "fr": "Résumé"})
    assert (text.say("fr_FR"), text.say("es"), text.say("de"), str(text)) == ("Résumé", "Summary", "Summary", "Summary")
    assert Text.model_validate_json(text.model_dump_json()) == text
    assert Text.model_validate("Summary").model_dump() == "Summary"


def test_a_mark_at_the_files_beginning_does_no_harm():
    assert parse("\ufeff" + SOURCE, FILE.name) == EDITION


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("words = 350", 'words = "350"', "sections[SUM].words: must be a whole number, not '350'."),
        ("words = 350", "words = 3.5", "sections[SUM].words: must be a whole number, not 3.5."),
        ("words = 350", "words = 0", "sections[SUM].words: must be 1 or more, not 0."),
        (
            "words = 350",
            "word = 350",
            "sections[SUM].word: this key is not known here; correct its spelling or remove it.",
        ),
        (
            'severity = "warn"',
            'severity = "stop"',
            "rules[STAFF_OFFICE_MAX].severity: must be 'block', 'warn' or 'info', not 'stop'.",
        ),
        ("value = 30\n", "value = true\n", "rules[STAFF_OFFICE_MAX].value: must be a number or a text."),
        ("value = 30\n", "value = nan\n", "rules[STAFF_OFFICE_MAX].value: must be a number or a text, not NaN."),
        ("value = 30\n", 'value = "much"\n', "rules[STAFF_OFFICE_MAX].value: must be a number, not 'much'."),
        (
            'text = "Staff and office costs together stay at or under {value} percent of the total."\nvalue = 30\n',
            'text = "Staff and office costs are low."\n',
            "rules[STAFF_OFFICE_MAX].value: this rule compares with a number: give it here.",
        ),
        (
            'value = "USD"',
            'value = "dollars"',
            "rules[CURRENCY].value: must be the three capital letters of a currency, such as USD.",
        ),
        ("final_months = 3 ", "# ", "deadlines.final_months: this key is missing."),
        ("valid_from = 2014-01-01", "valid_from = true", "valid_from: must be a date such as 2014-01-01, not True."),
        (
            'title = {en = "Summary", fr = "Résumé", es = "Resumen"}',
            "title = 5",
            "sections[SUM].title: must be a text, or a table with en and, if translated, fr and es.",
        ),
        ('code = "RAT"', 'code = "SUM"', "sections: SUM stands here 2 times; it must stand here once."),
        ('roles = ["RME"]', 'roles = ["XYZ"]', "sections[MON].roles: XYZ is not one of the reviewers."),
        (
            'judges = ["ASSUMPTIONS"]',
            'judges = ["GUESSES"]',
            "checks[TOC].judges: GUESSES is not one of the rules.",
        ),
        (
            'role = "RTS"\nquestion',
            'role = "DDG"\nquestion',
            "checks[THEME].role: DDG neither reviews nor decides on donor projects.",
        ),
        (
            'deadline = "framework_months"',
            'deadline = "x"',
            "rules[RMF_DUE].deadline: x is not a number of [deadlines].",
        ),
        (
            "{value} percent of the total",
            "{share} of it",
            "rules[STAFF_OFFICE_MAX].text: {share} is not known; only {value} is.",
        ),
        ("[30, 14, 3]", "[3, 14, 30]", "ladder: before_days must go down, each number once, such as [30, 14, 3]."),
        ("[30, 14, 3]", "30", "ladder.before_days: must be a list in square brackets, not 30."),
        ("[14, 3]", "[14, 14]", "milestone_ladder: before_days must go down, each number once, such as [30, 14, 3]."),
        ("[14, 3]\non_day = true", "[]\non_day = 1", "milestone_ladder.on_day: must be true or false, not 1."),
        (
            'role = "PDEV"\nstage = "CON"',
            'role = "PDEV"\nstage = "XXX"',
            "duties[PDEV XXX].stage: XXX is not one of the stages.",
        ),
        ('role = "COM"\nstage = "CON"', 'role = "COM"', "duties[COM].stage: this key is missing."),
        (
            'role = "RMO"\nstage = "DEV"\n',
            'role = "RMO"\nstage = "DEV"\napplies_to = []\n',
            "duties[RMO DEV].applies_to: needs at least one entry.",
        ),
        (
            '{code = "1"},',
            '{code = "1", main_aim = true},',
            "gender: the last of the suggestions must fit every answer: leave all and main_aim out.",
        ),
        (
            '{code = "0", all = "no"}',
            '{code = "0", all = "never"}',
            "gender.suggestions[0].all: must be 'yes', 'some' or 'no', not 'never'.",
        ),
        (
            '  {code = "outputs", text = ',
            '  # {code = "outputs", text = ',
            "gender: questions are needs_analysis, outputs, activities and main_aim, in this order.",
        ),
        (
            '{code = "outputs", ',
            '{code = "products", ',
            "gender.questions[products].code: must be 'needs_analysis', "
            "'outputs', 'activities' or 'main_aim', not 'products'.",
        ),
        ('who = ["PM", "APM"]', 'who = "PM"', "stages[IMP].who: must be a list in square brackets, not 'PM'."),
        (
            'guidance = "Name who',
            'guidance = 5 # "',
            "sections[PAR].guidance: must be a text, or a table with en and, if translated, fr and es.",
        ),
        (
            'statuses = ["DRAFT"]',
            'statuses = ["DRAFT", "CONCEPT"]',
            "stages: the status CONCEPT stands in 2 places; it must stand in one stage.",
        ),
        (
            "evaluation_to_months = 12",
            "evaluation_to_months = 5",
            "deadlines: evaluation_to_months must not be smaller than evaluation_from_months.",
        ),
    ],
)
def test_a_fault_names_file_key_and_reason(before, after, line):
    assert faults(before, after) == [f"changed.toml: {line}"]


def test_every_fault_is_told_at_once():
    text = SOURCE.replace("words = 350", "words = -1", 1).replace("days = 5", "days = 0", 1)
    with pytest.raises(EditionError) as refused:
        parse(text, "changed.toml")
    assert len(refused.value.lines) == 2
    assert "changed.toml: desks[OFFICE_CLEAR].days: must be 1 or more, not 0." in str(refused.value)


@pytest.mark.parametrize("text", ["", "code = ", "code = 'a'\ncode = 'b'", "[[stages]\n"])
def test_a_broken_or_empty_file_is_refused(text):
    with pytest.raises(EditionError, match=r"broken\.toml: "):
        parse(text, "broken.toml")


def test_a_text_is_said_in_the_language_of_whoever_reads(app):
    [summary] = [section for section in EDITION.sections if section.code == "SUM"]
    with app.test_request_context():
        assert summary.title.say() == "Summary"
        with force_locale("fr"):
            assert summary.title.say() == "Résumé"
            assert summary.title.say("en") == "Summary"
            assert Text(en="Only English").say() == "Only English"
