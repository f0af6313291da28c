"""The process map on its pages: of the Handbook from the tables, of a project with who, when and what comes next."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from prima import clock
from prima.db import db
from prima.permissions import Action, can
from prima.projects import queries
from prima.projects.models import Project
from prima.projects.process import ON_THE_TEAM, TAKERS, Tables, process
from prima.projects.stages import LIFECYCLE, Funding, Status
from prima.sessions import with_rights
from prima.users import Delegation, Role, User
from tests.endorsement.cast import Cast
from tests.factories import a_project, a_user


def told(project: Project, *people: Role):
    edition = project.edition.handbook
    return process(
        edition, queries.statuses(), queries.roles(), project.funding.value, project,
        queries.people_of(project, people or set(Role)),
    )  # fmt: skip


def drawn(page) -> list[str]:
    """The stages of the map as they are told, each with its statuses."""
    return [" ".join(item.get_text(" ").split()) for item in page.soup.select(".map-list > li")]


# -- the Handbook -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("funding", list(Funding))
def test_the_map_shows_every_status_and_every_move_of_the_funding_once(app, funding):
    shown = process(queries.newest_edition().handbook, queries.statuses(), queries.roles(), funding.value)
    of_list = {code for code, row in queries.statuses().items() if row.funding in ("both", funding)}
    assert sorted(box.status.code for band in shown.map.bands for box in band.boxes) == sorted(of_list)
    moves = {(m.source, m.target) for m in LIFECYCLE if {m.source, m.target} <= of_list and m.name != "withdraw"}
    elsewhere = {"fund": {("ENDORSED", "DONOR_SUBMITTED")}, "donor": {("ENDORSED", "FUND_REVIEW")}}[funding]
    assert {(one.source, one.target) for one in shown.map.arrows} == moves - elsewhere
    assert [row.number for row in shown.moves] == list(range(1, len(shown.moves) + 1))
    withdraw = shown.moves[-1]
    assert (withdraw.says, withdraw.sources) == ("Withdraw", "every status before activation")


def test_lines_of_the_shipped_maps_to_different_statuses_never_run_over_each_other(app):
    for funding in Funding:
        shown = process(queries.newest_edition().handbook, queries.statuses(), queries.roles(), funding.value)
        segments = []
        for arrow in shown.map.arrows:
            points = list(arrow.points)
            segments += [(arrow.target, points[place], points[place + 1]) for place in range(len(points) - 1)]
        for target, (x1, y1), (x2, y2) in segments:
            for other, (a1, b1), (a2, b2) in segments:
                if target == other:
                    continue
                upright = x1 == x2 == a1 == a2 and min(y1, y2) < max(b1, b2) and min(b1, b2) < max(y1, y2)
                level = y1 == y2 == b1 == b2 and min(x1, x2) < max(a1, a2) and min(a1, a2) < max(x1, x2)
                assert not upright, (target, other)
                assert not level, (target, other)


def test_the_handbook_page_tells_stages_moves_needs_and_duties(browser_of):
    page = browser_of(a_user("VIEW")).open("/handbook").check()
    assert drawn(page)[2].startswith(
        "Endorsement With head of office still ahead Chief of mission / head of office, 5 wor"
    )
    assert "here now" not in page.soup.select_one(".processmap figcaption").get_text()
    moves = {row[0] + " " + row[1]: row[2:] for row in page.rows("Moves")}
    assert moves["2 Submit"] == [
        "Proposal draft", "With head of office", "Project developer",
        "every section within its limit of words; 31 rules for submitting",
    ]  # fmt: skip
    assert moves["4 Return for changes"][1:] == [
        "Returned for changes", "Chief of mission / head of office", "a written reason",
    ]  # fmt: skip
    assert moves["15 Recommend for approval"][2:] == ["Fund management", "1 check that must pass"]
    assert moves["24 Activate"][3].startswith("an approved budget; a start and an end date; a project manager")
    duties = dict(page.rows("Who does what"))
    assert "Endorsement: Coordinates the review" in duties["Regional project development officer"]
    assert page.rows("Stages")[0][2].startswith("Say in a few lines what the need is")
    other = browser_of(a_user("VIEW")).open("/handbook/donor").check()
    assert "With Fund management" not in other.text
    assert "Deputy Director General (approver)" not in dict(other.rows("Who does what"))


@pytest.mark.parametrize("funding", list(Funding))
@pytest.mark.parametrize("action", TAKERS, ids=str)
def test_the_map_names_exactly_the_roles_that_may(app, action, funding):
    status = next((move.source for move in LIFECYCLE if move.action is action), None)
    if status is None or funding.value not in TAKERS[action]:
        return
    places = dict.fromkeys(("RPDO", "RTS", "RRMO", "RME", "RD", "RAS"), "NBO") | {"COM": "KEN", "RMO": "KEN"}
    people, parts = {}, {}
    for role in Role:
        if role in ON_THE_TEAM:
            people[role] = parts[ON_THE_TEAM[role].value] = a_user(name=role)
        else:
            people[role] = a_user(role, places.get(role), name=role)
    parts.pop("evaluator")
    project = a_project(status=status, funding=funding, **parts)
    loaded = queries.find(project.reference)
    users = db.session.scalars(select(User).options(*with_rights()).execution_options(populate_existing=True)).all()
    loaded = queries.find(project.reference)
    able = {Role(user.name) for user in users if user in people.values() and can(user, action, loaded)}
    assert able == set(TAKERS[action][funding.value])


# -- a project --------------------------------------------------------------------------------------------------------


def test_a_project_says_what_is_done_when_by_whom_and_what_comes_next(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.PDEV], complete=True, budget=100_000)
    cast.to_review(project)
    page = cast.open(Role.COM, f"/projects/{project.reference}/process").check()
    assert "You are here: In review" in page.text
    endorsement = drawn(page)[2]
    assert "With head of office done" in endorsement
    assert "In review here now" in endorsement
    assert "Here since 1 Oct 2016, COM person" in endorsement
    taken = {row[1]: row[6] for row in page.rows("Moves") if row[6]}
    assert taken == {"Submit": "1 Oct 2016, PDEV person", "Clear for review": "1 Oct 2016, COM person"}
    names = {row[0]: row[1] for row in page.rows("Who does what")}
    assert names["Project developer"] == "PDEV person"
    assert names["Regional director / endorser"] == "RD person"
    assert names["Regional accounting support"] == "nobody yet"
    assert "10 Send back now" in page.text
    assert "Who can do it: RPDO person (Regional project development officer)." in page.text


def test_of_the_reviewers_under_conditions_only_those_asked_stand_among_who_does_what(browser_of):
    developer = a_user("PDEV", "KEN")
    small = a_project(developer=developer, funding=Funding.DONOR, complete=True, budget=100_000)
    large = a_project(developer=developer, funding=Funding.DONOR, complete=True, budget=5_000_000)
    browser = browser_of(developer)

    def acting(url):
        return {row[0] for row in browser.open(url).check().rows("Who does what")}

    department, legal = "HQ department specialist", "Legal"
    for each, expected in ((small, set()), (large, {department})):
        roles = acting(f"/projects/{each.reference}/process")
        assert {name for name in roles if name.startswith((department, legal))} == expected
        assert {"Regional project development officer", "Regional M&E officer"} <= roles
    assert {department} <= acting("/handbook/donor")


def test_what_is_missing_is_told_with_the_page_that_mends_it(browser_of):
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer)
    page = browser_of(developer).open(f"/projects/{project.reference}/process").check()
    assert "the section “Summary”" in page.links
    assert page.follow("the section “Summary”").heading == "Summary"


def test_a_project_whose_way_ended_says_so(browser_of):
    reader = a_user("VIEW")
    page = browser_of(reader).open(f"/projects/{a_project(status=Status.FIN_CLOSED).reference}/process").check()
    assert "Nothing: the project's way ends here." in page.text


def test_who_stands_in_is_shown_as_one_for_the_other(browser_of):
    cast = Cast(browser_of)
    deputy = a_user(name="Deputy")
    day = clock.today()
    db.session.add(
        Delegation(
            absent_id=cast[Role.RD].id, delegate_id=deputy.id, role=Role.RD, from_on=day,
            until_on=day + timedelta(days=3), made_by_id=cast[Role.RD].id,
        )
    )  # fmt: skip
    project = a_project(developer=cast[Role.PDEV], status=Status.ENDORSE)
    page = cast.open(Role.PDEV, f"/projects/{project.reference}/process").check()
    names = {row[0]: row[1] for row in page.rows("Who does what")}
    assert names["Regional director / endorser"] == "RD person, Deputy for RD person"
    assert "Who can do it: Deputy, RD person (Regional director / endorser)." in page.text


def test_somebody_on_the_team_holds_the_role_and_does_not_decide(browser_of):
    cast = Cast(browser_of)
    project = a_project(developer=cast[Role.COM], status=Status.OFFICE_CLEAR)
    page = cast.open(Role.COM, f"/projects/{project.reference}/process").check()
    names = {row[0]: row[1] for row in page.rows("Who does what")}
    assert names["Chief of mission / head of office"] == "COM person"
    assert "Who can do it: nobody yet: Chief of mission / head of office." in page.text


def test_a_withdrawn_project_stands_before_activation(app):
    shown = told(queries.story(a_project(status=Status.WITHDRAWN).reference))
    assert [stage.name for stage in shown.map.stages if stage.state == "here"] == ["Before activation"]
    assert shown.following == []


def test_the_process_of_a_project_asks_no_more_for_a_long_history(browser_of, questions):
    cast = Cast(browser_of)
    short = a_project(developer=cast[Role.PDEV], complete=True)
    long = a_project(developer=cast[Role.PDEV], complete=True, budget=100_000)
    cast.submit(long)
    cast.decide(Role.COM, long, "return", note="Please.", sections=("Summary",))
    counts = []
    for project in (short, long):
        cast.open(Role.PDEV, f"/projects/{project.reference}/process")
        questions.clear()
        assert cast.open(Role.PDEV, f"/projects/{project.reference}/process").status == 200
        counts.append(len(questions))
    assert counts[0] == counts[1]


def test_tables_know_who_may_take_every_move(app):
    for funding in Funding:
        tables = Tables(queries.newest_edition().handbook, queries.statuses(), queries.roles(), funding.value)
        assert all(row.who for row in tables.rows())
    assert Action.REVIEW not in TAKERS
