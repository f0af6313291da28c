"""A project of 10 months that an extension carries across 12: interim reports are asked at once, and say why."""

from __future__ import annotations

from datetime import date

from tests.journeys.people import Person
from tests.journeys.running import go_to, look
from tests.projects.changing import Crew

WHY = "The decision came after the day this would have been due; its time is counted from the decision."


def test_an_extension_brings_the_missing_interim_reports(browser_page, axe):
    go_to(date(2016, 1, 4))
    crew = Crew(starts_on=date(2016, 1, 1), ends_on=date(2016, 10, 31), title="Safe migration for domestic workers")
    home = crew.path
    manager, director, fund = (
        Person(crew[who].name, crew[who].email, browser_page(width=width))
        for who, width in (("manager", 390), ("RD", 1280), ("FUND", 1280))
    )

    go_to(date(2016, 9, 15))
    manager.open(f"{home}/reports").is_at("Reports and deadlines")
    assert not [row for row in manager.rows("Deadlines") if row[0].startswith("Interim")]
    manager.follow("Ask for an extension").is_at("No-cost extension").reads("Ask by 30 Sep 2016.")
    manager.type("New end date", "2017-04-30").type("Reason", "Employers wait for the new law.")
    manager.type("Effect on results, time and money", "Two courses are held in 2017.").press("Save and ask")
    manager.is_at("No-cost extension").reads("Waiting for:", "The regional director")

    director.open("/").follow("Endorse the no-cost extension").is_at("No-cost extension").follow("Endorse")
    director.is_at("Endorse").press("Endorse").reads("Endorsed")
    go_to(date(2016, 10, 3))
    fund.open(f"{home}/changes/1/approve").is_at("Approve")
    look(fund, axe).press("Approve").is_told("in effect")

    manager.open(f"{home}/reports").reads("1 Jan 2016 – 30 Apr 2017", "Employers wait for the new law.")
    interims = [row for row in manager.rows("Deadlines") if row[0].startswith("Interim")]
    assert [(row[0], row[1], row[2].split(",")[0]) for row in interims] == [
        ("Interim financial report", "1 Jan 2016 – 30 Jun 2016", "14 Nov 2016"),
        ("Interim narrative report", "1 Jan 2016 – 30 Jun 2016", "14 Nov 2016"),
        ("Interim financial report", "1 Jul 2016 – 31 Dec 2016", "11 Feb 2017"),
        ("Interim narrative report", "1 Jul 2016 – 31 Dec 2016", "11 Feb 2017"),
    ]
    assert [WHY in row[2] for row in interims] == [True, True, False, False]
    look(manager, axe).follow("Interim narrative report").is_at("Interim narrative report").reads(WHY, "Due")
    look(manager, axe)
    number = manager.page.url.rsplit("/", 1)[-1]
    manager.open(f"{home}/deadlines/{number}").reads(WHY)
    look(manager, axe).open(home).reads(WHY, "14 Nov 2016", "End agreed at activation")
    look(manager, axe)
