"""Everything that waits by office and region, how long it takes, and what the pages of the desk ask of the database."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update

from prima import clock, kept
from prima.db import db
from prima.endorsement.models import Clearance
from prima.handbook import published
from prima.outbox import Letter
from prima.projects.models import Step
from prima.projects.stages import Funding, Status
from prima.users import Role
from tests.endorsement.cast import PLACES, Cast
from tests.factories import a_project, a_user

DESK_BOUND = 12


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


def test_what_waits_stands_with_who_has_it_and_can_be_narrowed(cast, monkeypatch):
    monkeypatch.setattr(published, "_parsed", {})  # as where nobody has read an edition yet
    old = a_project(status=Status.ENDORSE, title="Old one")
    old.status_since = clock.now() - timedelta(days=30)
    new = a_project(status=Status.OFFICE_CLEAR, title="New one", office_code="SEN")
    page = cast.open(Role.DDG, "/waiting").check()
    rows = page.rows("What waits")
    assert [row[0].split()[0] for row in rows] == [old.reference, new.reference]
    assert rows[0][3] == "RD person" and "late" in rows[0][5] and "of 5 working days" in rows[0][5]
    assert rows[1][3] == "nobody can do it"
    for query, left in (("late=yes", old), ("region=DKR", new), ("office=KEN", old), ("role=COM", new)):
        assert [row[0].split()[0] for row in cast.open(Role.DDG, f"/waiting?{query}").rows("What waits")] == [
            left.reference
        ]
    assert "New one" not in cast.open(Role.RD, "/waiting").text
    assert "There is no “NOWHERE”" in cast.open(Role.RD, "/waiting?region=NOWHERE&after=%00").text


def test_it_is_the_endorsers_move_where_no_head_of_office_may_clear(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.COM], complete=True)
    cast.submit(project, Role.COM)
    for query in ("", "?role=COM", "?late="):
        [row] = cast.open(Role.RD, f"/waiting{query}").check().rows("What waits")
        assert row[2:4] == ["Name who clears for the office", "RD person"]
    assert cast.open(Role.RD, "/desk").follow("Name who clears for the office").status == 200
    [letter] = db.session.scalars(select(Letter).where(Letter.user_id == cast[Role.RD].id))
    assert letter.subject == f"Name who clears for the office: {project.reference}"
    assert letter.path == f"/projects/{project.reference}/office-clearance"
    cast.add("second endorser", Role.RD, "NBO")
    page = cast.open(Role.RD, f"/projects/{project.reference}/office-clearance")
    page.fill("E-mail address of the colleague", cast[Role.PDEV].email).press("Name this colleague")
    [row] = cast.open(Role.RD, "/waiting").rows("What waits")
    assert row[2:4] == ["Clear for the office", "PDEV person"]


def test_the_workbook_holds_what_the_page_shows(cast):
    """As it is filtered, all pages of it, and nothing that Excel would take for a formula."""
    old = a_project(status=Status.ENDORSE, title="=2+5")
    old.status_since = clock.now() - timedelta(days=30)
    new = a_project(status=Status.OFFICE_CLEAR, title="New one", office_code="SEN")
    a_project(status=Status.DRAFT, title="Not waiting")
    assert table_of(cast.open(Role.DDG, "/waiting").follow("Excel")) == [
        [old.reference, "=2+5", "Endorse or return", "RD person", "yes"],
        [new.reference, "New one", "Clear for the office", None, "no"],
    ]
    late = table_of(cast.open(Role.DDG, "/waiting?late=yes").follow("Excel"))
    assert [row[0] for row in late] == [old.reference]
    assert table_of(cast.open(Role.RD, "/waiting/list.xlsx"))[-1][0] == old.reference
    page = cast.open(Role.DDG, "/waiting/list.xlsx?region=NOWHERE")
    assert "There is no “NOWHERE”" in page.text
    assert cast.browser_of(a_user("VIEW", staff=False)).open("/waiting/list.xlsx").status == 403


def table_of(page):
    """Reference, title, what, who, and whether it is late, of each row below the headings; no cell a formula."""
    [sheet] = load_workbook(BytesIO(page.content)).worksheets
    rows = list(sheet.iter_rows(min_row=2))
    assert all(cell.data_type != "f" for row in rows for cell in row)
    return [[row[at].value for at in (0, 2, 5, 6, 12)] for row in rows]


def test_the_menu_leads_there_for_those_who_may_see_figures(cast):
    assert "What waits" in menu(cast.open(Role.RD, "/"))
    assert "What waits" not in menu(cast.browser_of(a_user("VIEW", staff=False)).open("/"))


def menu(page):
    return [link.get_text(strip=True) for link in page.soup.select("header a")]


def test_how_long_it_took_by_region_and_role(cast):
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_endorser(project)
    cast.has_decided(Role.RD, project, "endorse")
    early = clock.now() - timedelta(days=20)
    db.session.execute(update(Step).where(Step.move == "submit").values(at=early))
    db.session.execute(update(Clearance).where(Clearance.role == Role.RTS).values(opened_at=early, due_on=early.date()))
    db.session.commit()
    page = cast.open(Role.RD, "/waiting/times").check()
    (region, everything) = page.rows("From the first submission to the endorsement, by Regional Office")
    assert region[1:] == everything[1:] == ["1", "20.0", "20.0"] and everything[0] == "All"
    roles = {row[0]: row[1:] for row in page.rows("From the opening of a clearance to its answer, by role")}
    assert roles["Regional thematic specialist"] == ["1", "20.0", "20.0", "0%"]
    assert roles["Regional M&E officer"] == ["1", "0.0", "0.0", "100%"]
    assert "Figures will stand here" in cast.open(Role.RD, "/waiting/times?year=2012").text


def test_every_roles_desk_asks_as_much_for_many_as_for_two(app, cast, questions):
    """A test per role: each has its own on the desk, and no desk asks more than the bound."""
    asked: dict[Role, list[int]] = {}
    for number in (2, 6):
        for _ in range(number):
            for status in (Status.OFFICE_CLEAR, Status.ENDORSE, Status.ENDORSED, Status.FUND_REVIEW, Status.APPROVER):
                a_project(status=status)
            a_project(status=Status.DONOR_SUBMITTED, funding=Funding.DONOR)
            a_project(status=Status.APPROVED, funding=Funding.DONOR)
            a_project(status=Status.OFFICE_CLEAR, office_code="SEN")
            a_project(developer=cast[Role.PDEV])
            project = a_project(developer=cast[Role.PDEV], complete=True)
            if number == 2:
                cast.to_review(project)
        db.session.commit()
        for role in PLACES:
            kept.forget(app)
            questions.clear()
            page = cast.open(role, "/desk")
            if page.status == 200 and not asked.get(role):
                kept.forget(app)
                questions.clear()  # the first page signed in
                page = cast.open(role, "/desk")
            asked.setdefault(role, []).append(sum("UPDATE sign_in" not in one for one in questions))
            assert page.rows("What waits for you"), role
    assert all(first == second <= DESK_BOUND for first, second in asked.values()), asked
    assert db.session.scalar(select(Clearance.id).limit(1))
    assert a_user().id
