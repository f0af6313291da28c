"""A proposal loaded by one question is the same as one loaded table by table."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import selectinload

from prima.db import db
from prima.projects import queries
from prima.projects.loading import PROPOSAL, STORY, load
from prima.projects.models import (
    Agreement,
    Comment,
    Extent,
    GenderAnswers,
    Indicator,
    IndicatorSplit,
    Justification,
    Milestone,
    Partner,
    Project,
    Section,
    ThemeMark,
)
from prima.projects.snapshot import snapshot
from tests.conftest import TODAY
from tests.factories import a_project, a_user

RELATIONS = PROPOSAL | STORY


@pytest.fixture
def whole(app):
    """A proposal with a row of every table, some of them with odd values."""
    developer = a_user("PDEV", "KEN")
    project = a_project(developer=developer, complete=True, budget="100000.10", countries=("KEN", "UGA"))
    section = db.session.scalars(select(Section).where(Section.project_id == project.id).limit(1)).one()
    section.saved_by_id, section.text = developer.id, 'Quotes " and \\ and \n lines, עברית, 🙂'
    indicator = db.session.scalars(select(Indicator).where(Indicator.project_id == project.id).limit(1)).one()
    db.session.add_all(
        [
            IndicatorSplit(indicator_id=indicator.id, sex_code="SEX_FEMALE", age_code=None, target=Decimal("12.5")),
            IndicatorSplit(indicator_id=indicator.id, sex_code="SEX_MALE", age_code=None, target=Decimal("27.5")),
            Partner(project_id=project.id, position=1, name="Ministry", agreement=Agreement.SIGNED),
            Milestone(project_id=project.id, name="Start", planned_on=TODAY),
            Justification(project_id=project.id, rule_code="NAT_MIN", text="Small", by_id=developer.id),
            ThemeMark(project_id=project.id, code="GEN", note="How"),
            Comment(
                project_id=project.id,
                section_code="RAT",
                sections=["RAT", "BUD"],
                author_id=developer.id,
                text="Which?",
            ),
            GenderAnswers(project_id=project.id, outputs=Extent.SOME, main_aim=False),
        ]
    )
    db.session.flush()
    return project.id


def found(project_id: int) -> Project:
    return db.session.scalars(select(Project).where(Project.id == project_id).options(*queries.with_rights())).one()


def table_by_table(project_id: int) -> Project:
    options = [selectinload(getattr(Project, name)) for name in RELATIONS]
    for name, along in RELATIONS.items():
        model = inspect(Project).relationships[name].mapper.class_
        options += [selectinload(getattr(Project, name)).selectinload(getattr(model, other)) for other in along]
    query = select(Project).where(Project.id == project_id).options(*queries.with_rights(), *options)
    return db.session.scalars(query).one()


def told(project: Project) -> dict[str, object]:
    """Every value of every row, with its type, and what stands along."""
    rows = {}
    for name, along in RELATIONS.items():
        value = getattr(project, name)
        many = value if isinstance(value, list) else [value]
        rows[name] = [
            [
                [(one.key, repr(getattr(row, one.key))) for one in inspect(type(row)).column_attrs],
                [
                    [inspect(part).identity for part in (other if isinstance(other, list) else [other]) if part]
                    for way in along
                    for other in [getattr(row, way)]
                ],
            ]
            for row in many
        ]
        if not inspect(Project).relationships[name].order_by:
            rows[name].sort()
    return rows


def test_every_value_is_the_same(whole):
    db.session.expunge_all()
    apart = told(table_by_table(whole))
    db.session.expunge_all()
    project = found(whole)
    load(db.session(), [project], RELATIONS)
    assert told(project) == apart
    assert not [name for name in PROPOSAL if not apart[name]]
    assert not db.session.dirty


def test_it_is_one_question(whole, questions):
    project = found(whole)
    questions.clear()
    load(db.session(), [project], RELATIONS)
    assert len(questions) == 1


def test_what_the_session_holds_is_brought_up_to_date(whole):
    project = found(whole)
    load(db.session(), [project], PROPOSAL)
    line, section = project.lines[0], project.sections[0]
    db.session.execute(
        text("update budget_line set amount = 7.70, description = 'New' where id = :id"), {"id": line.id}
    )
    db.session.execute(text("delete from section where id = :id"), {"id": section.id})
    load(db.session(), [project], PROPOSAL)
    assert project.lines[0] is line
    assert (line.amount, line.description) == (Decimal("7.70"), "New")
    assert section not in project.sections
    assert not db.session.dirty


def test_rows_can_be_changed_and_removed_afterwards(whole):
    project = found(whole)
    load(db.session(), [project], PROPOSAL)
    project.lines[0].amount = Decimal("1.25")
    project.partners[0].name = "University"
    db.session.delete(project.risks[0])
    db.session.flush()
    db.session.expunge_all()
    again = queries.proposal(db.session.scalar(select(Project.reference).where(Project.id == whole)))
    assert (again.lines[0].amount, again.partners[0].name, again.risks) == (Decimal("1.25"), "University", [])


def test_several_projects_are_kept_apart(whole):
    other = a_project(complete=True, budget=500).id
    projects = [found(whole), found(other)]
    load(db.session(), projects, PROPOSAL)
    assert [sum(line.amount for line in one.lines) for one in projects] == [Decimal("100000.10"), 500]
    assert snapshot(projects[0]) != snapshot(projects[1])
