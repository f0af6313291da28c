"""Activation gives a project its ID, its people and its deadlines; later decisions move what is open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from prima import clock
from prima.db import db
from prima.errors import Refused
from prima.journal import Entry
from prima.outbox import Letter
from prima.projects.models import Party, Project
from prima.reporting import operations
from prima.reporting.models import Deadline
from prima.users import User
from tests.conftest import TODAY, make_app
from tests.factories import a_project, a_user, grant

EXAMPLE = {"Start": "2024-03-01", "End": "2026-02-28"}


def approved(**more):
    return a_project(status="APPROVED", complete=True, **more)


def people():
    return a_user("PM", "KEN", name="The manager"), a_user("APM", "KEN", name="The alternate")


def activate(browser_of, actor, project, manager, alternate, **changed):
    values = {
        **EXAMPLE,
        "Manager's e-mail address": manager.email,
        "Alternate manager's e-mail address": alternate.email,
        "Government focal point": "Ministry of Labour",
        **changed,
    }
    page = browser_of(actor).open(f"/projects/{project.reference}/activation/activate").check()
    for label, value in values.items():
        page.fill(label, value)
    return page.press("Activate")


def open_rows(project):
    return db.session.scalars(
        select(Deadline)
        .where(Deadline.project_id == project.id, Deadline.fell_away_at.is_(None))
        .order_by(Deadline.due_on, Deadline.kind)
        .execution_options(populate_existing=True)
    ).all()


def days(project, kind):
    return [row.due_on.isoformat() for row in open_rows(project) if row.kind == kind]


def test_the_handbooks_example_is_activated(browser_of):
    fund, (manager, alternate) = a_user("FUND"), people()
    project = approved()
    page = activate(browser_of, fund, project, manager, alternate)
    assert page.status == 200
    assert any("LM.0001" in message for message in page.messages)
    assert page.url == f"/projects/{project.reference}"
    page.check()
    db.session.expire_all()
    assert project.code == "LM.0001"
    assert project.first_ends_on == project.ends_on == date(2026, 2, 28)
    assert days(project, "INT_N") == days(project, "INT_F") == ["2024-10-12", "2025-04-11", "2025-10-12"]
    assert days(project, "FIN_N") == days(project, "FIN_F") == ["2026-05-28"]
    assert days(project, "EXT_REQ") == ["2026-01-28"]
    assert days(project, "RMF") == days(project, "WPL") == ["2024-04-01"]
    evaluation = next(row for row in open_rows(project) if row.kind == "EVA")
    assert (evaluation.from_on, evaluation.due_on) == (date(2026, 8, 28), date(2027, 2, 28))
    assert all(row.first_due_on == row.due_on and row.is_open and not row.why for row in open_rows(project))
    parts = {
        (party.user_id, party.part) for party in db.session.scalars(select(Party).where(Party.project_id == project.id))
    }
    assert {(manager.id, "manager"), (alternate.id, "alternate")} <= parts
    letters = db.session.scalars(select(Letter).where(Letter.cause == f"project:{project.id}")).all()
    assert {letter.recipient for letter in letters} == {manager.email, alternate.email}
    events = db.session.scalars(
        select(Entry.event).where(Entry.subject_id == project.id, Entry.subject_kind == "project")
    )
    assert "activated" in list(events)


def test_the_second_of_a_prefix_gets_the_next_id(browser_of):
    fund, (manager, alternate) = a_user("FUND"), people()
    first, second, other = approved(), approved(), approved(project_type_code="CT")
    for project in (first, second, other):
        activate(browser_of, fund, project, manager, alternate)
    db.session.expire_all()
    assert (first.code, second.code) == ("LM.0001", "LM.0002")
    assert other.code.endswith(".0001") and not other.code.startswith("LM")


def test_an_id_given_by_an_import_is_left_out(app):
    fund, (manager, alternate) = a_user("FUND"), people()
    a_project(code="LM.0001", status="ACTIVE")
    project = approved()
    operations.activate(project.id, **terms(fund, manager, alternate))
    assert project.code == "LM.0002"


def terms(actor, manager, alternate, **changed):
    return {
        "actor": actor,
        "starts_on": date(2024, 3, 1),
        "ends_on": date(2026, 2, 28),
        "manager": manager.email,
        "alternate": alternate.email,
        "focal_point": "Ministry of Labour",
        **changed,
    }


@pytest.mark.parametrize(
    ("label", "value", "message"),
    [
        ("End", "2024-02-29", "The end must not come before the start."),
        ("Start", "0204-03-01", "between 1990 and 2100"),
        ("Start", "1 March", "Please type a day such as"),
        ("Government focal point", "", "Please fill this in."),
        ("Manager's e-mail address", "nobody@prima.example", "Nobody with this address"),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_what_was_typed_stays(browser_of, label, value, message):
    fund, (manager, alternate) = a_user("FUND"), people()
    project = approved()
    page = activate(browser_of, fund, project, manager, alternate, **{label: value})
    assert page.status == 422
    assert any(message in error for error in page.errors), page.errors
    assert page.value(label) == value
    assert page.value("Alternate manager's e-mail address") == alternate.email
    page.check()
    db.session.expire_all()
    assert project.code is None and project.status == "APPROVED" and not open_rows(project)


def test_manager_and_alternate_are_two_people_and_not_the_one_who_activates(browser_of):
    fund, (manager, _) = a_user("FUND"), people()
    project = approved()
    page = activate(browser_of, fund, project, manager, manager)
    assert page.errors == ["Alternate manager's e-mail address: The manager and the alternate must be two people."]
    page = activate(browser_of, fund, project, manager, fund)
    assert "does not run it" in page.errors[0]


def test_whoever_decided_on_a_project_does_not_run_it(browser_of):
    fund, (manager, alternate) = a_user("FUND"), people()
    project = approved()
    db.session.add(Party(project_id=project.id, user_id=manager.id, part="reviewed"))
    page = activate(browser_of, fund, project, manager, alternate).check()
    assert page.status == 422
    assert page.errors[0].endswith("The manager has decided on this project, and cannot join its team.")


def test_a_donor_project_is_activated_by_resource_management_of_its_region(browser_of):
    officer, fund, (manager, alternate) = a_user("RRMO", "NBO"), a_user("FUND"), people()
    project = a_project(status="APPROVED", funding="donor", budget=500_000)
    address = f"/projects/{project.reference}/activation/activate"
    assert browser_of(fund).open(address).status == 403
    page = activate(
        browser_of,
        officer,
        project,
        manager,
        alternate,
        **{"Months between interim reports, as agreed with the donor": 12},
    )
    assert page.status == 200
    assert days(project, "INT_N") == ["2025-04-11"]
    assert days(project, "EVA") == []


def test_what_is_missing_is_listed_with_a_link(browser_of):
    fund, (manager, alternate) = a_user("FUND"), people()
    project = a_project(status="APPROVED")
    page = browser_of(fund).open(f"/projects/{project.reference}/activation/activate")
    assert "an approved budget" in page.links
    assert "the government's request letter on file" in page.links
    assert activate(browser_of, fund, project, manager, alternate).status == 422


def test_the_editions_checklist_stands_beside_the_form(browser_of):
    fund, project = a_user("FUND"), approved()
    page = browser_of(fund).open(f"/projects/{project.reference}/activation/activate").check()
    items = [" ".join(one.get_text(" ").split()) for one in page.soup.select("[aria-labelledby=checklist-title] li")]
    assert items == [
        "An approved budget done",
        "A start and an end date given on this page",
        "A project manager and an alternate given on this page",
        "A government focal point given on this page",
        "The documents of the approved proposal on file done",
    ]


def test_a_late_activation_gives_time_for_what_would_be_past(app):
    fund, (manager, alternate) = a_user("FUND"), people()
    project = approved()
    operations.activate(
        project.id,
        **terms(fund, manager, alternate, starts_on=date(2016, 1, 1), ends_on=date(2017, 12, 31)),
    )
    assert days(project, "RMF") == ["2016-11-12"]
    assert "decision" in next(row.why for row in open_rows(project) if row.kind == "RMF")


def test_ten_at_once_get_ten_ids_without_a_gap(databases, template_url):
    clock.fix(TODAY)
    application = make_app(databases("prima_parallel", template=make_url(template_url).database))
    try:
        with application.app_context():
            fund, (manager, alternate) = a_user("FUND"), people()
            numbers = [approved().id for _ in range(10)]
            given = terms(fund.id, manager, alternate)
            given |= {"manager": manager.email, "alternate": alternate.email}
            db.session.commit()
            db.session.remove()

        def one(number):
            with application.app_context():
                actor = db.session.get(User, given["actor"])
                operations.activate(number, **{**given, "actor": actor})
                db.session.commit()

        with ThreadPoolExecutor(10) as threads:
            list(threads.map(one, numbers))
        with application.app_context():
            codes = sorted(db.session.scalars(select(Project.code)))
            assert codes == [f"LM.{number:04d}" for number in range(1, 11)]
    finally:
        with application.app_context():
            db.session.remove()
            db.engine.dispose()
        clock.fix(None)


# -- running ----------------------------------------------------------------------------------------------------------


def running(starts_on, ends_on, **more):
    """An active project with its deadlines, its manager and the Fund officer who activated it."""
    fund, (manager, alternate) = a_user("FUND"), people()
    project = approved(**more)
    operations.activate(project.id, **terms(fund, manager, alternate, starts_on=starts_on, ends_on=ends_on))
    db.session.commit()
    return project, fund, manager


def test_nobody_extends_it_without_a_request(browser_of):
    """What an extension moves is told in tests/projects/test_changes.py."""
    project, fund, manager = running(date(2016, 9, 1), date(2017, 5, 31))
    address = f"/projects/{project.reference}/extend"
    assert browser_of(fund).open(address).url == f"/projects/{project.reference}/changes"
    assert browser_of(manager).open(address).heading == "No-cost extension"


def test_somebody_who_has_a_part_in_it_can_still_decide(app):
    """Reading a project afresh must not lose the roles of those who reviewed it."""
    fund, (manager, alternate) = a_user("FUND"), people()
    project = approved()
    db.session.add(Party(project_id=project.id, user_id=fund.id, part="fund_reviewed"))
    db.session.commit()
    operations.activate(project.id, **terms(fund, manager, alternate))
    assert project.code


def test_a_second_press_is_refused(app):
    fund, (manager, alternate) = a_user("FUND"), people()
    grant(fund, "RRMO", "NBO")
    project = approved()
    operations.activate(project.id, **terms(fund, manager, alternate))
    with pytest.raises(Refused, match="moved on"):
        operations.activate(project.id, **terms(fund, manager, alternate))


def test_a_project_whose_source_states_no_type_is_asked_for_one(browser_of):
    manager, alternate = people()
    project = approved(funding="donor", project_type_code=None)
    officer = a_user("RRMO", "NBO")
    page = activate(browser_of, officer, project, manager, alternate)
    assert page.errors == ["Project type: Please choose one."]
    page = activate(browser_of, officer, project, manager, alternate, **{"Project type": "Labour Migration"})
    assert page.errors == []
    assert db.session.scalars(select(Project.code).where(Project.id == project.id)).one().startswith("LM.")
