"""The record of endorsement on paper: a donor's proposal with seven reviewers and two rounds, on few clean sheets."""

from __future__ import annotations

import re

import pytest

from prima.db import db
from prima.endorsement.models import Verdict
from prima.lists import Donor
from prima.projects.stages import Funding, Status
from prima.users import Role
from tests.endorsement.test_page_queries import ELSEWHERE
from tests.endorsement.test_return import change
from tests.endorsement.test_segregation import Road
from tests.factories import a_user
from tests.journeys.people import Person

LONG = "Regional cooperation on fair recruitment, return and reintegration of workers in the whole of East Africa"
SEVEN = ("RPDO", "RTS", "RRMO", "RME", "RPDO-BRU", "LEG", "HQD")
MOST_SHEETS = 5


@pytest.fixture
def road(app) -> Road:
    """Cleared by all, returned by the endorser, cleared again and endorsed."""
    db.session.add(Donor(code="EU_FUND", name="A fund of the European Union", kind="eu", eu_money=True, position=1))
    db.session.flush()
    donor = {"donor_code": "EU_FUND", "agreement": "EU-2016/4711", "budget": 6_000_000}
    found = Road(funding=Funding.DONOR, title=LONG, **donor)
    for seat in ("RPDO-BRU", "LEG", "HQD"):
        found.people[seat] = a_user(*ELSEWHERE[seat], name=f"{seat} person of a rather long name")
    found.to_review()
    clear_all(found)
    found.decide(found.people[Role.RD], "return")
    change(found.project, "RAT", "Another reason.")
    found.submit()
    clear_all(found)
    found.decide(found.people[Role.RD], "endorse")
    assert found.status is Status.ENDORSED
    db.session.commit()
    return found


def clear_all(road: Road) -> None:
    for seat in [one.seat for one in road.project.asked or [] if one.is_open and one.required]:
        road.clear(road.people[seat], seat, Verdict.COMMENTS)


def test_the_record_prints_on_few_clean_sheets(road, browser_page):
    reader = road.people[Role.RPDO]
    person = Person(reader.name, reader.email, browser_page())
    page = person.open(f"/projects/{road.project.reference}/endorsement").is_at("Record of endorsement").page
    first = [row[0] for row in person.rows("Answers in round 1")]
    assert len([seat for seat in first if seat]) == len(SEVEN) + 3  # one optional, the head of office, the endorser
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert 1 <= len(re.findall(rb"/Type /Page\b", printed)) <= MOST_SHEETS
    assert {(round(float(wide)), round(float(high))) for wide, high in sheets} == {(595, 842)}
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 700, "height": 1000})  # what A4 leaves between its margins
    cut = page.evaluate(
        """() => [...document.querySelectorAll("main *")].filter((one) => {
            const style = getComputedStyle(one), box = one.getBoundingClientRect()
            if (!box.width || one.closest(".visually-hidden")) return false
            return box.right > innerWidth + 1 || (one.scrollWidth > one.clientWidth + 1 && style.overflowX !== "visible"
                && style.display !== "inline")
        }).map((one) => `${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 60)}`)"""
    )
    assert cut == []
    headings = page.locator("main table.data thead")
    assert headings.count() == 5  # in force, and of both rounds the answers and the checks
    for heading in headings.all():
        assert heading.evaluate("(one) => getComputedStyle(one).display") == "table-header-group"
    rows = page.locator("main table.data tbody tr")
    assert set(rows.evaluate_all("(all) => all.map((one) => getComputedStyle(one).breakInside)")) == {"avoid"}
    shown = page.locator("main .actions:visible, main button:visible, main .btn:visible")
    assert shown.count() == 0
    page.emulate_media(media="null")
