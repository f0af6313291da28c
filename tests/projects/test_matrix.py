"""The results matrix: written in one form by two people at once, numbered without gaps, and held to its rules."""

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from prima.db import db
from prima.errors import Refused
from prima.journal import Entry
from prima.projects import operations, queries, rules
from prima.projects.models import ActivityPlan, BudgetLine, Indicator, Level, Part, Party, Result
from prima.projects.numbering import numbered
from prima.projects.operations.matrix import ABOVE, MOST_OUTCOMES, MOST_ROWS, going
from prima.projects.snapshot import snapshot
from prima.projects.stages import Status
from prima.projects.tasks import tasks
from tests.chance import tried
from tests.factories import a_matrix, a_project, a_user


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


def at(project):
    return f"/projects/{project.reference}/matrix"


def rows_of(project):
    """Level, number and text of each row, as they stand."""
    db.session.expire_all()
    results = db.session.scalars(select(Result).where(Result.project_id == project.id)).all()
    return [(one.level, one.number, one.text) for one in numbered(results)]


def needs(project):
    db.session.expire_all()
    found = rules.to_submit(queries.proposal(project.reference))
    return {need.code: need for need in found if need.at == "matrix.edit"}


def test_a_matrix_is_written_from_the_objective_down(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(at(project)).check()
    assert page.heading == "Results matrix"
    page = page.fill("Text of objective", "Migration is governed well.").press("Add an outcome").check()
    page = page.fill("Text of outcome 1", "The law is applied.").fill("Assumption of outcome 1", "It is passed.")
    page = page.press("Add an output under 1").check()
    page = page.fill("Text of output 1.1", "Officials are trained.").press("Add an activity under 1.1").check()
    page = page.fill("Text of activity 1.1.1", "Hold courses.").press("Save").check()
    assert page.messages[0] == "Saved."
    assert rows_of(project) == [
        ("objective", "", "Migration is governed well."),
        ("outcome", "1", "The law is applied."),
        ("output", "1.1", "Officials are trained."),
        ("activity", "1.1.1", "Hold courses."),
    ]
    assert page.value("Assumption of outcome 1") == "It is passed."


def test_who_writes_in_the_matrix_becomes_an_author(browser_of, developer):
    project = a_project(developer=developer)
    other = a_user("PDEV", "KEN")
    db.session.add(Party(project_id=project.id, user_id=other.id, part=Part.DEVELOPER))
    browser_of(other).open(at(project)).press("Add an outcome")
    parts = db.session.scalars(select(Party.part).where(Party.project_id == project.id, Party.user_id == other.id))
    assert set(parts) == {Part.DEVELOPER, Part.AUTHOR}


def test_a_save_without_a_change_leaves_no_trace(browser_of, developer):
    project = a_project(developer=developer)
    a_matrix(project)
    browser_of(developer).open(at(project)).press("Save")
    assert not db.session.scalars(select(Entry).where(Entry.event == "matrix")).all()
    assert not db.session.scalars(select(Party).where(Party.part == Part.AUTHOR)).all()


@pytest.mark.parametrize(
    ("button", "order"),
    [
        ("Down 1.1", ["Second, typed.", "First, typed."]),
        ("Up 1.2", ["Second, typed.", "First, typed."]),
        ("Add an output under 1", ["First, typed.", "Second, typed.", ""]),
        ("Move 1.1", ["First, typed.", "Second, typed."]),
        ("Remove 1.1", ["First, typed.", "Second, typed."]),
        ("Add an indicator to output 1.1", ["First, typed.", "Second, typed."]),
        ("Take one from the library for outcome 1", ["First, typed.", "Second, typed."]),
        ("Edit indicator 1 of 1.2", ["First, typed.", "Second, typed."]),
        ("Add an indicator to objective", ["First, typed.", "Second, typed."]),
    ],
)
def test_every_button_saves_what_was_typed_first(browser_of, developer, button, order):
    project = a_project(developer=developer)
    a_matrix(project, outputs=2)
    page = browser_of(developer).open(at(project))
    page.fill("Text of output 1.1", "First, typed.").fill("Text of output 1.2", "Second, typed.")
    page = page.press(button).check()
    assert page.status == 200
    assert [text for level, _number, text in rows_of(project) if level == "output"] == order


def test_the_objective_takes_an_indicator_before_it_is_written(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(at(project)).press("Add an indicator to objective").check()
    assert page.heading == "Indicator of the objective"
    page = page.fill("Indicator", "Officials who apply the law").press("Save").check()
    assert rows_of(project) == [("objective", "", "")]
    assert page.fill("Text of objective", "Well governed.").press("Save").status == 200
    assert rows_of(project) == [("objective", "", "Well governed.")]


def test_an_output_moves_under_another_outcome_with_what_stands_below(browser_of, developer):
    project = a_project(developer=developer)
    a_matrix(project)
    page = browser_of(developer).open(at(project)).press("Add an outcome").fill("Text of outcome 2", "Another.")
    page = page.press("Move 1.1").check()
    assert page.heading == "Move output 1.1"
    page = page.fill("Stand under", "2 Another.").press("Move").check()
    assert [(level, number) for level, number, _text in rows_of(project)][2:] == [
        ("outcome", "2"), ("output", "2.1"), ("activity", "2.1.1"),
    ]  # fmt: skip
    page = page.press("Move 2.1")
    assert page.fill("Stand under", "1 Institutions apply the new procedures.").press("Move").status == 200


def test_removing_says_what_goes_with_it(browser_of, developer):
    project = a_project(developer=developer, budget=1000)
    rows = a_matrix(project, outputs=2)
    line = db.session.scalars(select(BudgetLine).where(BudgetLine.project_id == project.id)).first()
    line.result_id = rows[3].id
    version, description = line.version, line.description
    page = browser_of(developer).open(at(project)).press("Remove 1.1").check()
    assert "Activity 1.1.1: Hold course 1 of part 1." in page.text
    assert "with 1 indicator" in page.text
    assert "1 entry of the workplan goes with its activity." in page.text
    assert description in page.text
    page = page.press("Remove for good").check()
    assert page.messages[0] == "Removed: output 1.1."
    assert [number for _level, number, _text in rows_of(project)] == ["", "1", "1.1", "1.1.1"]
    assert (line.result_id, line.version) == (None, version + 1)
    assert len(db.session.scalars(select(ActivityPlan).where(ActivityPlan.project_id == project.id)).all()) == 1
    assert len(db.session.scalars(select(Indicator).where(Indicator.project_id == project.id)).all()) == 3


def test_what_was_added_meanwhile_is_not_removed_unseen(browser_of, developer):
    project = a_project(developer=developer)
    rows = a_matrix(project)
    page = browser_of(developer).open(at(project)).press("Remove 1.1")
    operations.add_result(project, actor=developer, level=Level.ACTIVITY, under=rows[2].id)
    db.session.commit()
    page = page.press("Remove for good").check()
    assert page.status == 409
    assert "look again" in page.errors[0]
    assert "Activity 1.1.2" in page.text
    assert page.press("Remove for good").messages[0] == "Removed: output 1.1."


# -- two people -------------------------------------------------------------------------------------------------------


def test_two_people_in_different_rows_both_succeed(browser_of, developer):
    project = a_project(developer=developer)
    a_matrix(project, outputs=2)
    first, second = browser_of(developer).open(at(project)), browser_of(developer).open(at(project))
    assert first.fill("Text of output 1.1", "Mine.").press("Down 1.1").status == 200
    assert second.fill("Text of output 1.2", "Yours.").press("Add an outcome").status == 200
    assert [text for level, _number, text in rows_of(project) if level == "output"] == ["Yours.", "Mine."]


def test_two_people_in_one_row_get_both_texts(browser_of, developer):
    project = a_project(developer=developer)
    a_matrix(project)
    first, second = browser_of(developer).open(at(project)), browser_of(developer).open(at(project))
    assert first.fill("Text of output 1.1", "Theirs.").press("Save").status == 200
    page = second.fill("Text of output 1.1", "Mine.").fill("Text of outcome 1", "Also mine.").press("Add an outcome")
    assert page.status == 409
    assert page.check().rows("What you typed, and what stands there now") == [
        ["Text of output 1.1", "Mine.", "Theirs."]
    ]
    assert "Theirs." in str(rows_of(project))
    page = page.press("Save what I typed").check()
    assert [text for _level, _number, text in rows_of(project)][1:3] == ["Also mine.", "Mine."]
    assert rows_of(project)[-1] == ("outcome", "2", "")


def test_a_row_removed_while_somebody_writes_in_it_is_put_back_when_they_save_again(browser_of, developer):
    project = a_project(developer=developer)
    rows = a_matrix(project)
    page = browser_of(developer).open(at(project)).fill("Text of activity 1.1.1", "Not lost.")
    outcome = rows[1].id
    seen = going(queries.proposal(project.reference), outcome).seen
    operations.remove_result(project, actor=developer, result_id=outcome, seen=seen)
    db.session.commit()
    page = page.press("Save").check()
    assert page.status == 409
    assert ["Text of activity that was removed", "Not lost.", "removed"] in page.rows(
        "What you typed, and what stands there now"
    )
    assert page.press("Save what I typed").check().status == 200
    assert rows_of(project)[1:] == [("outcome", "1", ""), ("output", "1.1", ""), ("activity", "1.1.1", "Not lost.")]


def test_a_button_for_a_row_that_is_gone_still_saves_the_texts(browser_of, developer):
    project = a_project(developer=developer)
    rows = a_matrix(project, outputs=2)
    page = browser_of(developer).open(at(project)).fill("Text of outcome 1", "Typed.")
    seen = going(queries.proposal(project.reference), rows[2].id).seen
    operations.remove_result(project, actor=developer, result_id=rows[2].id, seen=seen)
    db.session.commit()
    page = page.press("Add an activity under 1.1").check()
    assert "What you typed is saved." in page.messages[0]
    assert rows_of(project)[1] == ("outcome", "1", "Typed.")


def test_two_people_writing_the_objective_first_get_both_texts(browser_of, developer):
    project = a_project(developer=developer)
    first, second = browser_of(developer).open(at(project)), browser_of(developer).open(at(project))
    first.fill("Text of objective", "Theirs.").press("Save")
    page = second.fill("Text of objective", "Mine.").press("Save").check()
    assert page.status == 409
    assert page.rows("What you typed, and what stands there now") == [["Text of objective", "Mine.", "Theirs."]]
    page.press("Save what I typed").check()
    assert rows_of(project) == [("objective", "", "Mine.")]


# -- what nobody should type ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x" * 2001, "x" * 1_000_000, "nul\x00", "bell\x07"])
def test_text_that_cannot_be_kept_is_told_at_its_field_and_nothing_is_lost(browser_of, developer, text):
    project = a_project(developer=developer)
    a_matrix(project)
    before = rows_of(project)
    page = browser_of(developer).open(at(project)).fill("Text of outcome 1", "Kept.")
    page = page.fill("Assumption of output 1.1", text).press("Add an outcome")
    assert page.status == 422
    assert len(page.errors) == 1
    assert page.errors[0].startswith("Assumption of output 1.1: ")
    assert page.soup.select_one(page.soup.select_one(".error-summary a")["href"]).name == "textarea"
    assert page.value("Text of outcome 1") == "Kept."
    assert rows_of(project) == before


@pytest.mark.parametrize("text", ["حوكمة الهجرة", "Ещё один 🌍 👩🏽‍🚀", "<script>alert(1)</script>", "{{ 7 * 7 }}"])
def test_any_script_and_sign_is_kept(browser_of, developer, text):
    project = a_project(developer=developer)
    a_matrix(project)
    page = browser_of(developer).open(at(project)).fill("Text of outcome 1", text).press("Save").check()
    assert page.value("Text of outcome 1") == text
    assert rows_of(project)[1][2] == text


@pytest.mark.parametrize(
    "then",
    ["up-0", "output-999999999999999999", "activity", "down-x", "remove-1", "indicator-1", "library-1", "open-1", "🙂",
     "output-objective", "move-objective", "outcome-1"],
)  # fmt: skip
def test_a_step_nobody_offered_does_no_harm(browser_of, developer, then):
    project = a_project(developer=developer)
    a_matrix(project)
    browser = browser_of(developer)
    page = browser.open(at(project))
    token = page.soup.select_one("[name=csrf_token]")["value"]
    answer = browser.request("POST", at(project), data={"csrf_token": token, "then": then})
    assert answer.status in (200, 404)
    assert [level for level, _number, _text in rows_of(project)].count("objective") == 1
    assert is_a_tree(project)


def test_rows_of_another_project_are_not_touched(browser_of, developer):
    project, other = a_project(developer=developer), a_project(developer=developer)
    a_matrix(project)
    rows = a_matrix(other)
    number, before = rows[1].id, rows_of(other)
    browser = browser_of(developer)
    token = browser.open(at(project)).soup.select_one("[name=csrf_token]")["value"]
    sent = {"csrf_token": token, "rows-0-row": number, "rows-0-version": 1, "rows-0-text": "Stolen.", "then": "up-1"}
    assert browser.request("POST", at(project), data=sent).status == 409
    for page in ("move", "remove"):
        assert browser.open(f"{at(project)}/{number}/{page}").status == 404
    assert rows_of(other) == before


def test_a_matrix_has_its_limits(browser_of, developer):
    project = a_project(developer=developer)
    browser = browser_of(developer)
    for _number in range(MOST_OUTCOMES):
        operations.add_result(project, actor=developer, level=Level.OUTCOME)
    db.session.commit()
    page = browser.open(at(project)).fill("Text of outcome 20", "Kept.").press("Add an outcome").check()
    assert page.status == 409
    assert page.errors == [f"A results matrix has at most {MOST_OUTCOMES} outcomes."]
    assert page.value("Text of outcome 20") == "Kept."
    outcomes = select(Result.id).where(Result.project_id == project.id, Result.level == Level.OUTCOME)
    first = db.session.scalars(outcomes.order_by(Result.position, Result.id)).first()
    db.session.add_all(
        Result(project_id=project.id, parent_id=first, level=Level.OUTPUT, position=place, text="")
        for place in range(MOST_ROWS - MOST_OUTCOMES)
    )
    db.session.flush()
    with pytest.raises(Refused, match="at most 300 rows"):
        operations.add_result(project, actor=developer, level=Level.OUTPUT, under=first)
    db.session.commit()
    page = browser.open(at(project))
    areas = page.soup.select("form.matrix textarea")
    assert len(areas) == 2 * MOST_ROWS + 1
    assert page.fill("Text of output 1.280", "The last one.").press("Save").status == 200
    assert ("output", "1.280", "The last one.") in rows_of(project)


# -- who may ----------------------------------------------------------------------------------------------------------


def test_under_review_the_matrix_is_a_table_to_read(browser_of, developer):
    project = a_project(developer=developer, complete=True)
    page = browser_of(developer).open(at(project))
    project.status = Status.REVIEW
    db.session.commit()
    answer = page.fill("Text of outcome 1", "Too late.").press("Save")
    assert answer.status == 409
    assert "Too late." in answer.value("What you typed")
    page = browser_of(developer).open(at(project)).check()
    assert page.buttons == ["Send the comment"]
    assert "This cannot be changed now." in page.text
    assert page.rows("Results matrix")[1] == [
        "Outcome 1 Institutions apply the new procedures.",
        "Number of officials who apply the procedures (officials)",
        "Attendance records", "0", "40", "The law is passed.",
    ]  # fmt: skip
    assert page.rows("Results matrix")[3] == ["Activity 1.1.1 Hold course 1 of part 1.", "", "Counterparts take part."]
    number = rows_of(project) and db.session.scalars(select(Result.id).where(Result.level == Level.OUTPUT)).first()
    assert browser_of(developer).open(f"{at(project)}/{number}/remove").status == 403


def test_strangers_find_nothing_and_colleagues_read(browser_of, developer):
    project = a_project(developer=developer)
    rows = a_matrix(project)
    pages = ("", f"/{rows[2].id}/move", f"/{rows[2].id}/remove", f"/{rows[2].id}/indicators/new")
    stranger, colleague = browser_of(a_user("PDEV", "COL")), browser_of(a_user("COM", "KEN"))
    for page in pages:
        assert stranger.open(at(project) + page).status == 404
        assert colleague.open(at(project) + page).status == (403 if page else 200)
    page = colleague.open(at(project)).check()
    assert page.buttons == ["Send the comment"]
    assert len(page.rows("Results matrix")) == 4


# -- rules ------------------------------------------------------------------------------------------------------------


def test_an_empty_matrix_needs_an_objective_and_an_outcome(browser_of, developer):
    project = a_project(developer=developer)
    assert set(needs(project)) == {"MATRIX_OBJECTIVE"}
    assert needs(project)["MATRIX_OBJECTIVE"].text == (
        "The results matrix states its objective and at least 1 outcome. Missing: objective, outcome."
    )
    page = browser_of(developer).open(at(project)).check()
    for need in needs(project).values():
        assert page.soup.find(id=need.field)


def test_each_rule_names_the_rows_that_fail_and_leads_to_the_first(browser_of, developer):
    project = a_project(developer=developer)
    rows = a_matrix(project, outputs=2)
    assert needs(project) == {}
    outcome, _first, activity, second = rows[1], rows[2], rows[3], rows[4]
    other = operations.add_result(project, actor=developer, level=Level.OUTCOME)
    other.text, outcome.assumption = "Another.", ""
    db.session.flush()
    seen = going(queries.proposal(project.reference), activity.id).seen
    operations.remove_result(project, actor=developer, result_id=activity.id, seen=seen)
    measured = {one.result_id: one for one in queries.proposal(project.reference).indicators}
    measured[second.id].source = measured[second.id].baseline = ""
    measured[outcome.id].target = measured[outcome.id].baseline = "40"
    measured[outcome.id].target_value = measured[outcome.id].baseline_value
    db.session.delete(measured[rows[2].id])
    db.session.commit()
    found = needs(project)
    missing = {code: need.text.partition("Missing: ")[2] for code, need in found.items()}
    assert missing == {
        "OUTCOME_OUTPUT": "2.",
        "OUTPUT_ACTIVITY": "1.1.",
        "OUTCOME_INDICATOR": "2.",
        "OUTPUT_INDICATOR": "1.1.",
        "INDICATOR_SOURCE": "1.2, indicator 1.",
        "INDICATOR_BASELINE": "1.2, indicator 1.",
        "INDICATOR_TARGET": "1, indicator 1.",
        "ASSUMPTIONS": "1, 2.",
    }
    assert {code for code, need in found.items() if need.severity == "warn"} == {"OUTCOME_INDICATOR", "ASSUMPTIONS"}
    page = browser_of(developer).open(at(project)).check()
    for need in found.values():
        assert page.soup.find(id=need.field), need
    beside = page.soup.select_one("ul.asked")
    shown = [item for item in beside.find_all("li") if not item.has_attr("hidden")]
    assert len(shown) == len(found)
    for link in beside.find_all("a"):
        assert page.soup.find(id=link["href"][1:]), link


def test_a_row_that_was_added_and_not_written_is_still_needed(browser_of, developer):
    project = a_project(developer=developer)
    a_matrix(project)
    page = browser_of(developer).open(at(project)).press("Add an activity under 1.1")
    texts = [need.text for need in rules.to_submit(queries.proposal(project.reference)) if need.at == "matrix.edit"]
    assert "the text of these rows of the results matrix: 1.1.2" in texts
    page.fill("Text of activity 1.1.2", "Written.").fill("Assumption of activity 1.1.2", "As well.").press("Save")
    assert needs(project) == {}


def test_many_failing_rows_are_counted(developer):
    project = a_project(developer=developer)
    a_matrix(project, outputs=12)
    for one in db.session.scalars(select(Result).where(Result.level == Level.ACTIVITY)):
        one.assumption = " "
    db.session.flush()
    assert needs(project)["ASSUMPTIONS"].text.endswith("1.8.1 and 4 more.")


def test_the_matrix_is_a_part_of_the_proposal(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/proposal").check()
    assert page.follow("Results matrix").heading == "Results matrix"
    [task] = [one for one in tasks(queries.proposal(project.reference)) if one.at == "matrix.edit"]
    assert (task.title, task.state) == ("Results matrix", "not_started")
    a_matrix(project)
    db.session.commit()
    [task] = [one for one in tasks(queries.proposal(project.reference)) if one.at == "matrix.edit"]
    assert task.state == "complete"


def test_an_older_version_and_the_page_show_the_same_table(app, developer):
    project = a_project(developer=developer, complete=True)
    frozen = snapshot(queries.proposal(project.reference))["results"]
    with app.test_request_context():
        macro = app.jinja_env.get_template("macros/matrix.html").module.matrix_table
        table = str(macro(frozen, {}, "Results matrix"))
    assert re.findall('<th scope="rowgroup"', table) == ['<th scope="rowgroup"'] * 4


def test_a_page_of_30_rows_asks_no_more_than_one_of_3(browser_of, developer, questions):
    small, large = a_project(developer=developer), a_project(developer=developer)
    a_matrix(small)
    a_matrix(large, outputs=5, activities=5)
    browser = browser_of(developer)
    browser.open(at(small))
    asked = []
    for project in (small, large):
        db.session.expire_all()
        questions.clear()
        assert browser.open(at(project)).status == 200
        asked.append(len(questions))
    assert asked[0] == asked[1]


# -- numbering --------------------------------------------------------------------------------------------------------


def is_a_tree(project):
    """Every row is reached from the top, under one of the level above; numbers have no gaps."""
    db.session.expire_all()
    stored = db.session.scalars(select(Result).where(Result.project_id == project.id)).all()
    rows = numbered(stored)
    levels = {one.id: one.level for one in stored}
    assert sorted(one.id for one in rows) == sorted(levels)
    for one in stored:
        assert levels.get(one.parent_id) == ABOVE.get(one.level)
    seen = {}
    for number in [one.number for one in rows if one.number]:
        above, _dot, last = number.rpartition(".")
        assert not above or above in seen
        assert int(last) == seen.get(f"below {above}", 0) + 1
        seen[f"below {above}"], seen[number] = int(last), 0
    return True


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["outcome", "output", "activity", "up", "down", "move", "remove"]),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    max_size=25,
)


@tried
@given(steps=STEPS)
def test_no_sequence_of_steps_leaves_a_gap_or_breaks_the_tree(app, developer, steps):
    project = a_project(developer=developer)
    a_matrix(project)
    developer_id = developer.id
    for verb, which, other in steps:
        actor = db.session.get(type(developer), developer_id)
        rows = db.session.scalars(select(Result).where(Result.project_id == project.id).order_by(Result.id)).all()
        one, another = rows[which % len(rows)], rows[other % len(rows)]
        if verb in set(Level):
            level = Level(verb)
            operations.add_result(project, actor=actor, level=level, under=one.id if level in ABOVE else None)
        elif verb in ("up", "down"):
            operations.shift_result(project, actor=actor, result_id=one.id, by=1 if verb == "down" else -1)
        elif verb == "move":
            operations.move_result(project, actor=actor, result_id=one.id, under=another.id)
        else:
            seen = going(queries.proposal(project.reference), one.id).seen
            operations.remove_result(project, actor=actor, result_id=one.id, seen=seen)
        assert is_a_tree(project)


@given(
    positions=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=30),
)
def test_numbers_have_no_gaps_whatever_the_positions(positions):
    rows = []
    for id, (position, parent) in enumerate(positions, 1):
        above = [one for one in rows if one.level == "outcome"]
        under = above[parent % len(above)].id if above and parent else None
        level = "output" if under else "outcome"
        rows.append(
            SimpleNamespace(
                id=id, position=position, level=level, parent_id=under, text="", assumption="", retired_on=None
            )
        )
    numbers = [one.number for one in numbered(rows)]
    outcomes = [number for number in numbers if "." not in number]
    assert outcomes == [str(place) for place in range(1, len(outcomes) + 1)]
    for number in outcomes:
        below = [one for one in numbers if one.startswith(f"{number}.")]
        assert below == [f"{number}.{place}" for place in range(1, len(below) + 1)]
    assert len(numbers) == len(rows)
