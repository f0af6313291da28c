"""What is internal is on no page, in no file and no search of somebody who is only one of the staff."""

from __future__ import annotations

import io
import itertools
import zipfile
from decimal import Decimal

import pytest
from sqlalchemy import select

from prima.db import db
from prima.projects.models import BudgetLine, Comment, Justification, Project, Risk
from prima.projects.stages import Status
from prima.users import Role
from tests.endorsement.cast import Cast
from tests.factories import a_project, a_user

SECRETS = (
    "Zeppelin risk",
    "Zeppelin action",
    "Zeppelin comment",
    "Zeppelin reason",
    "Zeppelin note",
    "zeppelin.example",
)
UNIT_COST = ("4321.09", "4,321.09")
"""Of a line of staff, as it is typed and as it is shown."""
PATHS = (
    "/projects/new/former?q=Zeppelin", "/projects/new/former?q=Airship", "/indicators?q=Zeppelin", "/search?q=Zeppelin",
    "/projects", "/dashboards", "/",
)  # fmt: skip


@pytest.fixture
def cast(browser_of):
    return Cast(browser_of)


@pytest.fixture
def project(cast, browser_of):
    """Submitted with secrets in every internal part, so that its papers are filed; endorsed since."""
    found = a_project(developer=cast[Role.PDEV], complete=True, title="Airship", budget=100_000)
    risk = db.session.scalars(select(Risk).filter_by(project_id=found.id)).first()
    risk.factor, risk.action = SECRETS[:2]
    staff = db.session.scalars(select(BudgetLine).filter_by(project_id=found.id, category_code="STAFF.NAT")).one()
    other = db.session.scalars(select(BudgetLine).filter_by(project_id=found.id, category_code="OPER.TRAIN")).one()
    whole = staff.amount + other.amount
    staff.quantity, staff.unit_cost, staff.amount = Decimal(2), Decimal(UNIT_COST[0]), 2 * Decimal(UNIT_COST[0])
    other.unit_cost = other.amount = whole - staff.amount
    found.focal_point, found.focal_point_contact = "The ministry", f"desk@{SECRETS[5]}"
    db.session.add_all(
        [
            Comment(project_id=found.id, section_code="RAT", author_id=cast[Role.PDEV].id, text=SECRETS[2]),
            Justification(project_id=found.id, rule_code="RISK_TREATED", text=SECRETS[3], by_id=cast[Role.PDEV].id),
        ]
    )
    db.session.commit()
    cast.submit(found)
    page = cast.open(Role.COM, f"/projects/{found.reference}/decisions/return")
    page.fill("Reason", SECRETS[4]).fill("Rationale", True).press(page.buttons[-1])
    db.session.expire_all()
    db.session.get_one(Project, found.id).status = Status.ENDORSED
    db.session.commit()
    return found


def addresses(app, project):
    """Every page of the project that takes no more than a choice of a few."""
    few = {
        "code": ("sum", "rat"), "dimension": ("area", "activity"), "number": ("1",), "kind": ("pdoc", "bud", "risk"),
        "version": ("1",), "role": ("rpdo", "com"), "move": ("submit", "return", "endorse"),
    }  # fmt: skip
    for rule in app.url_map.iter_rules():
        others = sorted(rule.arguments - {"reference"})
        offered = [sorted(getattr(rule._converters[name], "items", few.get(name, ()))) for name in others]
        if "GET" in rule.methods and "reference" in rule.arguments:
            for chosen in itertools.product(*offered):
                values = {"reference": project.reference, **dict(zip(others, chosen, strict=True))}
                yield app.url_map.bind("localhost").build(rule.endpoint, values)


def told(content: bytes) -> str:
    """A page, or all the parts of an office file, as text."""
    if not content.startswith(b"PK"):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


def found_on(browser, urls):
    """Each secret with the pages that tell it, and how many pages there were to see."""
    leaks, opened = [], 0
    for url in urls:
        page = browser.open(url)
        opened += page.status == 200
        text = told(page.content)
        leaks += [(secret, url) for secret in (*SECRETS, *UNIT_COST) if secret in text]
    return leaks, opened


def test_all_staff_meet_nothing_internal(app, cast, project, browser_of):
    urls = list(addresses(app, project))
    leaks, opened = found_on(browser_of(a_user("VIEW")), [*urls, *PATHS])
    assert leaks == []
    assert opened > 25
    known, _opened = found_on(cast.browsers[Role.PDEV], urls)
    assert {secret for secret, _url in known} == {*SECRETS[:5], *UNIT_COST}  # the contact stands on no page yet


def test_nobody_copies_it_out_either(app, cast, project, browser_of):
    developer = browser_of(a_user("PDEV", "COL"))
    page = developer.open(f"/projects/{project.reference}/copy").press("Start the new project")
    assert page.status == 200
    copied = db.session.scalars(select(Project).filter_by(copied_from_id=project.id)).one()
    leaks, _opened = found_on(developer, addresses(app, copied))
    assert leaks == []
