"""Text is never lost: it saves itself, survives a lost line and a closed tab, and meets a colleague's without harm."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from prima.db import db
from prima.projects.models import Part, Party, Project, Section
from prima.users import Role
from tests.factories import a_project
from tests.journeys.people import Cast, Person

SAVED = re.compile(r"^Saved \d\d:\d\d UTC\+3$")
OFFLINE = "Not saved: no connection. It is kept in this browser and sent as soon as the line is back."
SOON, NEVER = 50, 600_000
"""Milliseconds of rest, so that nobody waits in a test."""

CUT = """() => new Promise((done) => {
  window.fetch = () => { done(); return Promise.reject(new TypeError("no connection")); };
})"""


@pytest.fixture
def cast(browser_page) -> Cast:
    cast = Cast(browser_page, {})
    cast.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
    cast.add("colleague", Role.PDEV, "KEN", "Second developer, Kenya")
    return cast


@pytest.fixture
def project(cast) -> Project:
    made = a_project(developer=cast.people["developer"])
    db.session.add(Party(project_id=made.id, user_id=cast.people["colleague"].id, part=Part.DEVELOPER))
    db.session.commit()
    return made


@pytest.fixture
def section(project) -> str:
    """The address of the rationale."""
    return f"/projects/{project.reference}/sections/rat"


def write_at(person: Person, section: str, *, rest: int = SOON, longest: int = SOON) -> Person:
    person.open("/").open(section).is_at("Rationale")
    return waits(person, rest, longest)


def waits(person: Person, rest: int = SOON, longest: int = SOON) -> Person:
    """How long the page lets somebody rest before it saves, and how long it lets them type on."""
    form = person.page.locator("form[data-autosave]")
    form.evaluate("(form, [rest, longest]) => Object.assign(form.dataset, { rest, longest })", [rest, longest])
    return person


def types(person: Person, text: str) -> Person:
    """Letter by letter, as people do; `fill` would not be interrupted."""
    person.field("Rationale").press_sequentially(text)
    return person


def is_told_beside(person: Person, text: str | re.Pattern) -> Person:
    expect(person.page.locator("[data-part=status]")).to_have_text(text)
    return person


def has_saved(person: Person) -> Person:
    expect(person.page.locator("form[data-unsent]")).to_have_count(0)
    return is_told_beside(person, SAVED)


def closes_without_a_line(person: Person) -> None:
    """Not even what a browser sends on closing a tab gets through, once the try that is under way has ended."""
    person.page.evaluate(CUT)
    context = person.page.context
    person.page.close()
    context.set_offline(False)
    person.page = context.new_page()


def holds(person: Person, text: str) -> Person:
    expect(person.field("Rationale")).to_have_value(text)
    return person


def is_offered(person: Person, kept: str) -> Person:
    """The text that the browser kept, to be read before it is taken back or discarded."""
    expect(person.page.get_by_text("Text that was not sent")).to_be_visible()
    expect(person.page.locator("[data-part=kept]")).to_be_hidden()
    person.unfold("Read it")
    expect(person.page.get_by_text(kept, exact=True)).to_be_visible()
    return person


def is_offered_nothing(person: Person) -> Person:
    expect(person.page.get_by_text("Text that was not sent")).to_be_hidden()
    return person


def stored() -> list[str]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Section.text)))


def test_text_saves_itself(cast, section, axe):
    developer = write_at(cast.developer, section)
    has_saved(types(developer, "Workers pay for jobs."))
    assert stored() == ["Workers pay for jobs."]
    axe(developer.fits().page)
    developer.page.reload()
    is_offered_nothing(holds(developer, "Workers pay for jobs."))
    # What is saved is left without a question; the button finds nothing to do and goes on.
    developer.press("Save").is_told("Saved")


def test_it_saves_while_somebody_types_on(cast, section):
    developer = write_at(cast.developer, section, rest=NEVER, longest=SOON)
    has_saved(types(developer, "Without a rest"))


def test_leaving_at_once_loses_nothing(cast, section):
    developer = write_at(cast.developer, section, rest=NEVER, longest=NEVER)
    asked = []
    developer.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    types(developer, "Half a").follow("Back to the proposal").is_at("Proposal")
    assert asked == ["beforeunload"]
    developer.open(section)
    if developer.page.get_by_role("button", name="Restore it").is_visible():
        developer.press("Restore it")
    holds(developer, "Half a")


def test_the_button_saves_what_waits(cast, section):
    developer = write_at(cast.developer, section, rest=NEVER, longest=NEVER)
    types(developer, "Pressed at once").press("Save and go on: Project description").is_at("Project description")
    assert stored() == ["Pressed at once"]
    is_offered_nothing(holds(developer.open(section), "Pressed at once"))


def test_a_lost_line_and_its_return(cast, section):
    developer = write_at(cast.developer, section)
    has_saved(types(developer, "Before. "))
    developer.page.context.set_offline(True)
    is_told_beside(types(developer, "During. "), OFFLINE)
    # The button keeps its page, and what is typed meanwhile is sent too.
    developer.press("Save").is_at("Rationale")
    is_told_beside(types(developer, "More."), OFFLINE)
    developer.page.context.set_offline(False)
    has_saved(developer)
    developer.page.reload()
    is_offered_nothing(holds(developer, "Before. During. More."))
    assert stored() == ["Before. During. More."]


def test_a_line_that_comes_and_goes_while_somebody_types(cast, section):
    developer = write_at(cast.developer, section)
    typed = ""
    for word in ("One. ", "Two. ", "Three. "):
        developer.page.context.set_offline(True)
        is_told_beside(types(developer, word), OFFLINE)
        developer.page.context.set_offline(False)
        has_saved(types(developer, "And on. "))
        typed += f"{word}And on. "
        assert stored() == [typed.strip()]
        holds(developer, typed)


def test_a_colleague_who_saved_while_the_line_was_away_is_not_written_over(cast, section, browser_page):
    developer, colleague = write_at(cast.developer, section), write_at(cast.colleague, section)
    developer.page.context.set_offline(True)
    is_told_beside(types(developer, "Mine."), OFFLINE)
    has_saved(types(colleague, "Theirs."))
    developer.page.context.set_offline(False)
    is_told_beside(developer, re.compile("^Second developer, Kenya saved this meanwhile"))
    browser_page.faults[:] = [one for one in browser_page.faults if not re.match("409 for POST .*/autosave$", one)]
    assert stored() == ["Theirs."]
    developer.press("Compare").is_at("Saved by somebody else meanwhile")
    assert developer.rows("What you typed, and what stands there now") == [["Rationale", "Mine.", "Theirs."]]


def test_an_answer_that_never_came_is_no_conflict(cast, section):
    """The line breaks after the server saved: the same text is sent again, then what was typed since."""
    developer = write_at(cast.developer, section)
    page = developer.page
    lost = []

    def lose(route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/autosave", lose, times=1)
    has_saved(types(developer, "Sent once"))
    has_saved(types(developer, " and again"))
    page.reload()
    holds(developer, "Sent once and again")
    assert lost == [200]


def test_a_tab_closed_without_a_line_gives_its_text_back(cast, section, axe):
    developer = write_at(cast.developer, section)
    has_saved(types(developer, "Sent. "))
    developer.page.context.set_offline(True)
    is_told_beside(types(developer, "Kept here."), OFFLINE)
    closes_without_a_line(developer)
    waits(holds(developer.open(section), "Sent."))
    is_offered(developer, "Sent. Kept here.")
    axe(developer.fits().page)
    has_saved(holds(developer.press("Restore it"), "Sent. Kept here."))
    assert stored() == ["Sent. Kept here."]
    developer.page.reload()
    is_offered_nothing(holds(developer, "Sent. Kept here."))


def test_what_was_kept_can_be_discarded(cast, section):
    developer = write_at(cast.developer, section)
    developer.page.context.set_offline(True)
    is_told_beside(types(developer, "Never mind."), OFFLINE)
    closes_without_a_line(developer)
    is_offered_nothing(holds(developer.open(section).press("Discard it"), ""))
    developer.page.reload()
    is_offered_nothing(holds(developer, ""))


def test_a_colleague_saved_meanwhile(cast, section, axe, browser_page):
    developer, colleague = write_at(cast.developer, section), write_at(cast.colleague, section)
    has_saved(types(colleague, "Their words."))
    is_told_beside(types(developer, "My"), re.compile("^Second developer, Kenya saved this meanwhile"))
    # Refusing is this answer's right; a page that is refused anything else still fails the journey.
    browser_page.faults[:] = [one for one in browser_page.faults if not re.match("409 for POST .*/autosave$", one)]
    types(developer, " words.")
    axe(developer.fits().page)
    developer.press("Compare").is_at("Saved by somebody else meanwhile")
    assert developer.rows("What you typed, and what stands there now") == [["Rationale", "My words.", "Their words."]]
    assert stored() == ["Their words."]
    developer.press("Save what I typed").is_told("Saved")
    is_offered_nothing(holds(developer, "My words."))


def test_kept_text_never_writes_over_a_colleague(cast, section, browser_page):
    developer = write_at(cast.developer, section)
    developer.page.context.set_offline(True)
    is_told_beside(types(developer, "Mine."), OFFLINE)
    closes_without_a_line(developer)
    has_saved(types(write_at(cast.colleague, section), "Theirs."))
    waits(holds(developer.open(section), "Theirs.")).press("Restore it").press("Compare")
    browser_page.faults[:] = [one for one in browser_page.faults if not re.match("409 for POST .*/autosave$", one)]
    assert developer.rows("What you typed, and what stands there now") == [["Rationale", "Mine.", "Theirs."]]


def test_what_cannot_be_taken_is_said_beside_the_field(cast, section, browser_page):
    developer = write_at(cast.developer, section)
    developer.type("Rationale", "x" * 20_001)
    is_told_beside(developer, re.compile("^At most 20,000 characters fit here"))
    browser_page.faults[:] = [one for one in browser_page.faults if not re.match("422 for POST .*/autosave$", one)]
    has_saved(developer.type("Rationale", "Shorter."))


def test_without_script_the_button_saves(browser_page):
    cast = Cast(browser_page, {"javascript": False, "width": 390})
    cast.add("developer", Role.PDEV, "KEN", "Project developer, Kenya")
    project = a_project(developer=cast.people["developer"])
    db.session.commit()
    developer = cast.developer.open("/").open(f"/projects/{project.reference}/sections/rat")
    is_offered_nothing(developer).type("Rationale", "By hand.").fits().press("Save").is_told("Saved")
    holds(developer, "By hand.")
