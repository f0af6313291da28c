"""A page tells moments where it is read: in the zone of whoever is signed in, as letters do."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import pytz
from sqlalchemy import update

from prima import anchors, clock, filters, journal, sessions, zones
from prima.db import db
from prima.projects.models import Part, Party, Project, Step
from prima.projects.stages import Status
from prima.reporting.models import Report
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.endorsement.test_record import paper, words
from tests.factories import a_deadline, a_project, a_user, an_active_project, grant
from tests.projects.test_autosave import token

EVENING = datetime(2016, 10, 1, 20, tzinfo=UTC)
"""The morning of 2 October in Fiji, twelve hours ahead."""


@pytest.fixture
def evening(app, monkeypatch):
    monkeypatch.setattr(clock, "_day", None)
    monkeypatch.setattr(clock, "now", lambda: EVENING)


@pytest.fixture
def project(evening):
    found = an_active_project(a_user("PM", "FJI"), office_code="FJI", countries=("FJI",), status_since=EVENING)
    db.session.execute(update(Step).values(at=EVENING))
    db.session.commit()
    return found


def moment_for(browser, project):
    return browser.open(f"/projects/{project.reference}").check().rows("History")[0][0]


@pytest.mark.parametrize(
    ("role", "at", "chosen", "shown"),
    [
        ("VIEW", None, "", "1 Oct 2016, 22:00 UTC+2"),
        ("RD", "NBO", "", "1 Oct 2016, 23:00 UTC+3"),
        ("COM", "FJI", "", "2 Oct 2016, 08:00 UTC+12"),
        ("COM", "FJI", "America/Panama", "1 Oct 2016, 15:00 EST"),
        ("VIEW", None, "Asia/Kathmandu", "2 Oct 2016, 01:45 UTC+5:45"),
        ("VIEW", None, "Atlantis/Capital", "1 Oct 2016, 20:00 UTC"),
    ],
)
def test_a_page_tells_moments_in_its_reader_s_zone(project, browser_of, role, at, chosen, shown):
    reader = a_user(role, at, time_zone=chosen)
    grant(reader, "VIEW", None)  # the oldest role counts
    assert moment_for(browser_of(reader), project) == shown


def test_a_zone_chosen_now_counts_on_the_next_page(project, browser_of):
    reader = a_user("VIEW")
    browser = browser_of(reader)
    assert moment_for(browser, project).endswith("UTC+2")
    reader.time_zone = "Pacific/Fiji"
    db.session.commit()
    assert moment_for(browser, project) == "2 Oct 2016, 08:00 UTC+12"


def test_the_zone_comes_with_the_sign_in(project, browser_of, questions):
    browser, asked = browser_of(a_user("COM", "FJI")), []
    for address in (f"/projects/{project.reference}", "/projects", "/account/notifications"):
        questions.clear()
        browser.open(address)
        asked += [one for one in questions if ".time_zone" in one and "FROM role_grant" in one]
    assert len(asked) == 3 and all("FROM sign_in" in one for one in asked)


def test_who_is_not_signed_in_reads_moments_in_utc(app):
    assert sessions.time_zone() == "UTC"
    with app.test_request_context("/sign-in"):
        assert sessions.time_zone() == "UTC" and filters.moment(EVENING) == "1 Oct 2016, 20:00 UTC"


def test_every_zone_that_may_be_chosen_is_known_to_who_writes_pages():
    for name in zones.names():
        assert pytz.timezone(name).zone == name


@pytest.mark.parametrize("place", ["Pacific/Fiji", "Pacific/Pago_Pago"])
def test_what_has_just_happened_is_of_today_everywhere(evening, browser_of, monkeypatch, place):
    for hour in (0, 20):
        now = EVENING.replace(hour=hour, minute=30)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        developer = a_user("PDEV", "FJI", time_zone=place)
        mine = a_project(office_code="FJI", developer=developer, status_since=now)
        db.session.commit()
        browser = browser_of(developer)
        [row] = browser.open("/").check().rows("What waits for you")
        assert row[2] == "today"
        there = filters.moment(clock.now(), pytz.timezone(place)).split(",")[0]
        cell = browser.open("/").soup.find("span", title=there)
        assert cell is not None and cell.get_text() == "today"
        assert f"since {there}" in browser.open(f"/projects/{mine.reference}").text


def test_the_timeline_marks_the_day_of_the_history(project, browser_of):
    for zone, shown in (("Pacific/Fiji", "2 Oct 2016"), ("America/Panama", "1 Oct 2016")):
        page = browser_of(a_user("VIEW", time_zone=zone)).open(f"/projects/{project.reference}").check()
        assert page.rows("History")[0][0].startswith(shown)
        dates = {row[1]: row[0] for row in page.rows("Dates on the timeline")}
        assert (dates["Concept"], dates["Today"]) == (shown, shown)


def test_a_hand_over_is_told_by_the_day_at_the_office(evening, browser_of):
    old, new = (a_user("PM", "KEN", name=name) for name in ("First manager", "Second manager"))
    handed_over = an_active_project(old, office_code="KEN")
    at = datetime.combine(date(2016, 9, 15), time(), ZoneInfo("Africa/Nairobi"))
    db.session.execute(update(Party).where(Party.user_id == old.id, Party.part == Part.MANAGER).values(until_at=at))
    db.session.add(Party(project_id=handed_over.id, user_id=new.id, part=Part.MANAGER, since_at=at))
    db.session.commit()
    for zone in ("Africa/Nairobi", "Europe/Zurich", "America/Panama"):
        browser = browser_of(a_user("VIEW", time_zone=zone))
        rows = browser.open(f"/projects/{handed_over.reference}/team").check().rows("Others who had a part")
        assert "15 Sep 2016" in [row[2] for row in rows if row[0] == "Second manager"]
        assert "15 Sep 2016" in [row[3] for row in rows if row[0] == "First manager"]
        assert "First manager, until 15 Sep 2016" in browser.open(f"/projects/{handed_over.reference}").text


def test_an_anchor_was_made_on_the_day_after_its_own_in_utc(evening, browser_of):
    anchors.make(db.session(), journal.subjects())
    db.session.commit()
    for zone in ("UTC", "America/Panama", "Pacific/Fiji"):
        page = browser_of(a_user("ADMIN", time_zone=zone)).open("/administration/journal").check()
        assert page.rows("1 anchor")[0][1] == "1 Oct 2016, 20:00 UTC"


def test_typing_is_saved_at_the_hour_of_who_types(evening, browser_of):
    developer = a_user("PDEV", "FJI")
    project = a_project(office_code="FJI", developer=developer)
    db.session.commit()
    browser = browser_of(developer)
    data = {"csrf_token": token(browser), "version": 0, "text": "Why."}
    page = browser.request("POST", f"/projects/{project.reference}/sections/rat/autosave", data=data)
    assert page.response.get_json()["saved_at"] == "08:00 UTC+12"
    assert "2 Oct 2016, 08:00 UTC+12" in browser.open(f"/projects/{project.reference}/sections/rat").text


def test_a_step_that_came_too_late_is_told_in_the_zone_of_who_pressed(evening, browser_of):
    developer = a_user("PDEV", "FJI")
    project = a_project(office_code="FJI", developer=developer, status=Status.CONCEPT)
    db.session.commit()
    first, second = (browser_of(developer).open(f"/projects/{project.reference}") for _ in range(2))
    first.press("Develop into a proposal")
    db.session.execute(update(Step).values(at=EVENING))
    db.session.commit()
    page = second.press("Develop into a proposal")
    assert page.status == 409 and "2 Oct 2016, 08:00 UTC+12" in page.text


def test_a_paper_tells_moments_in_utc_whoever_prints_it(app, browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    db.session.execute(update(Project).values(status_since=EVENING))
    cast[Role.PDEV].time_zone = "Pacific/Fiji"
    db.session.commit()
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/endorsement").check()
    assert "UTC+12" in page.text
    said = paper(cast, Role.PDEV, project)
    assert "UTC" in words(said) and "UTC+12" not in words(said)
    assert said == paper(cast, Role.COM, project)


def test_the_papers_of_a_report_tell_moments_in_utc(project, browser_of):
    reader = a_user("FUND", time_zone="Pacific/Fiji")
    deadline = a_deadline(project)
    db.session.add(Report(deadline_id=deadline.id, saved_at=EVENING))
    db.session.commit()
    browser, where = browser_of(reader), f"/projects/{project.reference}/reports/{deadline.id}"
    assert "2 Oct 2016, 08:00 UTC+12" in browser.open(where).text
    sheet = openpyxl.load_workbook(io.BytesIO(browser.open(f"{where}.xlsx").content))["Facts"]
    assert dict(sheet.values)["Last saved"] == "1 Oct 2016, 20:00 UTC"
    said = words(browser.open(f"{where}.docx").content)
    assert "1 Oct 2016, 20:00 UTC" in said and "UTC+12" not in said
