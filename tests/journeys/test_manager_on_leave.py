"""The manager is on leave: the alternate reports, the record says so, and decides nothing about it."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import expect

from prima.db import db
from prima.projects.models import Project
from prima.users import Role
from tests.factories import a_deadline, an_active_project, grant
from tests.journeys.people import Cast
from tests.journeys.running import a_cast, go_to, look

PARTS = (
    "Achievements", "Progress per indicator and activity", "Challenges and how they were met", "Lessons learned",
    "Next steps",
)  # fmt: skip


def a_project_of(cast: Cast) -> Project:
    """An interim report is due soon. The alternate checks reports too, those of other projects of the region."""
    grant(cast.people["alternate"], Role.RPDO, "NBO")
    people = cast.people
    project = an_active_project(people["manager"], people["alternate"], title="Return and reintegration in Kenya")
    a_deadline(project, "INT_N", date(2016, 10, 12))
    db.session.commit()
    return project


def test_the_alternate_reports_while_the_manager_is_away(browser_page, axe):
    cast = a_cast(browser_page)
    project = a_project_of(cast)
    home = f"/projects/{project.reference}"
    manager, alternate, officer = cast.manager, cast.alternate, cast.rpdo

    # The manager begins the report, and goes on leave.
    manager.open("/").follow("Write the interim narrative report").is_at("Interim narrative report")
    manager.type("Achievements", "Two centres were opened.").press("Save the draft").is_told("Saved as a draft.")

    go_to(date(2016, 10, 10))
    alternate.open("/").follow("Write the interim narrative report").is_at("Interim narrative report")
    expect(alternate.field("Achievements")).to_have_value("Two centres were opened.")
    for part in PARTS[1:]:
        alternate.type(part, f"The words of {part}.")
    alternate.main.get_by_label(", direct").fill("480")
    look(alternate, axe).press("Save and submit").is_told("The report is submitted.")
    alternate.reads("Alternate manager, Kenya", "On time")
    for decision in ("Checked", "Return", "Accept"):
        expect(alternate.main.get_by_role("button", name=decision, exact=True)).to_have_count(0)
    address = alternate.page.url
    look(alternate, axe).open("/")
    expect(alternate.main.get_by_role("link", name="Check the interim narrative report")).to_have_count(0)

    officer.open("/").follow("Check the interim narrative report").is_at("Interim narrative report")
    history = officer.main.get_by_role("region", name="History")
    expect(history).to_contain_text("Submitted, Alternate manager, Kenya")
    officer.press("Checked").is_told("Done: Checked.")
    alternate.open(address).reads("Checked")
    expect(alternate.main.get_by_role("button", name="Accept", exact=True)).to_have_count(0)
    look(officer, axe).press("Accept").is_told("Done: Accept.")

    go_to(date(2016, 10, 24))
    manager.open(address).reads("Accepted", "Saved by", "Alternate manager, Kenya", "First submitted", "10 Oct 2016")
    expect(manager.main.get_by_role("region", name="History")).to_contain_text("Submitted, Alternate manager, Kenya")
    look(manager, axe).open(home).reads("No report or other deadline is open now.")
    look(manager, axe)
