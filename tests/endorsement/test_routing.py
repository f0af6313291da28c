"""Where a proposal goes: the seats that an edition asks, who may see it elsewhere, and roles that nobody holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.endorsement.models import Clearance, Round
from prima.endorsement.routing import elsewhere, stops
from prima.handbook.edition import Reviewer
from prima.lists import Donor
from prima.outbox import Letter
from prima.permissions import Action, can
from prima.projects.models import AreaAllocation, Project
from prima.projects.queries import find
from prima.projects.stages import Funding, Status
from prima.projects.visibility import visible_projects
from prima.sessions import with_rights
from prima.users import Role, User
from tests.endorsement.cast import REVIEWERS, Cast
from tests.factories import a_project, a_user, grant

RPDO = Reviewer(role="RPDO", scope="region", days=10)
RTS = Reviewer(role="RTS", scope="region", days=10, areas=True, fallback="RPDO")
BRUSSELS = Reviewer(role="RPDO", code="RPDO-BRU", scope="named", place="BRU", days=10, fallback="RD")
LEGAL = Reviewer(role="LEG", scope="headquarters", days=5)
RMO = Reviewer(role="RMO", scope="office", days=5, required=False)
THEMATIC = "Regional thematic specialist"


# -- the seats --------------------------------------------------------------------------------------------------------


def seats(*reviewers: Reviewer, region: str | None = "NBO", **more) -> list[tuple[str, tuple[str, ...]]]:
    return [(stop.seat, stop.areas) for stop in stops(reviewers, region_code=region, **more)]


def test_without_specialists_one_thematic_review_looks_at_every_area():
    assert seats(RPDO, RTS, areas=["LHD", "MHD"]) == [("RPDO", ()), ("RTS", ("LHD", "MHD"))]


def test_a_specialist_is_asked_for_the_area_and_somebody_for_the_rest():
    named = {Role.RTS: {"MHD", "IBM"}}
    found = stops([RTS], region_code="NBO", areas=["LHD", "MHD"], specialists=named)
    assert [(stop.seat, stop.areas, stop.specialist) for stop in found] == [
        ("RTS", ("LHD",), False),
        ("RTS.MHD", ("MHD",), True),
    ]


def test_where_every_area_has_a_specialist_nobody_else_is_asked():
    assert seats(RTS, areas=["LHD", "MHD"], specialists={Role.RTS: {"LHD", "MHD"}}) == [
        ("RTS.LHD", ("LHD",)),
        ("RTS.MHD", ("MHD",)),
    ]


def test_a_proposal_without_areas_of_work_has_one_thematic_review():
    assert seats(RTS, areas=[], specialists={Role.RTS: {"MHD"}}) == [("RTS", ())]


def test_a_named_office_is_not_asked_where_it_is_the_projects_own():
    assert seats(RPDO, BRUSSELS, region="BRU") == [("RPDO", ())]
    assert seats(RPDO, BRUSSELS, region="NBO") == [("RPDO", ()), ("RPDO-BRU", ())]
    # Without a clearance of the same role at the project's own office, the named one is what there is.
    assert seats(BRUSSELS, region="BRU") == [("RPDO-BRU", ())]
    assert seats(RPDO, BRUSSELS, region=None) == [("RPDO", ()), ("RPDO-BRU", ())]


def test_a_seat_keeps_what_the_edition_says_of_it():
    [first, second] = stops([RMO, BRUSSELS], region_code="NBO")
    assert (first.required, first.scope, first.days, first.fallback) == (False, "office", 5, None)
    assert (second.required, second.place, second.fallback) == (True, "BRU", Role.RD)


def test_those_asked_from_elsewhere_are_named_with_their_fallback():
    asked = {stop.seat: elsewhere(stop) for stop in stops([RPDO, BRUSSELS, LEGAL], region_code="NBO")}
    assert asked == {"RPDO": {"RPDO"}, "RPDO-BRU": {"RPDO@BRU", "RD@BRU", "RPDO", "RD"}, "LEG": {"LEG"}}


# -- a proposal's road ------------------------------------------------------------------------------------------------


@pytest.fixture
def cast(browser_of) -> Cast:
    return Cast(browser_of)


@pytest.fixture
def for_the_eu(cast) -> Project:
    db.session.add(Donor(code="EU_FUND", name="A fund of the European Union", kind="eu", eu_money=True))
    db.session.flush()
    return a_project(developer=cast[Role.PDEV], funding=Funding.DONOR, donor_code="EU_FUND", complete=True)


def road(cast: Cast, project: Project, who=Role.PDEV) -> dict[str, list[str]]:
    """Where, why and who, by role; a role asked in two places has the second under its place."""
    found: dict[str, list[str]] = {}
    for row in cast.open(who, f"/projects/{project.reference}/submit/submit").check().rows("This will go to"):
        found[row[0] if row[0] not in found else f"{row[0]}, {row[1]}"] = row[1:]
    return found


def seats_of(project: Project) -> dict[str, Clearance]:
    db.session.expire_all()
    newest = select(Round.id).where(Round.project_id == project.id).order_by(Round.number.desc()).limit(1)
    found = select(Clearance).where(Clearance.round_id == newest.scalar_subquery())
    return {one.seat: one for one in db.session.scalars(found)}


def status(project: Project) -> Status:
    db.session.expire_all()
    return db.session.scalars(select(Project.status).where(Project.id == project.id)).one()


def letters(user: User) -> list[tuple[str, str]]:
    asked = select(Letter.subject, Letter.body).where(Letter.recipient == user.email).order_by(Letter.id)
    return [tuple(row) for row in db.session.execute(asked)]


def test_eu_money_goes_through_brussels_and_the_developer_sees_why(cast, for_the_eu):
    cast.add("brussels", Role.RPDO, "BRU")
    assert road(cast, for_the_eu)["Regional project development officer, Regional Office Brussels"] == [
        "Regional Office Brussels", "because it is money of the EU", "brussels person", "10",
    ]  # fmt: skip
    assert road(cast, for_the_eu)["Donor"][0] == "A fund of the European Union"
    page = cast.open(Role.PDEV, f"/projects/{for_the_eu.reference}/proposal").check()
    assert "Regional Office Brussels, because it is money of the EU, 10 working days" in page.text


def test_of_alternatives_only_those_that_hold_are_told(cast):
    project = a_project(developer=cast[Role.PDEV], funding=Funding.DONOR, complete=True, budget=6_000_000)
    told = road(cast, project)
    assert told["HQ department specialist"][1] == "because the budget in USD is 5,000,000 or more"
    assert told["Resource management officer"][1] == (
        "because the budget in USD is 1,000,000 or more; optional, the answer is not waited for"
    )
    assert told["HQ department specialist"][2] == (
        "nobody Nobody holds this role at headquarters; the proposal waits there until somebody is granted it. "
        "Administrators are told."
    )
    assert "Nobody holds this role in Kenya; the answer is not waited for." in told["Resource management officer"][2]


def test_a_holder_on_the_team_is_told_from_a_role_that_nobody_holds(browser_of):
    cast = Cast(browser_of, without=(Role.RME,))
    grant(cast[Role.PDEV], Role.RME, "NBO")
    told = road(cast, a_project(developer=cast[Role.PDEV], complete=True))
    assert told["Regional M&E officer"][2].startswith(
        "RPDO person nobody Whoever holds this role in Nairobi has another part in this project; the Regional project "
        "development officer answers for it."
    )


def test_a_specialist_of_other_areas_answers_where_nobody_is_there_for_the_rest(browser_of):
    cast = Cast(browser_of, without=(Role.RTS,))
    cast.people["health"] = a_user(name="health person")
    grant(cast["health"], Role.RTS, "NBO", areas=("MHD",))
    told = road(cast, a_project(developer=cast[Role.PDEV], complete=True))[THEMATIC]
    assert told[0] == "Regional Office Nairobi; Labour mobility and human development"
    assert told[2].startswith("health person, RPDO person nobody Nobody holds this role in Nairobi; a specialist of")


def test_administrators_get_one_letter_an_event_and_a_granted_role_needs_nothing_more(browser_of):
    cast = Cast(browser_of, without=(Role.RTS, Role.RRMO, Role.RD))
    second = cast.add("second", Role.ADMIN)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.has_submitted(project)
    for administrator in (cast[Role.ADMIN], second):
        [(subject, body)] = letters(administrator)
        assert subject == f"Nobody for 3 roles: {project.reference}"
        assert "Nobody holds this role in Nairobi; the Regional project development officer answers for it." in body
        assert "(Regional accounting support)" in body
        assert body.count("\n- ") == 3
        assert project.title not in body
    cast.has_decided(Role.COM, project, "clear")
    assert [subject for subject, _body in letters(second)][1:] == [f"Nobody for 2 roles: {project.reference}"]
    assert cast.open(Role.RPDO, f"/projects/{project.reference}/clearances/rts").status == 200
    cast.people[Role.RTS] = a_user(Role.RTS, "NBO", name="RTS person")
    assert "Review as Regional thematic specialist" in cast.open(Role.RTS, "/").text
    assert cast.open(Role.RPDO, f"/projects/{project.reference}/clearances/rts").status == 403
    assert cast.review(Role.RTS, project, Role.RTS).status == 200


def test_the_fallback_answers_and_the_record_says_so(browser_of):
    cast = Cast(browser_of, without=(Role.RME,))
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/process").check()
    told = {row[0]: row[1:] for row in page.rows("Reviewers of this proposal")}
    assert told["Regional M&E officer"][-1] == "open"
    assert told["Regional M&E officer"][-2].startswith("RPDO person nobody Nobody holds this role in Nairobi;")
    cast.has_reviewed(Role.RPDO, project, Role.RME)
    cast.all_clear(project, but=(Role.RME,))
    assert status(project) is Status.ENDORSE
    rows = cast.open(Role.RD, f"/projects/{project.reference}/endorsement").rows("Answers in round 1")
    [row] = [row for row in rows if row[0] == "Regional M&E officer"]
    assert row[1].startswith("cleared")
    assert "as nobody held the role" in row[1]
    assert row[2] == "RPDO person"
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/process").check()
    assert ["RPDO person", "cleared, 1 Oct 2016"] in [row[-2:] for row in page.rows("Reviewers of this proposal")]


# -- who sees it elsewhere --------------------------------------------------------------------------------------------


def sees(user: User, project: Project) -> tuple[bool, bool, bool]:
    """In lists, on its page, and its internal parts."""
    db.session.commit()
    db.session.expire_all()
    fresh = find(project.reference)
    person = db.session.scalars(
        select(User).where(User.id == user.id).options(*with_rights()).execution_options(populate_existing=True)
    ).one()
    listed = project.id in db.session.scalars(visible_projects(person, Project.id)).all()
    return listed, can(person, Action.VIEW_PROJECT, fresh), can(person, Action.VIEW_INTERNAL, fresh)


def test_brussels_sees_what_it_is_asked_about_from_then_on(cast, for_the_eu):
    brussels = cast.add("brussels", Role.RPDO, "BRU")
    dakar, thematic = a_user(Role.RPDO, "DKR"), a_user(Role.RTS, "BRU")
    cast.has_submitted(for_the_eu)
    assert sees(brussels, for_the_eu) == (False, False, False)
    cast.has_decided(Role.COM, for_the_eu, "clear")
    assert sees(brussels, for_the_eu) == (True, True, True)
    assert "Review as Regional project development officer (Brussels)" in cast.open("brussels", "/").text
    cast.has_reviewed("brussels", for_the_eu, "rpdo-bru")
    cast.has_decided(Role.RPDO, for_the_eu, "return", note="Shorter.", sections=("Summary",))
    assert sees(brussels, for_the_eu) == (True, True, True)
    for stranger in (dakar, thematic):
        assert sees(stranger, for_the_eu) == (False, False, False)


def test_who_holds_a_regional_role_for_the_whole_organization_sees_what_it_reviews(browser_of):
    cast = Cast(browser_of, without=(Role.RTS,))
    cast.add(Role.RTS, Role.RTS)
    project = a_project(developer=cast[Role.PDEV], complete=True)
    cast.to_review(project)
    assert sees(cast[Role.RTS], project) == (True, True, True)
    assert cast.review(Role.RTS, project, Role.RTS).status == 200


# -- specialists who come and go between rounds -----------------------------------------------------------------------


@pytest.fixture
def two_areas(cast) -> Project:
    """Half labour mobility, half migration health; a specialist of health has an account of her own."""
    project = a_project(developer=cast[Role.PDEV], complete=True)
    labour = db.session.scalars(select(AreaAllocation).where(AreaAllocation.project_id == project.id)).one()
    labour.amount /= 2
    db.session.add(AreaAllocation(project_id=project.id, code="MHD", amount=labour.amount))
    cast.people["health"] = a_user(name="health person")
    db.session.commit()
    return project


def return_it(cast: Cast, project: Project) -> None:
    """All but M&E clear, M&E returns: the round is over."""
    cast.has_reviewed(Role.RME, project, Role.RME, "Return for changes", note="Shorter.", sections=("Summary",))
    cast.all_clear(project, but=(Role.RME, Role.RTS))
    assert status(project) is Status.RETURNED


def test_the_general_clearance_stands_for_a_specialist_who_came_later(cast, two_areas):
    cast.to_review(two_areas)
    cast.has_reviewed(Role.RTS, two_areas, Role.RTS)
    return_it(cast, two_areas)
    grant(cast["health"], Role.RTS, "NBO", areas=("MHD",))
    cast.has_submitted(two_areas)
    found = seats_of(two_areas)
    assert (found["RTS"].areas, found["RTS.MHD"].areas) == (["LHD"], ["MHD"])
    assert found["RTS"].is_given
    assert found["RTS.MHD"].is_given
    assert found["RTS.MHD"].decided_by_id == cast[Role.RTS].id
    assert found["RME"].is_open


def test_a_draft_does_not_wander_to_a_specialist_who_came_later(cast, two_areas):
    cast.to_review(two_areas)
    cast.has_reviewed(Role.RTS, two_areas, Role.RTS, "Save as a draft", note="Still thinking.")
    cast.has_decided(Role.RPDO, two_areas, "return", note="Shorter.", sections=("Summary",))
    grant(cast["health"], Role.RTS, "NBO", areas=("MHD",))
    cast.has_submitted(two_areas)
    found = seats_of(two_areas)
    assert (found["RTS"].note, found["RTS.MHD"].note) == ("Still thinking.", "")
    answers = db.session.scalars(select(Clearance).where(Clearance.id == found["RTS.MHD"].id)).one()
    assert cast.open("health", f"/projects/{two_areas.reference}/clearances/rts.mhd").status == 200
    assert answers.is_open


def test_what_a_specialist_cleared_stands_when_nobody_is_a_specialist_any_more(cast, two_areas):
    held = grant(cast["health"], Role.RTS, "NBO", areas=("MHD",))
    cast.to_review(two_areas)
    cast.has_reviewed(Role.RTS, two_areas, Role.RTS)
    cast.has_reviewed("health", two_areas, "RTS.MHD")
    return_it(cast, two_areas)
    held.revoked_at = clock.now()
    db.session.commit()
    cast.has_submitted(two_areas)
    found = seats_of(two_areas)
    assert {seat: one.is_given for seat, one in found.items() if seat.startswith("RTS")} == {
        "RTS": True, "RTS.MHD": True,
    }  # fmt: skip
    assert found["RTS.MHD"].decided_by_id == cast["health"].id


def test_what_a_specialist_did_not_clear_falls_to_the_general_review(cast, two_areas):
    held = grant(cast["health"], Role.RTS, "NBO", areas=("MHD",))
    cast.to_review(two_areas)
    cast.has_reviewed(Role.RTS, two_areas, Role.RTS)
    cast.has_reviewed("health", two_areas, "RTS.MHD", "Return for changes", note="Shorter.", sections=("Summary",))
    cast.all_clear(two_areas, but=(Role.RTS,))
    assert status(two_areas) is Status.RETURNED
    held.revoked_at = clock.now()
    db.session.commit()
    cast.has_submitted(two_areas)
    found = seats_of(two_areas)
    assert "RTS.MHD" not in found
    assert (found["RTS"].areas, found["RTS"].is_open) == (["LHD", "MHD"], True)
    # What the general review answered before is its draft: the further area is looked at, not everything anew.
    page = cast.open(Role.RTS, f"/projects/{two_areas.reference}/clearances/rts").check()
    assert all(page.value(question) == "Yes" for question in cast.questions(page))


# -- optional reviewers -----------------------------------------------------------------------------------------------


@pytest.fixture
def with_an_option(cast) -> Project:
    """A donor's proposal of a size at which the office's resource management officer may answer."""
    cast.add(Role.RMO, Role.RMO, "KEN")
    return a_project(developer=cast[Role.PDEV], funding=Funding.DONOR, complete=True, budget=1_500_000)


def test_an_optional_answer_is_not_waited_for_and_a_late_one_is_told_what_happened(cast, with_an_option):
    cast.to_review(with_an_option)
    late = cast.open(Role.RMO, f"/projects/{with_an_option.reference}/clearances/rmo").check()
    cast.all_clear(with_an_option)
    assert status(with_an_option) is Status.ENDORSE
    note = "Comments, or the reason of a return (optional)"
    answered = late.fill(note, "What I meant to say.").press("Clear").check()
    assert answered.status == 409
    assert any("All clearances given" in error for error in answered.errors)
    assert answered.value(note) == "What I meant to say."
    assert seats_of(with_an_option)["RMO"].is_open
    rows = cast.open(Role.RD, f"/projects/{with_an_option.reference}/endorsement").check().rows("Answers in round 1")
    assert ["Resource management officer", "not answered in this round"] in [row[:2] for row in rows]
    assert cast.decide(Role.RD, with_an_option, "endorse").status == 200
    assert status(with_an_option) is Status.ENDORSED


def test_an_optional_return_in_time_counts_like_any_other(cast, with_an_option):
    cast.to_review(with_an_option)
    cast.has_reviewed(Role.RMO, with_an_option, Role.RMO, "Return for changes", note="Too dear.", sections=("Summary",))
    assert status(with_an_option) is Status.REVIEW
    cast.all_clear(with_an_option)
    assert status(with_an_option) is Status.RETURNED
    cast.has_submitted(with_an_option)
    assert {seat for seat, one in seats_of(with_an_option).items() if one.is_open} == {"RMO"}
    # Everything that is waited for stands: the proposal is with the endorser at once.
    assert status(with_an_option) is Status.ENDORSE


def test_an_open_optional_answer_stays_asked_in_the_next_round(cast, with_an_option):
    cast.to_review(with_an_option)
    cast.has_reviewed(Role.RME, with_an_option, Role.RME, "Return for changes", note="Shorter.", sections=("Summary",))
    cast.all_clear(with_an_option, but=(Role.RME,))
    cast.has_submitted(with_an_option)
    assert {seat for seat, one in seats_of(with_an_option).items() if one.is_open} == {"RME", "RMO"}
    assert {role.value for role in REVIEWERS} < set(seats_of(with_an_option))


# -- the pages --------------------------------------------------------------------------------------------------------


def test_the_handbook_says_the_reviewers_with_their_conditions(browser_of):
    page = browser_of(a_user(Role.VIEW)).open("/handbook/donor").check()
    rows = page.rows("Reviewers")
    assert [
        "Regional project development officer", "Regional Office Brussels", "when it is money of the EU", "10",
        "Regional director / endorser answers",
    ] in rows  # fmt: skip
    assert [
        "Legal", "Headquarters", "when there is an agreement and the budget in USD is 1,000,000 or more", "5",
        "an administrator grants it",
    ] in rows  # fmt: skip
    assert rows[1][1] == "its Regional Office; a specialist for each area of work, where there is one"


def test_the_map_of_a_project_shows_those_really_asked(cast, for_the_eu):
    cast.add("brussels", Role.RPDO, "BRU")
    page = cast.open(Role.PDEV, f"/projects/{for_the_eu.reference}/process").check()
    rows = page.rows("Reviewers of this proposal")
    assert [row[0] for row in rows].count("Regional project development officer") == 2
    assert "Legal" not in [row[0] for row in rows]
    assert {row[-1] for row in rows} == {"not asked yet"}
    cast.has_submitted(for_the_eu)
    # Whom it concerns was judged by what was submitted, though the list says otherwise now.
    db.session.get(Donor, "EU_FUND").eu_money = False
    db.session.commit()
    page = cast.open(Role.PDEV, f"/projects/{for_the_eu.reference}/process").check()
    assert "because it is money of the EU" in [row[2] for row in page.rows("Reviewers of this proposal")]
    cast.has_decided(Role.COM, for_the_eu, "clear")
    page = cast.open(Role.PDEV, f"/projects/{for_the_eu.reference}/process").check()
    assert [row[-1] for row in page.rows("Reviewers of this proposal")] == ["open"] * 5


def test_an_imported_project_says_that_nobody_was_asked(cast):
    project = a_project(status=Status.ACTIVE, starts_on=date(2016, 1, 1), ends_on=date(2016, 1, 1) + timedelta(365))
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/process").check()
    assert "No reviewer was asked here" in page.text
