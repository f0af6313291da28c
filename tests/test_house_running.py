"""The house rules that only the running application can show: rights, statuses, migrations, tokens, visibility."""

from __future__ import annotations

import itertools

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from prima.db import Model, db
from prima.handbook import published
from prima.permissions import RULES, Action, can
from prima.places import Office
from prima.projects import queries, visibility
from prima.projects.models import Part, Party, Project
from prima.projects.stages import BEFORE_ACTIVATION, LIFECYCLE, Funding, Status
from prima.reference import reader
from prima.sessions import with_rights
from prima.users import Role, User
from tests.conftest import TODAY
from tests.factories import a_project, a_user


def test_every_view_names_its_action(app):
    nameless = [
        endpoint
        for endpoint, view in app.view_functions.items()
        if endpoint != "static" and not isinstance(getattr(view, "action", None), Action)
    ]
    assert not nameless


def test_every_action_of_a_view_has_rules(app):
    actions = {view.action for endpoint, view in app.view_functions.items() if endpoint != "static"}
    assert not {action for action in actions - RULES.keys() if action is not Action.ANYBODY}


def test_addresses_are_lower_case_kebab(app):
    for rule in app.url_map.iter_rules():
        fixed = "".join(part for is_dynamic, part in rule._trace if not is_dynamic)
        assert fixed == fixed.lower() and "_" not in fixed, rule.rule


def test_no_post_without_its_token(app):
    """Whatever else it says, a POST without a token changes nothing and is a 400."""
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if "POST" in rule.methods:
            values = {name: min(getattr(rule._converters[name], "items", {"1"})) for name in rule.arguments}
            with app.test_request_context():
                url = app.url_map.bind("localhost").build(rule.endpoint, values, method="POST")
            assert client.post(url).status_code == 400, rule.rule


def test_every_status_can_be_reached_and_left():
    terminal = {row["code"] for row in reader.rows("project_statuses.csv") if row["terminal"] == "yes"}
    reached = {move.target for move in LIFECYCLE} | {Status.CONCEPT}
    left = {move.source for move in LIFECYCLE}
    assert reached == set(Status)
    assert set(Status) - left == {Status(code) for code in terminal}


def test_codes_in_the_code_stand_in_the_lists():
    def codes(file: str) -> set[str]:
        return {row["code"] for row in reader.rows(file)}

    assert set(Status) == codes("project_statuses.csv")
    assert set(Role) == {row["code"] for row in reader.rows("team_roles.csv") if row["account"] == "yes"}


def test_the_edition_names_only_codes_of_the_lists(app):
    edition = published.newest(db.session).handbook
    statuses = {row["code"] for row in reader.rows("project_statuses.csv")}
    roles = {row["code"] for row in reader.rows("team_roles.csv")}
    assert {desk.status for desk in edition.desks} <= statuses
    named = {role for desk in edition.desks for role in desk.roles} | {one.role for one in edition.reviewers}
    coded = {one.code for one in edition.reviewers if one.code}
    named |= {check.role for check in edition.checks} - coded
    named |= {report.accepted_by for report in edition.reports}
    assert named <= roles
    stages = {row["stage"] for row in reader.rows("project_statuses.csv")} - {"any before activation"}
    assert stages <= {str(stage.name) for stage in edition.stages}


def test_migrations_lead_to_the_models(app):
    differences = compare_metadata(MigrationContext.configure(db.session.connection()), Model.metadata)
    assert not differences


def test_withdrawing_is_possible_everywhere_before_activation():
    assert {move.source for move in LIFECYCLE if move.name == "withdraw"} == set(BEFORE_ACTIVATION)


def test_the_lists_load_again_without_effect(app):
    assert not any(reader.load(db.session).values())


def test_vienna_stands_under_vienna_and_austria_under_brussels(app):
    offices = {row.code: row for row in db.session.scalars(select(Office).options(selectinload(Office.links)))}
    assert offices["RO-VIE"].region_on(TODAY) == "VIE"
    assert offices["AUT"].region_on(TODAY) == "BRU"
    assert offices["HQ"].region_on(TODAY) is None


@pytest.fixture
def one_of_each(app):
    """A project of each status and funding at a Kenyan, a Colombian and a regional desk."""
    made = []
    for status, funding in itertools.product(Status, Funding):
        for place in ("KEN", "COL", "RO-NBO"):
            made.append(a_project(status=status, funding=funding, office_code=place, countries=("KEN",)))
    for project in made[::5]:
        project.asked_elsewhere = [Role.LEG]
    db.session.flush()
    return made


PEOPLE = [
    (None, None),
    (Role.VIEW, None),
    (Role.ADMIN, None),
    (Role.EVAL, None),
    (Role.FUND, None),
    (Role.DDG, None),
    (Role.MGT, None),
    (Role.FIN, None),
    (Role.LEG, None),
    (Role.LEG, "NBO"),
    (Role.PDEV, "KEN"),
    (Role.COM, "KEN"),
    (Role.RPDO, "NBO"),
    (Role.RD, "BUE"),
    (Role.VIEW, "NBO"),
    (Role.ADMIN, "NBO"),
]


@pytest.mark.parametrize("part", [None, Part.DEVELOPER, Part.REVIEWED, Part.EVALUATOR])
def test_lists_show_exactly_what_may_be_seen(one_of_each, part):
    who = {}
    for role, place in PEOPLE:
        user = a_user(role, place, staff=role is not Role.EVAL)
        who[user.id] = (role, place)
        if part:
            db.session.add_all(Party(project_id=one.id, user_id=user.id, part=part) for one in one_of_each[::7])
    db.session.flush()
    db.session.expire_all()
    anew = select(User).where(User.id.in_(who)).options(*with_rights()).execution_options(populate_existing=True)
    loaded = db.session.scalars(select(Project).options(*queries.with_rights())).all()
    people = db.session.scalars(anew).all()
    assert len(people) == len(PEOPLE)
    for user in people:
        listed = set(db.session.scalars(visibility.visible_projects(user, Project.id)))
        allowed = {project.id for project in loaded if can(user, Action.VIEW_PROJECT, project)}
        assert listed == allowed, who[user.id]
