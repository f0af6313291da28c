"""A reminder comes by mail, says what a report lacks, leads there, and no other follows once it is handed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from prima import clock, scheduler
from prima.db import db
from prima.jobs import JOBS
from prima.users import Role
from tests.conftest import TODAY
from tests.factories import a_deadline, an_active_project
from tests.inbox import Inbox, an_inbox
from tests.journeys.people import Cast

DUE = TODAY + timedelta(days=3)
SUBJECT = "{id}: interim narrative report, due in 3 days, on 4 Oct 2016"
PART = re.compile(r"- the part “(.+)”")


@pytest.fixture(
    params=[
        pytest.param((True, 1280), id="script", marks=pytest.mark.soak),
        pytest.param((False, 390), id="no script, narrow"),
    ]
)
def cast(browser_page, request) -> Cast:
    script, width = request.param
    cast = Cast(browser_page, {"javascript": script, "width": width})
    cast.add("manager", Role.PM, "KEN", "Manager of the project")
    cast.add("officer", Role.RPDO, "NBO", "Project development officer, Nairobi")
    return cast


@pytest.fixture
def inbox(app, live_server, monkeypatch) -> Iterator[Inbox]:
    """The mail server of the installation, whose letters link to the running application."""
    with an_inbox() as made:
        monkeypatch.setitem(app.config, "SMTP_URL", made.url)
        monkeypatch.setitem(app.config, "BASE_URL", live_server)
        yield made


def the_scheduler_runs(app) -> None:
    """Its jobs that write and send letters, as the leader runs them."""
    db.session.rollback()
    for job in JOBS:
        if job.name in ("remind", "send mail"):
            scheduler.perform(app, job, lambda: True, lambda: False)
            told = db.session.get_one(scheduler.JobRun, job.name, populate_existing=True)
            assert told.finished_at and not told.problem
    db.session.rollback()


def text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_content().replace("\r\n", "\n")


def open_letter(page: Page, message: EmailMessage) -> None:
    """As a mail program shows it."""
    page.set_content(text_of(message, "html"))


def test_a_reminder_leads_to_the_report_and_ends_when_it_is_handed_in(app, cast, inbox, live_server, axe):
    manager = cast.people["manager"]
    project = an_active_project(manager, title="Migration <b>&</b> health")
    report, _other = a_deadline(project, "INT_N", DUE), a_deadline(project, "INT_F", DUE)
    db.session.commit()
    name = project.name
    link = f"{live_server}/projects/{project.reference}/reports/{report.id}"

    # Two letters come; both parts of the first say what is due, what it still lacks, and lead there.
    the_scheduler_runs(app)
    subject = SUBJECT.format(id=name)
    letters = inbox.of(manager.email)
    assert [str(letter["Subject"]) for letter in letters] == [subject, subject.replace("narrative", "financial")]
    letter, financial = letters
    plain = text_of(letter, "plain")
    assert link in plain.splitlines() and "Migration <b>&</b> health" in plain
    lacks = [line for line in plain.splitlines() if line.startswith("- ")]
    parts = [found[1] for line in lacks if (found := PART.fullmatch(line))]
    assert "Achievements" in parts and len(parts) == len(lacks) - 1
    reached = lacks[-1].removeprefix("- the ")
    assert reached.startswith("number reached of 1 group")
    page = cast.manager.page
    open_letter(page, letter)
    for line in (*lacks, "Migration <b>&</b> health", "due in 3 days, on 4 Oct 2016"):
        expect(page.locator("body")).to_contain_text(line)

    # Its link asks who is there, and leads on.
    page.get_by_role("link", name=link).click()
    expect(page).to_have_url(re.compile("/sign-in"))
    cast.manager.sign_in()
    cast.manager.is_at("Interim narrative report")
    expect(page).to_have_url(link)

    # What it named is filled in, all but the figure: that one is asked for, and nothing typed is lost.
    for part in parts:
        cast.manager.type(part, f"What is to be said of {part}.")
    cast.manager.press("Save and submit").is_told("Saved, but not submitted yet").reads(reached).fits()
    axe(page)
    groups = cast.manager.main.get_by_role("table", name="Beneficiaries reached")
    groups.get_by_role("textbox").fill("480")
    cast.manager.press("Save and submit").is_told("The report is submitted.")
    cast.manager.reads("480", *(f"What is to be said of {part}." for part in parts)).fits()

    # The day comes: the report that is still owed is reminded of, the one that was handed in is not.
    clock.fix(DUE)
    the_scheduler_runs(app)
    [again] = inbox.of(manager.email)[2:]
    assert str(again["Subject"]) == f"{name}: interim financial report, due today"
    assert financial["Message-ID"] != again["Message-ID"]
    [handed_in] = inbox.of(cast.people["officer"].email)
    open_letter(cast.officer.page, handed_in)
    cast.officer.page.get_by_role("link", name=link).click()
    cast.officer.sign_in()
    cast.officer.is_at("Interim narrative report").reads("Your decision").fits()
