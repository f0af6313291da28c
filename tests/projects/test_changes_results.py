"""Rows and indicators that a change of results adds and takes out, and where they are seen afterwards."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import pytest
from docx import Document
from sqlalchemy import delete, select

from prima.db import db
from prima.errors import Invalid, Refused
from prima.projects import changing, operations, queries
from prima.projects.changes import ChangeKind
from prima.projects.models import BudgetLine, Indicator, Level, Result, Version
from prima.projects.numbering import numbered
from prima.projects.operations.effects import NewIndicator, NewResult, NewText
from prima.reporting.models import IndicatorValue
from prima.sessions import with_rights
from prima.users import User
from tests.conftest import TODAY
from tests.factories import a_matrix, a_user
from tests.projects.changing import Crew, fill

RESULTS = ChangeKind.RESULTS


@pytest.fixture
def crew(app, browser_of):
    """Its matrix has two outputs of two activities each: 1.1, 1.1.1, 1.1.2, 1.2, 1.2.1, 1.2.2."""
    made = Crew(browser_of)
    db.session.execute(delete(Result).where(Result.project_id == made.project.id))
    rows = a_matrix(made.project, outputs=2, activities=2)
    for line in db.session.scalars(select(BudgetLine).filter_by(project_id=made.project.id)):
        line.result_id = rows[2].id
    db.session.commit()
    return made


def rows(crew):
    """The rows that stand, by their numbers."""
    db.session.expire_all()
    project = changing.project(crew.project.reference)
    return {one.number or "objective": one for one in numbered(project.results, project.indicators)}


def out(crew, *numbers):
    """The texts of the form, with some rows ticked to be taken out."""
    return [
        NewText(one.id, one.text, one.assumption, f"texts-{place}-out", number in numbers)
        for place, (number, one) in enumerate(rows(crew).items())
    ]


def take_out(crew, *numbers, **more):
    change = crew.ask(RESULTS, texts=out(crew, *numbers), **more)
    crew.approve(change)
    db.session.commit()
    return change


def newest(crew):
    return db.session.scalars(
        select(Version).where(Version.project_id == crew.project.id).order_by(Version.number.desc())
    ).first()


def test_a_row_is_taken_out_with_what_stands_below_it_and_numbers_close_up(crew):
    outcome, gone = rows(crew)["1"], rows(crew)["1.1"]
    value = IndicatorValue(project_id=crew.project.id, indicator_id=gone.indicators[0].id, on_day=date(2016, 9, 20),
                           value=Decimal(7), saved_by_id=crew["manager"].id)  # fmt: skip
    db.session.add(value)
    page = crew.open("manager", "/changes/new/results").check()
    page = fill(page, **{"Take Output 1.1 out, with its indicators": True})
    refused = page.press("Save and ask").check()
    assert refused.status == 422
    assert "1.1.1, 1.1.2 stand below it: take them out too, or leave this row." in refused.errors[0]
    assert refused.value("Take Output 1.1 out, with its indicators") is True
    for number in ("1.1.1", "1.1.2"):
        refused.fill(f"Take Activity {number} out, with its indicators", True)
    page = refused.press("Save and ask").check()
    assert page.rows("Before and after") == [
        ["Output 1.1", "Officials are trained in part 1.", "taken out"],
        ["Activity 1.1.1", "Hold course 1 of part 1.", "taken out"],
        ["Activity 1.1.2", "Hold course 2 of part 1.", "taken out"],
    ]
    assert list(rows(crew)) == ["objective", "1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1", "1.2.2"], "not yet"
    crew.take("RD", 1, "endorse")
    assert crew.take("FUND", 1, "approve").check().status == 200
    assert {number: one.text for number, one in rows(crew).items()} == {
        "objective": "Migration is governed well.", "1": outcome.text, "1.1": "Officials are trained in part 2.",
        "1.1.1": "Hold course 1 of part 2.", "1.1.2": "Hold course 2 of part 2.",
    }  # fmt: skip
    assert db.session.get_one(Result, gone.id).retired_on == TODAY
    assert db.session.get_one(Indicator, gone.indicators[0].id).retired_on == TODAY
    assert db.session.get(IndicatorValue, value.id) is not None


def test_what_was_taken_out_is_nowhere_in_the_plan_and_its_values_can_be_read(crew):
    gone = rows(crew)["1.1"]
    db.session.add(
        IndicatorValue(project_id=crew.project.id, indicator_id=gone.indicators[0].id, on_day=date(2016, 9, 20),
                       value=Decimal(7), saved_by_id=crew["manager"].id)
    )  # fmt: skip
    budget = [(line.code, line.amount) for line in changing.project(crew.project.reference).lines]
    take_out(crew, "1.1", "1.1.1", "1.1.2")
    gone_words = ("trained in part 1", "of part 1")
    page = crew.open("manager", "/matrix").check()
    assert not any(word in str(page.rows("Results matrix")) for word in gone_words)
    assert "Output: Officials are trained in part 1. taken out on 1 Oct 2016" in page.text
    for path in ("/workplan", "/monitoring/activities", "/changes/new/results", "/proposal/read"):
        page = crew.open("manager", path)
        if page.status != 404:
            assert not any(word in page.text for word in gone_words), path
    page = crew.open("manager", "/monitoring").check()
    assert "taken out on 1 Oct 2016" in page.text
    link = f"/monitoring/indicators/{gone.indicators[0].id}"
    assert "taken out on 1 Oct 2016" in crew.open("manager", link).check().text
    project = changing.project(crew.project.reference)
    assert [(line.code, line.amount) for line in project.lines] == budget
    assert {line.result_id for line in project.lines} == {gone.id}, "lines keep what they were for"
    assert "Officials are trained in part 1. (taken out on 1 Oct 2016)" in crew.open("manager", "/budget").text
    frozen = newest(crew).snapshot
    assert [one["number"] for one in frozen["results"]] == ["", "1", "1.1", "1.1.1", "1.1.2"]
    assert not any(word in str(frozen) for word in gone_words)
    assert [Decimal(line["amount"]) for line in frozen["lines"]] == [amount for _code, amount in budget]


def test_the_paper_of_the_proposal_leaves_it_out(crew):
    take_out(crew, "1.1", "1.1.1", "1.1.2")
    content = crew.open("manager", "/proposal.docx").content
    paper = Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    assert not any("Hold course 1 of part 1." in cell for cell in cells)
    assert any("Hold course 1 of part 2." in cell for cell in cells)
    assert any("part 1. (taken out on 1 Oct 2016)" in cell for cell in cells), "the lines that pay for it"


def test_a_copy_begins_without_it(crew):
    take_out(crew, "1.1.1")
    change = crew.open("manager", "/changes/new/results").check()
    change = fill(change, **{"Take out: Outcome 1, indicator 1": True}).press("Save and ask").check()
    assert change.rows("Before and after")[0][::2] == ["Indicator of 1", "taken out"]
    crew.take("RD", 2, "endorse")
    crew.take("FUND", 2, "approve")
    made = a_user("PDEV", "KEN")
    writer = db.session.scalars(select(User).where(User.id == made.id).options(*with_rights())).one()
    source = queries.proposal_with_story(crew.project.reference)
    count = len(source.indicators)
    copied = operations.copy(source, actor=writer, title="Another", office_id=source.office_id)
    found = queries.proposal(copied.reference)
    texts = {one.number: one.text for one in numbered(found.results)}
    assert texts["1.1.1"] == "Hold course 2 of part 1." and "1.1.2" not in texts
    assert len(found.indicators) == count - 1


def test_outputs_activities_and_their_indicators_are_added_together(crew):
    page = crew.open("manager", "/changes/new/results").check()
    page = fill(page, **{"Stands under, line 1": "New row 2", "Text, line 1": "Hold a fair."})
    page.fill("Months, line 1", "4-6, 8").fill("Responsible party, line 1", "Ministry")
    page.fill("Stands under, line 2", "1 Institutions apply the new procedures.").fill(
        "Text, line 2", "Fairs are held."
    )
    page.fill("Months, line 2", "3")
    page.fill("Result, line 1", "New row 2").fill("Indicator, line 1", "Number of fairs")
    page.fill("Data source and collection method, line 1", "Reports").fill("Baseline, line 1", "0")
    refused = page.fill("Target, line 1", "3").press("Save and ask").check()
    assert refused.status == 422 and refused.errors == ["Months, line 2: Only an activity has this. Please leave it "
                                                        "empty for an output."]  # fmt: skip
    page = refused.fill("Months, line 2", "").press("Save and ask").check()
    assert page.rows("Before and after") == [
        ["New activity under it", "none", "Hold a fair.; Ministry; months 4-6, 8"],
        ["New output under 1", "none", "Fairs are held."],
        ["New indicator of the new row 2", "none", "Number of fairs, target 3"],
    ]
    crew.take("RD", 1, "endorse")
    assert crew.take("FUND", 1, "approve").check().status == 200
    found = rows(crew)
    assert (found["1.3"].text, found["1.3.1"].text) == ("Fairs are held.", "Hold a fair.")
    assert [one.text for one in found["1.3"].indicators] == ["Number of fairs"]
    plans = {plan.result_id: plan for plan in changing.project(crew.project.reference).plans}
    assert (plans[found["1.3.1"].id].months, plans[found["1.3.1"].id].responsible) == ([4, 5, 6, 8], "Ministry")
    assert newest(crew).snapshot["workplan"][-1] == {
        "activity": "Hold a fair.", "responsible": "Ministry", "months": [4, 5, 6, 8],
    }  # fmt: skip
    assert "Hold a fair." in crew.open("manager", "/monitoring/activities").check().text


@pytest.mark.parametrize(
    ("under", "message"),
    [("", "Please choose one"), ("New row 1", "Please choose an outcome or an output that stands")],
)
def test_a_row_needs_one_that_carries_it(crew, under, message):
    page = fill(crew.open("manager", "/changes/new/results"), **{"Text, line 1": "Hold a fair."})
    if under:
        page.fill("Stands under, line 1", under)
    page = page.press("Save and ask")
    assert page.status == 422 and page.errors[0].startswith("Stands under, line 1") and message in page.errors[0]
    assert page.value("Text, line 1") == "Hold a fair."


@pytest.mark.parametrize("months", ["0", "seven", "9-3", "\x00", "1" * 400, "121"])
def test_months_that_are_none_are_told_at_their_field(crew, months):
    page = fill(crew.open("manager", "/changes/new/results"), **{"Text, line 1": "A fair.", "Months, line 1": months})
    page = page.fill("Stands under, line 1", "1.1 Officials are trained in part 1.").press("Save and ask")
    assert page.status == 422 and page.errors[0].startswith("Months, line 1")


def test_nothing_is_added_below_what_the_same_change_takes_out(crew):
    gone = rows(crew)["1.2"]
    new = NewResult("n1", str(gone.id), "A fair.", "", "", "", "new_results-0")
    with pytest.raises(Invalid, match="that stands"):
        crew.ask(RESULTS, texts=out(crew, "1.2", "1.2.1", "1.2.2"), new_results=[new])
    indicator = NewIndicator(str(gone.id), {}, "indicators-0")
    with pytest.raises(Invalid, match="an outcome or an output"):
        crew.ask(RESULTS, texts=out(crew, "1.2", "1.2.1", "1.2.2"), indicators=[indicator])


def test_the_objective_stays(crew):
    page = crew.open("manager", "/changes/new/results")
    assert "Take Objective out, with its indicators" not in page.labels
    with pytest.raises(Invalid, match="objective stays"):
        crew.ask(RESULTS, texts=out(crew, *rows(crew)))


def test_what_is_taken_out_cannot_be_changed_or_taken_out_again(crew):
    first = out(crew, "1.2.2")
    take_out(crew, "1.2.2")
    with pytest.raises(Invalid, match="not in the results matrix any more"):
        crew.ask(RESULTS, texts=first)


def test_a_row_that_was_added_below_meanwhile_is_not_taken_out_unseen(crew):
    parent = rows(crew)["1.1"]
    change = crew.ask(RESULTS, texts=out(crew, "1.1", "1.1.1", "1.1.2"))
    crew.move(change, "endorse", "RD")
    db.session.add(Result(project_id=crew.project.id, parent_id=parent.id, level=Level.ACTIVITY, position=9, text="X"))
    db.session.flush()
    with pytest.raises(Refused, match="added meanwhile"):
        crew.move(change, "approve", "FUND")


def test_a_draft_keeps_what_was_ticked_and_typed(crew):
    page = fill(crew.open("manager", "/changes/new/results"), **{"Take Activity 1.2.2 out, with its indicators": True})
    page.fill("Stands under, line 1", "1.1 Officials are trained in part 1.").fill("Text, line 1", "A fair.")
    page = page.press("Save the draft").check().follow("Change what is asked for").check()
    assert page.value("Take Activity 1.2.2 out, with its indicators") is True
    assert page.value("Text, line 1") == "A fair."
    assert crew.open("manager", "/changes").rows("Changes")[0][3] == "2 parts of the results matrix"
