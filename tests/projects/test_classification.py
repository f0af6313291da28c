"""What a project contributes to, and its gender marker: suggested by the edition, chosen by people."""

from __future__ import annotations

import itertools

import pytest

from prima import journal
from prima.db import db
from prima.handbook import published
from prima.handbook.edition import parse
from prima.projects import queries, rules
from prima.projects.models import Extent, Part, Party, SdgMark, ThemeMark
from prima.projects.rules.gender import suggested
from prima.projects.stages import Status
from tests.factories import a_classification, a_project, a_user

EDITIONS = {file.stem: parse(file.read_text("utf-8"), file.name) for file in sorted(published.EDITIONS.glob("*.toml"))}
QUESTIONS = {
    "needs_analysis": "Does the needs analysis look at women, men, girls and boys separately?",
    "outputs": "Do the outputs answer the different needs found?",
    "activities": "Do the activities answer the different needs found?",
    "main_aim": "Is gender equality a main aim of the project?",
}
MARKERS = {"2a": "2a: All minimum standards met (mainstreamed)", "1": "1: Some but not all minimum standards met"}


NOTE = "By quotas \u202b\u0645\u0631\u062d\u0628\u0627 🙂."


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def fresh(project):
    db.session.expire_all()
    return queries.proposal(project.reference)


def url(project):
    return f"/projects/{project.reference}/classification"


def answer(page, *answers):
    for (_code, label), said in zip(QUESTIONS.items(), answers, strict=True):
        page.fill(label, said)
    return page


# -- the suggestion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", EDITIONS.values(), ids=EDITIONS.keys())
@pytest.mark.parametrize("extents", list(itertools.product(Extent, repeat=3)), ids="-".join)
@pytest.mark.parametrize("main_aim", [True, False])
def test_the_answers_suggest_what_the_handbook_says(edition, extents, main_aim):
    if set(extents) == {Extent.YES}:
        expected = "2b" if main_aim else "2a"
    else:
        expected = "0" if set(extents) == {Extent.NO} else "1"
    answers = dict(zip(("needs_analysis", "outputs", "activities"), extents, strict=True))
    assert suggested(edition.gender, {**answers, "main_aim": main_aim}) == expected


@pytest.mark.parametrize("left", QUESTIONS)
def test_an_answer_left_out_suggests_nothing(left):
    answers = {"needs_analysis": "yes", "outputs": "yes", "activities": "yes", "main_aim": False, left: None}
    assert suggested(EDITIONS["fund_current"].gender, answers) is None
    assert suggested(None, {**answers, left: "yes"}) is None


def test_the_button_suggests_without_saving_and_keeps_what_was_typed(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).check()
    assert "Answer all four questions to see what they suggest." in page.messages
    answer(page, "Yes", "Yes", "In part", "No").fill("Rights-based approach", True)
    page.fill("Rights-based approach: how it is handled", "Cases are heard.")
    page = page.press("Suggest a code").check()
    assert page.status == 200
    assert "Suggested from the answers: 1: Some but not all minimum standards met." in page.messages
    assert page.value(QUESTIONS["activities"]) == "In part"
    assert page.value("Rights-based approach: how it is handled") == "Cases are heard."
    assert page.value("Gender marker") == "Please choose"
    held = fresh(project)
    assert (held.gender_answers, held.themes) == (None, [])


# -- saving -----------------------------------------------------------------------------------------------------------


def test_everything_is_saved_at_once_and_its_writer_is_an_author(browser_of, developer):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(url(project)).check()
    page.fill("Partnerships: Work with partners on migration and linked issues", True)
    page.fill("Safe, orderly, dignified: Make migration safe, orderly and dignified", True)
    page.fill("10.c Cheaper remittance transfers", True)
    page.fill("8.8 Labour rights and safe work, incl. migrant workers", True)
    page.fill("Gender mainstreaming", True).fill("Gender mainstreaming: how it is handled", NOTE)
    answer(page, "Yes", "Yes", "Yes", "No").fill("Gender marker", "2a")
    page = page.press("Save").check()
    assert page.messages[0].endswith("Saved.")
    held = fresh(project)
    assert sorted(mark.code for mark in held.governance) == ["O3", "P3"]
    assert sorted(mark.code for mark in held.sdgs) == ["10.c", "8.8"]
    assert [(mark.code, mark.note) for mark in held.themes] == [("GEN", NOTE)]
    assert held.gender_marker_code == "2a"
    assert (held.gender_answers.outputs, held.gender_answers.main_aim) == (Extent.YES, False)
    assert developer in held.people(Part.AUTHOR)
    [entry] = journal.entries(db.session, "project", project.id)
    assert (entry.event, entry.data["changed"]["sdgs"]) == ("classification", [[], ["10.c", "8.8"]])
    page = browser.open(url(project)).press("Save")
    assert len(journal.entries(db.session, "project", project.id)) == 1


def test_marks_are_taken_away_again(browser_of, developer):
    project = a_project(developer=developer)
    a_classification(project)
    db.session.add(ThemeMark(project_id=project.id, code="ENV", note="Old"))
    page = browser_of(developer).open(url(project)).check()
    page.fill("Principles", []).fill("Environmental sensitivity and sustainability: how it is handled", "New")
    page.press("Save")
    held = fresh(project)
    assert [mark.code for mark in held.governance] == ["O3"]
    assert [(mark.code, mark.note) for mark in held.themes] == [("ENV", "New")]


def test_another_code_than_the_suggested_one_needs_a_reason(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project))
    page = answer(page, "Yes", "Yes", "Yes", "No").fill("Gender marker", "1").press("Save").check()
    assert page.status == 422
    assert page.errors == [
        "Why another code than the suggested one: The answers suggest 2a. Please say why another code fits better."
    ]
    assert page.value("Gender marker") == MARKERS["1"]
    assert fresh(project).gender_marker_code is None
    page = page.fill("Why another code than the suggested one", "Men only.")
    assert page.press("Save").status == 200
    assert (fresh(project).gender_marker_code, fresh(project).gender_answers.reason) == ("1", "Men only.")


def test_no_marker_only_for_the_types_that_the_edition_lists(browser_of, developer, monkeypatch):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(url(project))
    assert "N/A: Marker does not apply" not in page.text
    forged = {"csrf_token": token(page), "version": version(page), "gender_marker_code": "N/A"}
    answer = browser.request("POST", url(project), data=forged)
    assert (answer.status, fresh(project).gender_marker_code) == (422, None)

    edition = EDITIONS["fund_current"].model_copy(update={"gender_not_applicable_types": ("LM",)})
    monkeypatch.setattr(published.HandbookEdition, "handbook", property(lambda _row: edition))
    page = browser.open(url(project)).fill("Gender marker", "N/A").press("Save")
    assert (page.status, fresh(project).gender_marker_code) == (200, "N/A")
    assert "GENDER_CODE" not in {need.code for need in rules.to_submit(fresh(project))}


def test_an_edition_without_the_questions_asks_only_for_the_code(browser_of, developer, monkeypatch):
    edition = EDITIONS["fund_current"].model_copy(update={"gender": None})
    monkeypatch.setattr(published.HandbookEdition, "handbook", property(lambda _row: edition))
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).check()
    assert "Suggest a code" not in page.buttons
    page = page.fill("Gender marker", "2a").press("Save").check()
    assert (page.status, fresh(project).gender_marker_code) == (200, "2a")


# -- bad input --------------------------------------------------------------------------------------------------------


def token(page):
    return page.soup.select_one("main input[name=csrf_token]")["value"]


def version(page):
    return page.soup.select_one("main input[name=version]")["value"]


@pytest.mark.parametrize("note", ["a\x00b", "x" * 1_000_000, "bell\x07"])
def test_a_note_that_is_no_line_is_told_at_its_field(browser_of, developer, note):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).fill("Rights-based approach", True)
    page.fill("10.7 Orderly, safe, regular and responsible migration; well-managed policies", True)
    page = page.fill("Rights-based approach: how it is handled", note).press("Save").check()
    assert page.status == 422
    assert [error.split(":")[0] for error in page.errors] == ["Rights-based approach"]
    assert page.soup.select_one(".error-summary a")["href"] == "#themes-0-note"
    assert page.value("10.7 Orderly, safe, regular and responsible migration; well-managed policies") is True
    assert fresh(project).themes == []


def test_a_note_without_its_tick_is_not_lost(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).fill("Rights-based approach: how it is handled", "Kept")
    page = page.press("Save").check()
    assert (page.status, page.errors) == (
        422,
        ["Rights-based approach: Please tick the theme too, or empty its note."],
    )
    assert page.value("Rights-based approach: how it is handled") == "Kept"


@pytest.mark.parametrize(
    "forged",
    [
        {"principles": "O1"}, {"objectives": "ZZ"}, {"sdgs": "99.9"}, {"outputs": "perhaps"}, {"main_aim": "some"},
        {"gender_marker_code": "7"}, {"gender_marker_code": "2a\x00"}, {"version": "1e308"},
    ],
    ids=str,
)  # fmt: skip
def test_codes_of_no_list_are_refused(browser_of, developer, forged):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(url(project))
    sent = {"csrf_token": token(page), "version": version(page), "sdgs": "10.7", **forged}
    answer = browser.request("POST", url(project), data=sent)
    assert answer.status in (409, 422)
    assert (fresh(project).governance, fresh(project).sdgs) == ([], [])


def test_a_theme_of_no_list_is_left_out(browser_of, developer):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    page = browser.open(url(project))
    sent = {"csrf_token": token(page), "version": version(page), "sdgs": "10.7"}
    sent |= {"themes-0-code": "NONE", "themes-0-chosen": "y", "themes-0-note": "?"}
    assert browser.request("POST", url(project), data=sent).status == 200
    assert (fresh(project).themes, [mark.code for mark in fresh(project).sdgs]) == ([], ["10.7"])


# -- two at once, and readers -----------------------------------------------------------------------------------------


def test_two_at_once_see_both_values_in_words(browser_of, developer):
    second = a_user("PDEV", "KEN", name="Second developer")
    project = a_project(developer=developer)
    from_the_start = browser_of(developer).open(url(project))
    other = browser_of(second)
    with_part(project, second)
    page = other.open(url(project)).fill("Gender marker", "2a").fill("Rights-based approach", True)
    page.fill("Rights-based approach: how it is handled", "Theirs")
    page.fill("16.9 Legal identity for all", True).press("Save")

    from_the_start.fill("Gender marker", "1").fill("10.c Cheaper remittance transfers", True)
    page = from_the_start.press("Save").check()
    assert page.status == 409
    assert "Second developer saved this while you were writing." in page.text
    rows = {row[0]: row[1:] for row in page.rows("What you typed, and what stands there now")}
    assert rows["Gender marker"] == [MARKERS["1"], MARKERS["2a"]]
    assert rows["Targets of the Sustainable Development Goals"] == [
        "10.c Cheaper remittance transfers",
        "16.9 Legal identity for all",
    ]
    assert rows["Rights-based approach"] == ["not ticked", "ticked: Theirs"]
    assert page.press("Save what I typed").status == 200
    held = fresh(project)
    assert (held.gender_marker_code, held.themes) == ("1", [])


def with_part(project, user):
    db.session.add(Party(project_id=project.id, user_id=user.id, part=Part.DEVELOPER))
    db.session.commit()


def test_a_reader_sees_it_in_words_and_cannot_save(browser_of, developer):
    project = a_project(developer=developer, complete=True, status=Status.REVIEW)
    browser = browser_of(developer)
    page = browser.open(url(project)).check()
    assert page.buttons == []
    assert "This cannot be changed now." in page.text
    for words in ("10.7 Orderly, safe, regular", "Safe, orderly, dignified", MARKERS["2a"], "None is ticked."):
        assert words in page.text
    assert browser_of(a_user("PDEV", "COL")).open(url(project)).status == 404


def test_what_is_missing_leads_to_the_page(browser_of, developer):
    project = a_project(developer=developer)
    at = {need.code: (need.at, need.field) for need in rules.to_submit(fresh(project))}
    assert {code: at[code] for code in ("MIGOF_PRINCIPLES", "MIGOF_OBJECTIVES", "SDG_TARGETS", "GENDER_CODE")} == {
        "MIGOF_PRINCIPLES": ("classification.edit", "principles"),
        "MIGOF_OBJECTIVES": ("classification.edit", "objectives"),
        "SDG_TARGETS": ("classification.edit", "sdgs"),
        "GENDER_CODE": ("classification.edit", "gender_marker_code"),
    }
    page = browser_of(developer).open(f"/projects/{project.reference}/readiness").check()
    page = page.follow("The project serves at least 1 principle of the Migration Governance Framework.").check()
    assert page.heading == "Classification"
    assert page.soup.select_one("#principles, #objectives, #sdgs, #gender_marker_code")
    a_classification(project)
    assert not {"MIGOF_PRINCIPLES", "MIGOF_OBJECTIVES", "SDG_TARGETS"} & {
        need.code for need in rules.to_submit(fresh(project))
    }


def test_the_page_asks_the_same_of_few_marks_as_of_many(browser_of, developer, questions):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    asked = []
    for codes in (["10.7"], ["8.7", "8.8", "10.c", "16.9", "5.2"]):
        db.session.add_all(SdgMark(project_id=project.id, code=code) for code in codes)
        db.session.commit()
        browser.open(url(project))
        questions.clear()
        browser.open(url(project))
        asked.append(len(questions))
    assert asked[0] == asked[1]
