"""Rows that come as JSON stand in the session as if they had been loaded one by one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.exc import InvalidRequestError

from prima.db import db
from prima.places import Office
from prima.projects.models import Party, Project
from prima.trees import as_text, parsed, tree_of
from prima.users import Grant, User
from tests.factories import a_project, a_user


@pytest.fixture
def project(app):
    number = a_project(developer=a_user("PDEV", "KEN"), budget="100000.10").id
    db.session.flush()
    db.session.expunge_all()
    return number


def read(number, *paths):
    table, tree = Project.__table__, tree_of(Project, *paths)
    text = db.session.scalar(select(as_text(tree.row(table))).where(table.c.id == number))
    return tree.stand(db.session(), parsed(text))


def test_what_hangs_on_a_row_comes_with_it(project, questions):
    questions.clear()
    found = read(project, "office.links", "parties.user.grants", "donor")
    assert len(questions) == 1
    assert [link.office_id for link in found.office.links] == [found.office_id] * len(found.office.links)
    assert [grant.role for party in found.parties for grant in party.user.grants] == ["PDEV"]
    assert found.donor is None
    assert (found.budget, type(found.budget)) == (Decimal("100000.10"), Decimal)
    assert len(questions) == 1


def test_a_relation_that_was_not_asked_for_raises(project):
    found = read(project, "parties")
    with pytest.raises(InvalidRequestError, match="lazy"):
        _ = found.lines
    with pytest.raises(InvalidRequestError, match="lazy"):
        _ = found.parties[0].user


def test_a_column_that_was_left_out_is_read_when_somebody_asks(project, questions):
    found = read(project, "-summary", "-starts_on")
    assert "summary" not in inspect(found).dict
    questions.clear()
    assert (found.summary, found.starts_on) == (db.session.get(Project, project).summary, None)
    assert len(questions) == 1


def test_what_is_loaded_only_on_demand_is_not_sent(project):
    found = read(project, "office")
    assert {"search", "words"} <= inspect(found).unloaded
    assert found.words == db.session.scalar(select(Project.words).where(Project.id == project))
    assert "words" in inspect(found.office).unloaded


def test_a_row_that_is_only_referred_to_keeps_what_the_session_holds(project):
    user = db.session.scalars(select(User).join(Party, Party.user_id == User.id)).one()
    with db.session.no_autoflush:
        user.name = "Changed and not stored"
        assert read(project, "parties.user").parties[0].user is user
        assert user.name == "Changed and not stored"
        assert user in db.session.dirty


def test_a_row_can_be_changed_and_is_stored(project):
    found = read(project)
    found.starts_on = date(2016, 5, 1)
    db.session.flush()
    db.session.expunge_all()
    assert db.session.get(Project, project).starts_on == date(2016, 5, 1)


def test_the_session_of_a_thread_may_be_named_by_its_registry(project):
    """As commands do, which have one and no request."""
    table, tree = Project.__table__, tree_of(Project)
    text = db.session.scalar(select(as_text(tree.row(table))).where(table.c.id == project))
    found = tree.stand(db.session, parsed(text))
    assert found in db.session and inspect(found).session is db.session()


def test_a_path_is_made_once():
    assert tree_of(User, "grants.office") is tree_of(User, "grants.office")
    [(name, many, grants)] = tree_of(User, "grants.office").along
    assert (name, many, grants.shape.mapper.class_) == ("grants", True, Grant)
    assert [tree.shape.mapper.class_ for _name, _many, tree in grants.along] == [Office]
