"""Answers that are dear to work out, kept by each process until a table that they were read from changes.

Triggers write a row for each statement that changes a watched table, in its transaction. How many such rows there are
and which is the newest is the state of a table; it is read with the sign-in of every request, before anything else. An
answer is kept under the states of the tables it was read from: what is committed later shows in the states and is never
hidden by an answer of before. (An answer may be newer than its states; nobody minds.) The scheduler takes old rows
away and writes one of its own in their place, so that a state never comes back.

The processes of one web server show each other, in files, what took one of them long to work out.
"""

from __future__ import annotations

import atexit
import itertools
import logging
import os
import pickle  # nosec B403
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from flask import Flask, current_app, g, has_request_context, request
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Mapped, Session

from prima import clock
from prima.db import Key, Model

log = logging.getLogger(__name__)
KEPT, QUESTIONS, SHARED = "prima.kept", "prima.kept.questions", "prima.kept.shared"
MOST, MOST_QUESTIONS = 2048, 512
"""Answers and questions that a process keeps; the one not asked for the longest goes first. Each person leaves a dozen
of both: an answer takes some 30 KB on an average, a question 50."""
WORTH = 0.004
"""Seconds that an answer must have taken to be shown to other processes; to read it there takes up to 0.001."""
OLD, OFTEN = 3600, 256
"""Seconds after which a file that nobody wrote again goes; a process looks for such after so many of its own."""
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


class Shared:
    """A folder of files that only the processes of one web server write and read, so that they may be trusted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._turns = itertools.count(1)

    def _file(self, key: Hashable) -> Path:
        """The same in all of them: they are forked from one process, so they agree on what a key's hash is."""
        return self.folder / f"{hash(key) & 0xFFFF_FFFF_FFFF_FFFF:016x}"

    def get(self, key: Hashable, states: Any) -> tuple[Any] | None:
        try:
            written = self._file(key).read_bytes()
        except FileNotFoundError:
            return None
        its_key, its_states, answer = pickle.loads(written)  # nosec B301
        return (answer,) if (its_key, its_states) == (key, states) else None

    def put(self, key: Hashable, states: Any, answer: Any) -> None:
        """Whole at once: who reads meanwhile reads what stood there before."""
        file, turn = self._file(key), next(self._turns)
        anew = file.with_suffix(f".{os.getpid()}.{turn}")
        written = pickle.dumps((key, states, answer), pickle.HIGHEST_PROTOCOL)
        try:
            anew.write_bytes(written)
            anew.replace(file)
            if turn % OFTEN == 0:
                self.tidy(file.stat().st_mtime - OLD)
        except OSError as error:  # a full disk is no reason to answer nobody
            log.warning("What took long is not shared with other processes: %s", error)

    def tidy(self, before: float) -> None:
        """Another process may be taking the same files away."""
        for file in self.folder.iterdir():
            try:
                if file.stat().st_mtime < before:
                    file.unlink()
            except FileNotFoundError:
                continue


def share(app: Flask) -> None:
    """Of an application from which the processes of a web server are about to be forked; gone when this one ends.

    Where the instance folder cannot hold it, each process works out everything itself.
    """
    try:
        instance = Path(app.config["INSTANCE"])
        instance.mkdir(parents=True, exist_ok=True)
        folder, owner = Path(tempfile.mkdtemp(prefix="kept-", dir=instance)), os.getpid()
    except OSError as error:
        log.warning("What takes long is not shared between processes: %s", error)
        return

    def remove() -> None:
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    app.extensions[SHARED] = Shared(folder)


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


def answer(name: Hashable, uses: Sequence[type[Model]], make: Callable[[], Made], *, for_many: bool = False) -> Made:
    """What `make` returns, or what it returned when the same was asked for and nothing had changed since.

    `name` holds everything that the answer depends on beside the day, where the site begins and the rows of `uses`:
    what is asked, by whom as far as it matters, in which language if it is words. Of a project, its words (title,
    summary, agreement, focal point) and its versions count as unchanging: who shows them must not keep them. What is
    kept belongs to many: it must not be changed by who gets it, nor be rows of a session. A request that may change
    something keeps nothing. `for_many`: many people ask the same, so it is shown to other processes if it took long.
    """
    return _kept(KEPT, MOST, name, uses, make, for_many)


def question(name: Hashable, make: Callable[[], Made]) -> Made:
    """What asks the database: to put it together often takes longer than to answer it.

    `name` holds everything that it depends on beside the day; it must depend on nothing that is read from the database.
    """
    return _kept(QUESTIONS, MOST_QUESTIONS, name, (), make)


def _kept(
    where: str,
    most: int,
    name: Hashable,
    uses: Sequence[type[Model]],
    make: Callable[[], Made],
    for_many: bool = False,
) -> Made:
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
                shared: Shared | None = current_app.extensions.get(SHARED) if for_many else None
                found = (shared and shared.get(key, of_now)) or _worked_out(key, of_now, uses, make, shared)
                known.put(key, of_now, found[0])
    made: Made = found[0]
    return made


def forget(app: Flask) -> None:
    """Keep nothing of what was asked before."""
    for where in (KEPT, QUESTIONS):
        app.extensions.pop(where, None)
    if shared := app.extensions.get(SHARED):
        shared.tidy(float("inf"))


def _worked_out(
    key: Hashable, states: Any, uses: Sequence[type[Model]], make: Callable[[], Any], shared: Shared | None
) -> tuple[Any]:
    began = time.perf_counter()
    found = worked_out(uses, make)
    if shared and time.perf_counter() - began >= WORTH:
        shared.put(key, states, found)
    return (found,)


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
