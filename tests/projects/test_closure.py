"""A project is closed when nothing is owed and every line is confirmed; suspended, resumed, cancelled with a reason."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from prima import sessions
from prima.db import db
from prima.errors import Refused
from prima.journal import Entry
from prima.outbox import Letter
from prima.projects import queries
from prima.projects.models import BudgetLine, Change, Closing, Confirmation
from prima.projects.operations import closure
from prima.reporting.calendar import ReportState
from prima.reporting.models import Deadline, Expense, ExpenseKind, Report, SpendingImport
from prima.reporting.operations.deadlines import make
from prima.rooms import FOLLOWING
from prima.sessions import with_rights
from prima.users import User
from tests.conftest import TODAY
from tests.factories import a_deadline, a_user, an_active_project

OPERATIONAL, FINANCIAL = Closing.OPERATIONAL, Closing.FINANCIAL


@pytest.fixture
def ended(app):
    """A project past its end whose final reports are accepted, its manager, and Fund management."""
    manager = a_user("PM", "KEN", name="The manager")
    project = an_active_project(manager, starts_on=date(2015, 1, 1), ends_on=date(2015, 12, 31))
    for kind in ("FIN_N", "FIN_F"):
        period = {"period_from": project.starts_on, "period_to": project.ends_on}
        accepted(a_deadline(project, kind, date(2016, 3, 31), **period))
    return project, manager, a_user("FUND", name="Fund management")


def accepted(deadline, state=ReportState.ACCEPTED):
    db.session.add(Report(deadline_id=deadline.id, state=state, first_submitted_on=TODAY - timedelta(days=9)))
    deadline.is_open = False
    db.session.flush()


def ready(user):
    """The person with their rights, as a request reads them."""
    return db.session.scalars(select(User).where(User.id == user.id).options(*with_rights())).one()


def close(project, closing, user):
    return closure.close(project.id, closing, actor=ready(user), following=FOLLOWING)


def confirm(project, closing, user, ticked, seen=(), notes=None):
    closure.confirm(
        project.id,
        closing,
        actor=ready(user),
        ticked=dict.fromkeys(ticked, True),
        notes=notes or {},
        seen=frozenset(seen),
    )


def address(project, step=""):
    return f"/projects/{project.reference}/closure{step}"


def confirm_all(project, closing, actor):
    codes = [item.code for item in closure.checklist(queries.story(project.reference), closing)]
    confirm(project, closing, actor, codes)


def status(project):
    db.session.expire_all()
    return project.status


def test_the_manager_confirms_the_lines_and_fund_management_closes(browser_of, ended):
    project, manager, fund = ended
    page = browser_of(manager).open(address(project)).check()
    assert "Close operationally" not in page.links
    for line in closure.checklist(queries.story(project.reference), OPERATIONAL):
        page.fill(line.text.say(), True)
    page.fill("Note on: Assets are listed and handed over", "Two cars, to the ministry.")
    page = page.press("Save the checklist", within="Operational closure").check()
    assert page.messages == ["The checklist is saved."]
    assert page.value("Note on: Assets are listed and handed over") == "Two cars, to the ministry."
    assert "Confirmed by The manager" in page.text
    page = browser_of(fund).open(address(project)).check().follow("Close operationally").check()
    page = page.press("Close operationally").check()
    assert page.messages == ["The project is operationally closed."]
    assert status(project) == "OP_CLOSED"
    letter = db.session.scalars(select(Letter).where(Letter.kind == "closed:operational")).one()
    assert letter.recipient == manager.email


def test_each_open_duty_is_listed_with_its_link(browser_of):
    manager = a_user("PM", "KEN")
    project = an_active_project(manager, starts_on=date(2015, 1, 1), ends_on=date(2015, 12, 31))
    a_deadline(project, "FIN_N", date(2016, 3, 31))
    submitted = a_deadline(project, "INT_N", date(2015, 8, 12))
    accepted(submitted, ReportState.SUBMITTED)
    db.session.add(Change(project_id=project.id, number=1, kind="budget", made_by_id=manager.id))
    fund = a_user("FUND")
    db.session.flush()
    found = [str(need.text) for need in closure.unmet(queries.locked(project.id), OPERATIONAL, FOLLOWING)]
    assert found[:4] == [
        "the final narrative report, accepted",
        "the final financial report, accepted",
        "the interim narrative report, 1 Jul 2015, accepted",
        "change 1 decided or withdrawn",
    ]
    assert all(text.startswith("confirmed: ") for text in found[4:])
    with pytest.raises(Refused, match="change 1 decided or withdrawn"):
        close(project, OPERATIONAL, fund)
    assert status(project) == "ACTIVE"


def test_what_the_final_reports_cover_falls_away(ended):
    project, manager, fund = ended
    interim = a_deadline(project, "INT_N", date(2015, 8, 12))
    evaluation = a_deadline(project, "EVA", date(2016, 12, 31), from_on=date(2016, 6, 30))
    confirm_all(project, OPERATIONAL, manager)
    close(project, OPERATIONAL, fund)
    db.session.expire_all()
    assert db.session.get(Deadline, interim.id).fell_away_at is not None
    assert db.session.get(Deadline, evaluation.id).is_open


def test_money_kept_for_the_evaluation_waits_for_it(ended):
    project, manager, fund = ended
    evaluation = a_deadline(project, "EVA", date(2016, 12, 31), from_on=date(2016, 6, 30))
    line = BudgetLine(
        project_id=project.id, code="B900", position=900, category_code="OPER.EVAL", description="Evaluation",
        unit_cost=Decimal(5000), amount=Decimal(5000),
    )  # fmt: skip
    db.session.add(line)
    db.session.flush()
    for closing in Closing:
        confirm_all(project, closing, manager)
    close(project, OPERATIONAL, fund)
    before = project_evaluation(project)
    with pytest.raises(Refused, match=r"the ex-post evaluation, accepted: USD [0-9,.]+ kept for it are unspent"):
        close(project, FINANCIAL, fund)
    source = SpendingImport(file_name="ledger.xlsx", sha256="x", rows=1)
    db.session.add(source)
    db.session.flush()
    db.session.add(
        Expense(
            project_id=project.id,
            line_id=line.id,
            import_id=source.id,
            on_day=date(2015, 12, 1),
            currency="USD",
            kind=ExpenseKind.EXPENDITURE,
            stated=before,
            amount=before,
        )
    )
    db.session.flush()
    close(project, FINANCIAL, fund)
    assert status(project) == "FIN_CLOSED"
    assert evaluation.is_open


def project_evaluation(project):
    lines = db.session.scalars(
        select(BudgetLine.amount).where(BudgetLine.project_id == project.id, BudgetLine.category_code == "OPER.EVAL")
    )
    return sum(lines, Decimal(0))


def test_two_people_with_one_page_keep_each_others_lines(ended):
    project, manager, fund = ended
    first, second = (item.code for item in closure.checklist(queries.story(project.reference), OPERATIONAL)[:2])
    confirm(project, OPERATIONAL, manager, [first])
    confirm(project, OPERATIONAL, fund, [second])
    assert {row.code for row in db.session.scalars(select(Confirmation))} == {first, second}
    confirm(project, OPERATIONAL, fund, [second], seen=[first, second])
    assert [row.code for row in db.session.scalars(select(Confirmation))] == [second]


def test_a_second_press_says_what_happened(ended):
    project, manager, fund = ended
    confirm_all(project, OPERATIONAL, manager)
    close(project, OPERATIONAL, fund)
    with pytest.raises(Refused, match="Fund management took the step “Close operationally”"):
        close(project, OPERATIONAL, fund)


def test_the_page_asks_few_questions(browser_of, ended, questions, monkeypatch):
    monkeypatch.setattr(sessions, "kept_count", lambda: 0)
    project, _manager, fund = ended
    browser = browser_of(fund)
    questions.clear()
    browser.open(address(project))
    assert len(questions) <= 17, "\n".join(questions)


def test_only_those_who_run_it_close_it(browser_of, ended):
    project, manager, _fund = ended
    for step in ("/close", "/settle", "/suspend", "/cancel"):
        assert browser_of(manager).open(address(project, step)).status == 403
    assert browser_of(a_user("PDEV", "UKR")).open(address(project)).check().status == 200


def test_notes_are_internal(browser_of, ended):
    project, manager, _fund = ended
    code = closure.checklist(queries.story(project.reference), OPERATIONAL)[0].code
    confirm(project, OPERATIONAL, manager, [code], notes={code: "Between us."})
    assert "Between us." not in browser_of(a_user("PDEV", "UKR")).open(address(project)).text


def test_a_suspended_project_is_resumed_and_its_people_are_told_each_time(browser_of, ended):
    project, manager, fund = ended
    browser = browser_of(fund)
    for step, button, says in (("/suspend", "Suspend", "SUSPENDED"), ("/resume", "Resume", "ACTIVE")):
        page = browser.open(address(project, step)).check()
        assert page.press(button).errors == ["Reason: Please fill this in."]
        page = page.fill("Reason", "The border is closed.").press(button).check()
        assert status(project) == says
    letters = db.session.scalars(select(Letter).where(Letter.recipient == manager.email)).all()
    assert [letter.kind.partition(":")[0] for letter in letters] == ["suspended", "resumed"]


def test_a_cancelled_project_owes_its_final_reports_from_today(browser_of):
    manager, fund = a_user("PM", "KEN"), a_user("FUND")
    project = an_active_project(manager, starts_on=date(2016, 1, 1), ends_on=date(2017, 12, 31))
    project = queries.locked(project.id)
    make(project, actor=None)
    page = browser_of(fund).open(address(project, "/cancel")).check()
    page = page.fill("Reason", "The government withdrew.").press("Cancel the project")
    assert page.status == 200
    db.session.expire_all()
    assert (project.status, project.ends_on) == ("CANCELLED", TODAY)
    rows = db.session.scalars(
        select(Deadline).where(Deadline.project_id == project.id, Deadline.fell_away_at.is_(None))
    ).all()
    assert [row.due_on.isoformat() for row in rows if row.kind == "FIN_N"] == ["2017-01-01"]
    assert all(row.period_to <= TODAY for row in rows if row.kind.startswith("INT"))
    page = browser_of(fund).open(f"/projects/{project.reference}/reports").check()
    assert page.rows("Fallen away")
    assert "cancelled" in {entry.event for entry in db.session.scalars(select(Entry))}
