"""Who belongs to the office of a project or to its Regional Office."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from prima.db import db
from prima.projects.models import Project
from prima.projects.queries import with_rights as with_project_rights
from prima.projects.rights import office_or_region
from prima.sessions import with_rights
from prima.users import Role, User
from tests.factories import a_project, a_user, grant


@pytest.mark.parametrize(
    ("held", "belongs"),
    [
        ([(Role.PM, "KEN")], True),
        ([(Role.RPDO, "NBO")], True),
        ([(Role.PM, "SEN")], False),
        ([(Role.RPDO, "DKR")], False),
        ([(Role.FUND, None)], False),
        ([(Role.ADMIN, "KEN")], False),
        ([], False),
        # Whoever holds a role of the organization as well still belongs to the office.
        ([(Role.FUND, None), (Role.PM, "KEN")], True),
        ([(Role.LEG, None), (Role.RPDO, "NBO")], True),
        ([(Role.FUND, None), (Role.PM, "SEN")], False),
    ],
)
def test_any_role_at_the_office_or_its_region_belongs_there(app, held, belongs):
    made, user = a_project(), a_user()
    for role, place in held:
        grant(user, role, place)
    asked = select(User).where(User.id == user.id).options(*with_rights())
    found = db.session.scalars(asked.execution_options(populate_existing=True)).one()
    there = select(Project).where(Project.id == made.id).options(*with_project_rights())
    project = db.session.scalars(there.execution_options(populate_existing=True)).one()
    assert office_or_region(found, project) is belongs
