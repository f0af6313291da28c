"""An absent reviewer delegates, the delegate finds it on the desk and clears; two colleagues hand a review over."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prima import clock
from prima.db import db
from prima.users import Delegation, Role
from tests.endorsement.cast import PLACES
from tests.factories import a_project, a_user
from tests.journeys.people import Person


@pytest.fixture
def team(browser_page):
    """One person a role, a second M&E officer, and the one who stands in for the first."""
    people = {role: a_user(role, at, name=f"{role} person") for role, at in PLACES.items() if role is not Role.ADMIN}
    people["second"] = a_user(Role.RME, "NBO", name="Second officer")
    people["delegate"] = a_user(Role.VIEW, name="Delegate")
    db.session.commit()
    return people, lambda who: Person(people[who].name, people[who].email, browser_page())


def clear(person: Person) -> Person:
    for yes in person.main.get_by_label("Yes", exact=True).all():
        yes.check()
    return person.press("Clear").is_told("Your answer is recorded.")


def test_a_delegate_clears_and_colleagues_hand_over(team, axe):
    people, sit_down = team
    today = clock.today()
    project = a_project(developer=people[Role.PDEV], complete=True)
    db.session.add(
        Delegation(
            absent_id=people[Role.RTS].id, delegate_id=people["delegate"].id, made_by_id=people[Role.RTS].id,
            from_on=today, until_on=today + timedelta(days=9),
        )
    )  # fmt: skip
    db.session.commit()
    home = f"/projects/{project.reference}"
    sit_down(Role.PDEV).open(f"{home}/submit/submit").press("Submit").is_told("The proposal is submitted.")
    sit_down(Role.COM).open(f"{home}/decisions/clear").press("Clear for review").is_told("Done: Clear for review.")

    delegate = sit_down("delegate").open("/desk").is_at("Everything on my desk").reads("of 10 working days")
    axe(delegate.fits().page)
    delegate.follow("Review as Regional thematic specialist").reads("You answer for RTS person.")
    delegate.press("Take this up").is_told("You have taken this up.")
    axe(delegate.fits().page)
    clear(delegate).open(f"{home}/endorsement").reads("Delegate for RTS person")

    first, second = sit_down(Role.RME), sit_down("second")
    first.open("/").follow("Review as Regional M&E officer").choose("Hand over to", "Second officer").press("Hand over")
    first.is_told("Second officer has it now, and gets a letter.").reads(
        "Second officer has taken this up.", "Take over"
    )
    clear(second.open("/desk").reads("Taken up by Second officer").follow("Review as Regional M&E officer"))
    director = sit_down(Role.RD).open("/waiting").is_at("What waits, by office and region").reads("RPDO person")
    axe(director.fits().page)
    director.follow("How long it takes").reads("Regional M&E officer")
    axe(director.fits().page)
