"""Ids that the database writes and reads."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from prima.db import db
from prima.idlist import among, written
from prima.projects.models import Project
from tests.factories import a_project


def test_ids_are_written_and_read_again(app: Flask) -> None:
    ids = {a_project().id for _number in range(3)}
    db.session.flush()
    every = select(Project.id)
    said = written(every)
    assert said is not None
    assert set(map(int, said.split(","))) == ids
    assert set(db.session.scalars(every.where(among(said, Project.id)))) == ids


def test_more_than_asked_for_are_not_written_and_none_are_nothing(app: Flask) -> None:
    for _number in range(3):
        a_project()
    db.session.flush()
    every = select(Project.id)
    assert written(every, 2) is None
    assert written(every, 3) is not None
    assert written(every.where(Project.id < 0)) == ""
    assert db.session.scalars(every.where(among("", Project.id))).all() == []
