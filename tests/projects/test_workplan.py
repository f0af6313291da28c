"""The workplan: months as people type them, a row an activity, and how it is drawn and held to the rules."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from prima import gantt, months
from prima.db import db
from prima.journal import entries
from prima.projects import queries, rules
from prima.projects.models import ActivityPlan, Level, Milestone, Part, Party, Result
from prima.projects.snapshot import snapshot
from prima.projects.stages import Status
from prima.projects.workplan import Line, drawing, frozen, live
from tests.factories import a_matrix, a_project, a_user

MONTHS = st.sets(st.integers(1, months.MOST_MONTHS))


# -- months -----------------------------------------------------------------------------------------------------------


@given(MONTHS)
def test_months_are_read_as_they_are_said(chosen):
    assert months.read(months.say(chosen)) == sorted(chosen)


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(0, 119)), max_size=8))
def test_stretches_may_overlap_and_come_in_any_order(pairs):
    typed = "; ".join(f" {first} – {min(first + more, 120)}" for first, more in pairs)
    wanted = {month for first, more in pairs for month in range(first, min(first + more, 120) + 1)}
    assert months.read(typed) == sorted(wanted)


@given(MONTHS)
def test_stretches_have_gaps_between_them(chosen):
    found = list(months.stretches(chosen))
    assert all(first <= last for first, last in found)
    assert all(before[1] + 1 < after[0] for before, after in pairwise(found))


@given(st.text(max_size=60))
def test_whatever_is_typed_is_months_or_refused(text):
    try:
        found = months.read(text)
    except months.NotMonths:
        return
    assert all(1 <= month <= months.MOST_MONTHS for month in found)


@pytest.mark.parametrize(
    ("typed", "part", "why"),
    [
        ("0", "0", months.NOT_BEFORE_1),
        ("1, 0-3", "0-3", months.NOT_BEFORE_1),
        ("5-3", "5-3", months.REVERSED),
        ("121", "121", months.TOO_LATE),
        ("1-999999999", "1-999999999", months.TOO_LATE),
        ("-1", "-1", months.NO_MONTH),
        ("1.5", "1.5", months.NO_MONTH),
        ("March", "March", months.NO_MONTH),
        ("1 2", "1 2", months.NO_MONTH),
        ("1-2-3", "1-2-3", months.NO_MONTH),
        ("٣", "٣", months.NO_MONTH),
        ("NaN", "NaN", months.NO_MONTH),
        ("9" * 400, "9" * 400, months.NO_MONTH),
    ],
)
def test_what_is_no_month_is_named(typed, part, why):
    with pytest.raises(months.NotMonths) as refused:
        months.read(typed)
    assert (refused.value.part, refused.value.why) == (part, why)


# -- the page ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def developer(app):
    return a_user("PDEV", "KEN", name="Developer, Kenya")


@pytest.fixture
def planned(developer):
    """A project of 18 months with two outputs of two activities each, none of them planned."""
    project = a_project(developer=developer, duration_months=18)
    a_matrix(project, outputs=2, activities=2)
    for plan in plans_of(project):
        db.session.delete(plan)
    db.session.flush()
    db.session.expire_all()
    return project


def plans_of(project):
    db.session.expire_all()
    query = select(ActivityPlan).where(ActivityPlan.project_id == project.id).order_by(ActivityPlan.result_id)
    return db.session.scalars(query).all()


def said(project):
    return [(plan.responsible, plan.months) for plan in plans_of(project)]


def url(project):
    return f"/projects/{project.reference}/workplan"


def text_of(need):
    return str(need.text)


def needs(project, code):
    db.session.expire_all()
    found = [need for need in rules.to_submit(queries.proposal(project.reference)) if need.code == code]
    return found[0] if found else None


def test_activities_stand_under_their_outcome_and_output_and_are_planned(browser_of, developer, planned):
    browser = browser_of(developer)
    page = browser.open(url(planned)).check()
    assert page.heading == "Workplan"
    assert [row[0] for row in page.rows("Activities")] == ["1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1", "1.2.2"]
    page.fill("Months, activity 1.1.1", "7, 1-3 ,2").fill("Responsible party, activity 1.1.1", "IOM Kenya")
    page = page.fill("Months, activity 1.2.2", "20").press("Save").check()
    assert page.status == 200
    assert said(planned) == [("IOM Kenya", [1, 2, 3, 7]), ("", [20])]
    assert page.value("Months, activity 1.1.1") == "1-3, 7"
    assert "after month 18" in page.text
    assert [entry.event for entry in entries(db.session, "project", planned.id)] == ["workplan"]
    parts = set(db.session.scalars(select(Party.part).where(Party.project_id == planned.id)))
    assert parts == {Part.DEVELOPER, Part.AUTHOR}
    page = page.fill("Months, activity 1.2.2", "").press("Save").check()
    assert said(planned) == [("IOM Kenya", [1, 2, 3, 7]), ("", [])]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("0", "Months begin with 1, the first of the project: please mend “0”."),
        ("5-3", "“5-3” ends before it begins. Please type the first month first."),
        ("1, x", "“x” is no month. Please type months such as 1-3, 7."),
        ("121", "A project has at most 120 months: please mend “121”."),
        ("100%(s", "“100%(s” is no month. Please type months such as 1-3, 7."),
        ("1\x00", "“1?” is no month. Please type months such as 1-3, 7."),
        ("9" * 300, "“99999999999999999999…” is no month. Please type months such as 1-3, 7."),
        ("1" * 1_000_000, "At most 300 characters fit here. Please shorten it."),
    ],
)
def test_wrong_months_are_told_at_their_field_and_everything_is_kept(browser_of, developer, planned, typed, says):
    page = browser_of(developer).open(url(planned)).fill("Responsible party, activity 1.1.1", "Kept")
    page = page.fill("Months, activity 1.1.2", typed).press("Save")
    assert page.status == 422
    assert page.errors == [f"Months, activity 1.1.2: {says}"]
    assert page.soup.select_one(".error-summary a")["href"] == "#rows-1-months"
    assert page.value("Responsible party, activity 1.1.1") == "Kept"
    assert page.value("Months, activity 1.1.2") == typed or "\x00" in typed
    assert plans_of(planned) == []


def test_a_responsible_party_is_text_and_no_more(browser_of, developer, planned):
    page = browser_of(developer).open(url(planned)).fill("Responsible party, activity 1.1.1", "x" * 301)
    assert page.press("Save").errors == [
        "Responsible party, activity 1.1.1: At most 300 characters fit here. Please shorten it."
    ]


def test_two_people_in_one_activity_get_both_values(browser_of, developer, planned):
    second = a_user("PDEV", "KEN", name="Second developer")
    db.session.add(Party(project_id=planned.id, user_id=second.id, part=Part.DEVELOPER))
    mine, theirs = browser_of(developer).open(url(planned)), browser_of(second).open(url(planned))
    theirs.fill("Months, activity 1.1.1", "4-6").fill("Responsible party, activity 1.1.2", "Ministry").press("Save")
    page = mine.fill("Months, activity 1.1.1", "1").press("Save").check()
    assert page.status == 409
    assert "Second developer" in page.text
    assert page.rows("What you typed, and what stands there now") == [["Months, activity 1.1.1", "1", "4-6"]]
    assert page.press("Save what I typed").status == 200
    assert said(planned) == [("", [1]), ("Ministry", [])]


def test_an_activity_that_left_the_matrix_keeps_what_was_typed(browser_of, developer, planned):
    page = browser_of(developer).open(url(planned))
    activities = select(Result).where(Result.project_id == planned.id, Result.level == Level.ACTIVITY)
    first, *_others = db.session.scalars(activities.order_by(Result.id)).all()
    db.session.delete(first)
    db.session.commit()
    page.fill("Months, activity 1.1.2", "2")
    page = page.fill("Months, activity 1.1.1", "5").press("Save").check()
    assert page.status == 422
    assert len(page.errors) == 1
    assert "This activity has left the results matrix meanwhile." in page.errors[0]
    assert page.rows("Activities")[-1][1] == "No longer in the results matrix"
    gone = next(label for label in page.labels if label.startswith("Months, activity in line"))
    assert page.value(gone) == "5"
    page = page.fill(gone, "").press("Save").check()
    assert page.status == 200
    assert said(planned) == [("", [2])]


def test_an_activity_that_came_meanwhile_is_offered_with_the_rest(browser_of, developer, planned):
    page = browser_of(developer).open(url(planned))
    output = db.session.scalars(
        select(Result).where(Result.project_id == planned.id, Result.level == Level.OUTPUT).order_by(Result.id)
    ).first()
    new = Result(project_id=planned.id, parent_id=output.id, level=Level.ACTIVITY, position=9, text="A late idea")
    db.session.add(new)
    db.session.commit()
    page = page.fill("Months, activity 1.1.1", "0").press("Save").check()
    assert page.status == 422
    assert [row[0] for row in page.rows("Activities")][4] == "1.1.3"
    page = page.fill("Months, activity 1.1.3", "3").fill("Months, activity 1.1.1", "1").press("Save").check()
    assert sorted(plan.months for plan in plans_of(planned)) == [[1], [3]]


def test_without_activities_the_way_leads_to_the_matrix(browser_of, developer):
    project = a_project(developer=developer)
    page = browser_of(developer).open(url(project)).check()
    assert "No activities yet" in page.text
    assert page.links.count("Write the results matrix") == 1
    assert page.buttons == ["Send the comment"]


def test_readers_see_the_same_in_a_table_and_a_drawing(browser_of, developer):
    project = a_project(developer=developer, complete=True, status=Status.REVIEW)
    db.session.add(Milestone(project_id=project.id, name="Study done", planned_on=date(2017, 1, 31)))
    db.session.flush()
    page = browser_of(developer).open(url(project)).check()
    assert page.buttons == ["Send the comment"]
    assert "This cannot be changed now." in page.text
    assert page.rows("Activities with their months")[-1] == ["1.1.1", "Hold course 1 of part 1.", "IOM", "1-3"]
    assert page.rows("Milestones") == [["Study done", "31 Jan 2017"]]
    assert len(page.soup.select("svg .bar")) == 1


def test_a_stranger_sees_no_workplan_of_a_draft(browser_of, developer, planned):
    assert browser_of(a_user("PDEV", "UGA")).open(url(planned)).status == 404


def test_the_page_asks_the_same_for_two_activities_and_for_twelve(browser_of, developer, questions):
    asked = []
    for number in (2, 12):
        project = a_project(developer=developer)
        a_matrix(project, outputs=2, activities=number // 2)
        browser = browser_of(developer)
        browser.open(url(project))
        questions.clear()
        browser.open(url(project))
        asked.append(len(questions))
    assert asked[0] == asked[1]


# -- rules ------------------------------------------------------------------------------------------------------------


def test_the_rules_name_the_activities_that_fail_and_lead_to_the_first(app, planned):
    late, party = needs(planned, "WORKPLAN_MONTHS"), needs(planned, "WORKPLAN_PARTY")
    assert text_of(late).endswith("Without months: 1.1.1, 1.1.2, 1.2.1, 1.2.2.")
    assert (late.at, late.field, late.severity) == ("workplan.edit", "rows-0-months", "block")
    assert text_of(party).endswith("Not yet: 1.1.1, 1.1.2, 1.2.1, 1.2.2.")
    assert party.field == "rows-0-responsible"


def test_months_after_the_planned_end_block_submit(browser_of, developer, planned):
    page = browser_of(developer).open(url(planned))
    for number, typed in (("1.1.1", "1-18"), ("1.1.2", "17-19"), ("1.2.1", "1"), ("1.2.2", "60")):
        page.fill(f"Months, activity {number}", typed).fill(f"Responsible party, activity {number}", "IOM")
    assert page.press("Save").status == 200
    need = needs(planned, "WORKPLAN_MONTHS")
    assert text_of(need).endswith("After month 18: 1.1.2, 1.2.2.")
    assert need.field == "rows-1-months"
    assert needs(planned, "WORKPLAN_PARTY") is None
    readiness = browser_of(developer).open(f"/projects/{planned.reference}/readiness")
    assert readiness.follow(next(link for link in readiness.links if "After month 18" in link)).check().status == 200


def test_a_complete_workplan_meets_the_rules(app):
    project = a_project(complete=True)
    assert needs(project, "WORKPLAN_MONTHS") is None
    assert needs(project, "WORKPLAN_PARTY") is None


# -- as plain data, and drawn -----------------------------------------------------------------------------------------


def test_a_frozen_workplan_reads_as_the_live_one(app):
    project = a_project()
    a_matrix(project, outputs=2, activities=2)
    loaded = queries.proposal(project.reference)
    content = snapshot(loaded)
    now = [(line.number, line.activity, line.depth, line.responsible, line.months) for line in live(loaded)]
    then = [
        (line.number, line.activity, line.depth, line.responsible, line.months)
        for line in frozen(content["results"], content["workplan"])
    ]
    assert now == then
    assert [line[0] for line in now] == ["1", "1.1", "1.1.1", "1.1.2", "1.2", "1.2.1", "1.2.2"]


def task(chosen=(), number="1.1.1"):
    return gantt.Task(number, "Text", 2, tuple(sorted(chosen)), True)


@given(st.lists(MONTHS, min_size=1, max_size=6), st.none() | st.integers(1, 120), st.dates(date(1990, 1, 1)))
def test_every_bar_stands_inside_and_covers_its_months(chosen, planned, day):
    day = min(day, date(2100, 12, 31))
    for start in (None, day):
        drawing = gantt.draw([task(one) for one in chosen], planned, starts_on=start)
        column = (drawing.right - drawing.left) / drawing.months
        for row, one in zip(drawing.rows, chosen, strict=True):
            covered = {month for bar in row.bars for month in range(bar.first, bar.last + 1)}
            assert covered == one
            for bar in row.bars:
                assert drawing.left - 0.1 <= bar.x and bar.x + bar.width <= drawing.right + 0.2
                assert abs(bar.width - (bar.last - bar.first + 1) * column) < 0.2
                assert bar.is_beyond == bool(planned and bar.first > planned)


def test_what_goes_beyond_the_planned_end_is_a_bar_of_its_own():
    drawing = gantt.draw([task({16, 17, 18, 19, 20})], 18)
    assert [(bar.first, bar.last, bar.is_beyond) for bar in drawing.rows[0].bars] == [(16, 18, False), (19, 20, True)]
    assert drawing.planned_x is not None
    assert gantt.draw([task({18})], 18).planned_x is None


def test_milestones_stand_at_their_day_once_the_start_is_known():
    marks = [
        gantt.Mark("Before", date(2015, 1, 30), False),
        gantt.Mark("First day", date(2015, 1, 31), True),
        gantt.Mark("Third month", date(2015, 3, 31), False),
        gantt.Mark("Another age", date(2090, 1, 1), False),
    ]
    assert gantt.draw([task({1})], 12, marks=marks).flags == ()
    drawing = gantt.draw([task({1})], 12, starts_on=date(2015, 1, 31), marks=marks)
    assert [flag.mark.name for flag in drawing.flags] == ["First day", "Third month"]
    column = (drawing.right - drawing.left) / 12
    assert [round((flag.x - drawing.left) / column, 2) for flag in drawing.flags] == [0, 2]
    assert all(flag.y < drawing.height for flag in drawing.flags)


def test_the_calendar_is_named_where_the_start_is_known():
    drawing = gantt.draw([task({1})], 6, starts_on=date(2015, 11, 1))
    assert [tick.on for tick in drawing.ticks][:3] == [date(2015, 11, 1), date(2015, 12, 1), date(2016, 1, 1)]
    assert [tick.on.year for tick in drawing.ticks if tick.names_year] == [2015, 2016]
    crowded = gantt.draw([task({1})], 120, starts_on=date(2015, 11, 1))
    assert [tick.on.year for tick in crowded.ticks if tick.names_year][:2] == [2016, 2017]
    assert all(tick.on is None for tick in gantt.draw([task({1})], 6).ticks)


def test_a_matrix_without_activities_is_no_drawing():
    assert drawing([Line("1", "outcome", 0, "Institutions apply the law.")], 12) is None
