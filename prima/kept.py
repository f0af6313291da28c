"""Answers that are dear to work out, kept by each process until a table that they were read from changes.

Triggers write a row for each statement that changes a watched table, in its transaction. How many such rows there are
and which is the newest is the state of a table; it is read with the sign-in of every request, before anything else. An
answer is kept under the states of the tables it was read from: what is committed later shows in the states and is never
hidden by an answer of before. (An answer may be newer than its states; nobody minds.) The scheduler takes old rows
away and writes one of its own in their place, so that a state never comes back.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from flask import Flask, current_app, g, has_request_context, request
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Mapped, Session

from prima import clock
from prima.db import Key, Model

MOST, MOST_QUESTIONS = 2048, 512
"""Answers and questions that a process keeps; the one not asked for the longest goes first. Each person leaves a dozen
of both: an answer takes some 30 KB on an average, a question 50."""
MANY = 50
"""So many rows are left to lie until they are worth taking away."""
Made = TypeVar("Made")


class Touch(Model):
    """A statement changed rows of a table."""

    id: Mapped[Key]
    of_table: Mapped[str]


class Turn:
    """Gone when nobody works on the answer, nor waits for it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


class Answers:
    """Of one application; used by several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, tuple[Any, Any]] = OrderedDict()
        self._turns: WeakValueDictionary[Hashable, Turn] = WeakValueDictionary()
        self._lock = threading.Lock()

    def get(self, key: Hashable, states: Any) -> tuple[Any] | None:
        """The answer, in a tuple: it may be None itself."""
        with self._lock:
            found = self._known.get(key)
            if found is None or found[0] != states:
                return None
            self._known.move_to_end(key)
            return (found[1],)

    def put(self, key: Hashable, states: Any, answer: Any) -> None:
        with self._lock:
            self._known[key] = (states, answer)
            self._known.move_to_end(key)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def turn(self, key: Hashable) -> Turn:
        """Of those who want the same answer: one works it out, and the others wait for it."""
        with self._lock:
            return self._turns.setdefault(key, Turn())

    def clear(self) -> None:
        with self._lock:
            self._known.clear()


def states() -> Any:
    """By the name of each table that was changed, its state: to be asked with something else."""
    each = (
        select(Touch.of_table, func.jsonb_build_array(func.count(), func.max(Touch.id)).label("state"))
        .group_by(Touch.of_table)
        .subquery("each_table")
    )
    return select(func.jsonb_object_agg(each.c.of_table, each.c.state)).select_from(each).scalar_subquery()


def use(found: Mapping[str, Sequence[int]] | None) -> None:
    """The states as they are at the beginning of this request."""
    g.states = found or {}


def answer(name: Hashable, uses: Sequence[type[Model]], make: Callable[[], Made]) -> Made:
    """What `make` returns, or what it returned when the same was asked for and nothing had changed since.

    `name` holds everything that the answer depends on beside the day, where the site begins and the rows of `uses`:
    what is asked, by whom as far as it matters, in which language if it is words. Of a project, its words (title,
    summary, agreement, focal point) and its versions count as unchanging: who shows them must not keep them. What is
    kept belongs to many: it must not be changed by who gets it, nor be rows of a session. A request that may change
    something keeps nothing.
    """
    return _kept("prima.kept", MOST, name, uses, make)


def question(name: Hashable, make: Callable[[], Made]) -> Made:
    """What asks the database: to put it together often takes longer than to answer it.

    `name` holds everything that it depends on beside the day; it must depend on nothing that is read from the database.
    """
    return _kept("prima.kept.questions", MOST_QUESTIONS, name, (), make)


def _kept(where: str, most: int, name: Hashable, uses: Sequence[type[Model]], make: Callable[[], Made]) -> Made:
    if not has_request_context() or request.method not in {"GET", "HEAD"} or "states" not in g:
        return make()
    key = (name, clock.today(), request.environ.get("SCRIPT_NAME"))
    of_now = tuple(tuple(g.states.get(model.__tablename__, ())) for model in uses)
    known: Answers = current_app.extensions.setdefault(where, Answers(most))
    found = known.get(key, of_now)
    if found is None:
        turn = known.turn((key, of_now))
        with turn.lock:
            found = known.get(key, of_now)
            if found is None:
                found = (worked_out(uses, make),)
                known.put(key, of_now, found[0])
    made: Made = found[0]
    return made


def forget(app: Flask) -> None:
    """Keep nothing of what was asked before."""
    for where in ("prima.kept", "prima.kept.questions"):
        app.extensions.pop(where, None)


def worked_out(uses: Sequence[type[Model]], make: Callable[[], Made]) -> Made:
    return make()


def tidy(session: Session) -> int:
    """Take away rows that many statements wrote; how many. The caller commits."""
    number = session.scalar(select(func.count()).select_from(Touch)) or 0
    if number <= MANY:
        return 0
    gone = session.scalars(delete(Touch).returning(Touch.of_table)).all()
    session.execute(insert(Touch), [{"of_table": name} for name in sorted(set(gone))])
    return len(gone)
