"""The timeline of many projects: what runs within the years, in which group, and what is drawn of it."""

from __future__ import annotations

from datetime import date
from random import Random
from urllib.parse import urlsplit

import pytest

from prima.db import db
from prima.permissions import Action, can
from prima.projects import queries
from prima.projects.models import Extension, Milestone, Project
from prima.projects.stages import Funding, Status
from prima.reporting.portfolio import Filters, running
from prima.yearline import Line, Sign, Span, draw, shortened
from tests.factories import a_deadline, a_project, a_user

LIST = "Projects of the timeline"


def a_dated(starts_on=date(2016, 1, 1), ends_on=date(2016, 12, 31), **more) -> Project:
    return a_project(status=more.pop("status", "ACTIVE"), starts_on=starts_on, ends_on=ends_on, **more)


def test_those_that_run_in_the_years_stand_by_their_regional_office(app, browser_of):
    a_dated(title="Kenya", office_code="KEN")
    a_dated(title="Colombia", office_code="COL")
    a_dated(date(2010, 1, 1), date(2011, 12, 31), title="Long ago")
    a_project(title="No dates", status="APPROVED")
    page = browser_of(a_user("VIEW")).open("/timeline").check()
    assert {row[1] for row in page.rows(LIST)} == {"Kenya", "Colombia"}
    assert len({row[2] for row in page.rows(LIST)}) == 2
    assert "2 projects run in these years" in page.text
    assert "1 in other years" in page.text
    assert "1 without dates yet" in page.text
    assert page.heading == "Timeline of projects, 2015 to 2017"


def test_years_before_are_a_link_away_and_filters_go_along(app, browser_of):
    a_dated(date(2014, 1, 1), date(2014, 6, 30), title="Earlier", office_code="KEN")
    a_dated(date(2014, 1, 1), date(2014, 6, 30), title="Elsewhere", office_code="COL")
    page = browser_of(a_user("VIEW")).open("/timeline?office=KEN")
    assert "No project of this choice runs in these years" in page.text
    page = page.follow("A year earlier")
    assert page.heading == "Timeline of projects, 2014 to 2016"
    assert [row[1] for row in page.rows(LIST)] == ["Earlier"]


def test_a_manager_has_the_projects_together_and_those_of_nobody_come_last(app, browser_of):
    first, second = a_user("PM", "KEN", name="Manager B"), a_user("PM", "KEN", name="Manager A")
    a_dated(title="One of B", manager=first)
    a_dated(title="One of A", manager=second)
    a_dated(title="Nobody's")
    page = browser_of(a_user("VIEW")).open("/timeline?by=manager")
    assert [row[2] for row in page.rows(LIST)] == ["Manager A", "Manager B", "No manager"]


def test_milestones_extensions_and_late_reports_are_told(app, browser_of):
    project = a_dated(ends_on=date(2017, 3, 31), title="Extended")
    project.first_ends_on = date(2016, 12, 31)
    db.session.add_all(
        [
            Milestone(project_id=project.id, name="Done", planned_on=date(2016, 2, 1), done_on=date(2016, 2, 3)),
            Milestone(project_id=project.id, name="Missed", planned_on=date(2016, 9, 1)),
            Milestone(project_id=project.id, name="To come", planned_on=date(2017, 1, 1)),
            Extension(
                project_id=project.id, old_end=date(2016, 12, 31), new_end=date(2017, 3, 31), reason="Late",
                decided_on=date(2016, 8, 1),
            ),
        ]
    )  # fmt: skip
    a_deadline(project, "INT_N", date(2016, 8, 12))
    page = browser_of(a_user("VIEW")).open("/timeline").check()
    [row] = page.rows(LIST)
    assert row[3:] == ["1 Jan 2016", "31 Dec 2016", "31 Mar 2017", "1 of 3", "1"]
    drawn = [title.get_text() for title in page.main.select("svg title")]
    assert f"{project.name}: extension, 1 Jan 2017 – 31 Mar 2017" in drawn
    assert "Missed, 1 Sep 2016: overdue" in drawn
    assert "Done, 3 Feb 2016: done" in drawn
    assert "To come, 1 Jan 2017: not yet due" in drawn
    assert "Report overdue, 12 Aug 2016: overdue" in drawn


@pytest.mark.parametrize("by", [running.REGION, running.MANAGER])
def test_the_pages_hold_everybody_once_whichever_way_they_are_turned(app, monkeypatch, by):
    monkeypatch.setattr(running, "SIZE", 4)
    dice = Random(7)
    people = [a_user("PM", "KEN", name=f"Manager {dice.randint(0, 3)}") for _ in range(3)]
    for _ in range(15):
        begins = date(2015, dice.randint(1, 12), 1)
        more = {"manager": dice.choice(people)} if dice.random() < 0.7 else {}
        a_dated(begins, date(2016, 12, 31), office_code=dice.choice(["KEN", "COL", "HQ"]), **more)
    years = date(2016, 1, 1), date(2016, 12, 31)

    def pages(way="", at=0):
        return running.running(None, Filters(), by, *years, way=way, at=at)

    found, page = [], pages()
    seen = [page]
    while page.next:
        page = pages("after", page.next)
        seen.append(page)
    found = [row.id for one in seen for row in one.rows]
    assert len(found) == len(set(found)) == page.number == 15
    back = [page]
    while page.previous:
        page = pages("before", page.previous)
        back.insert(0, page)
    assert [row.id for one in back for row in one.rows] == found
    names = [name for one in seen for name, _rows in running.groups(one.rows)]
    merged = [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]
    assert len(merged) == len(set(merged))


def test_nobody_sees_more_than_the_list_shows(app, seen_by):
    """Whatever the role: exactly the dated projects that the permission allows."""
    dice = Random(3)
    for _ in range(12):
        status = dice.choice([Status.ACTIVE, Status.SUSPENDED, Status.REVIEW, Status.CANCELLED])
        a_dated(status=status, office_code=dice.choice(["KEN", "COL"]), funding=dice.choice(list(Funding)))
    everything = db.session.query(Project).all()
    for role, place in (("VIEW", None), ("COM", "KEN"), ("RPDO", "NBO"), ("FUND", None), (None, None)):
        reader = seen_by(a_user(role, place))
        found = running.running(reader, Filters(), running.REGION, date(2016, 1, 1), date(2016, 12, 31))
        ids = {row.id for row in found.rows}
        db.session.expire_all()
        from_the_list = {one.id for one in everything if allowed(reader, one.id)}
        assert ids == from_the_list, role


def allowed(reader, number: int) -> bool:
    project = queries.project(db.session.get_one(Project, number).reference)
    return project is not None and can(reader, Action.VIEW_PROJECT, project)


def test_a_page_asks_as_much_for_two_as_for_twelve(app, browser_of, questions):
    reader = browser_of(a_user("VIEW"))
    counts = []
    for more in (2, 10):
        for _ in range(more):
            project = a_dated(manager=a_user("PM", "KEN"))
            db.session.add(Milestone(project_id=project.id, name="M", planned_on=date(2016, 5, 1)))
            a_deadline(project, "INT_N", date(2016, 8, 12))
        db.session.commit()
        app.extensions.pop("prima.kept", None)
        questions.clear()
        reader.open("/timeline?by=manager")
        counts.append(len([one for one in questions if "sign_in" not in one]))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("by=colour", "The timeline is not grouped by “colour”"),
        ("years=9", "“9” is no number of years shown here"),
        ("from=99999", "“99999” is no year such as 2016"),
        ("after=0x1", "This page of the timeline does not exist"),
        ("after=999999", "This page of the timeline does not exist"),
        ("before=99999999999999999999999", "This page of the timeline does not exist"),
        ("office=NOWHERE", "“NOWHERE” is not known"),
        ("colour=red", "“colour” is no filter of this list"),
        ("from=2099&years=5", "No project of this choice runs"),
        ("from=1900&years=1", "No project of this choice runs"),
    ],
)
def test_what_cannot_be_asked_is_told(app, browser_of, asked, told):
    a_dated()
    page = browser_of(a_user("VIEW")).open(f"/timeline?{asked}")
    assert page.status == 200
    assert told in page.text


def test_an_external_evaluator_has_no_business_here(app, browser_of):
    assert browser_of(a_user(staff=False)).open("/timeline").status == 403


def test_bars_are_cut_at_the_years_and_signs_stand_at_their_day():
    line = Line(
        "LM.0001", "Title", "/x",
        [Span(date(2015, 1, 1), date(2018, 1, 1), "planned"), Span(date(2019, 1, 1), date(2019, 2, 1), "extension")],
        [Sign("M", date(2016, 1, 1), "milestone", "ahead"), Sign("N", date(2019, 1, 1), "milestone", "ahead")],
        False,
    )  # fmt: skip
    drawing = draw([("Region", [line])], 2016, 2017, date(2016, 10, 1))
    heading, row = drawing.rows
    [bar], [flag] = row.bars, row.flags
    assert (heading.line, heading.label) == (None, "Region")
    assert (bar.x, bar.width) == (0, 100)
    assert bar.from_before and bar.goes_on
    assert flag.x == 0
    assert 25 < drawing.today_x < 50
    assert draw([], 2010, 2010, date(2016, 10, 1)).today_x is None


def test_a_long_title_is_shortened_to_its_place():
    assert shortened("word " * 100, 67) == "word word…"
    assert shortened("short", 67) == "short"


def test_applying_filters_keeps_years_and_grouping(app, browser_of):
    a_dated(title="Kenya", office_code="KEN")
    a_dated(title="Colombia", office_code="COL")
    page = browser_of(a_user("VIEW")).open("/timeline?by=manager&from=2016&years=1")
    page = page.fill("Office", "KEN").press("Apply")
    assert page.heading == "Timeline of projects, 2016"
    assert [row[1:3] for row in page.rows(LIST)] == [["Kenya", "No manager"]]
    page = page.follow("Clear")
    assert page.heading == "Timeline of projects, 2016"
    assert {row[2] for row in page.rows(LIST)} == {"No manager"}
    assert len(page.rows(LIST)) == 2


def test_list_and_dashboard_lead_to_the_timeline_with_their_filters(app, browser_of):
    a_dated(title="Kenya", office_code="KEN")
    reader = browser_of(a_user("VIEW"))
    for place in ("/projects", "/dashboard", "/dashboard/delivery"):
        page = reader.open(f"{place}?office=KEN").follow("Timeline")
        assert urlsplit(page.url)[2:4] == ("/timeline", "office=KEN")
        assert page.main.select_one(".tabs [aria-current=page]").get_text() == "Timeline"
