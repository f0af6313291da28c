"""Who changed what, when: append-only rows, numbered without gaps per subject, chained by HMAC-SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from itertools import groupby
from operator import attrgetter
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship
from sqlalchemy.orm.attributes import set_committed_value

from prima import clock
from prima.db import Json, Key, Model
from prima.errors import Refused
from prima.users import Journaled, User

_key = b""


def use_key(key: str) -> None:
    """Set the installation's JOURNAL_KEY; called once by create_app."""
    global _key  # noqa: PLW0603 - one key per installation
    _key = key.encode()


class Entry(Model):
    """One thing that happened to a subject. Rows are never changed or removed (a trigger refuses)."""

    __table_args__ = (
        UniqueConstraint("subject_kind", "subject_id", "number"),
        Index("ix_entry_actor_id_at", "actor_id", "at"),
    )

    id: Mapped[Key]
    subject_kind: Mapped[str]
    subject_id: Mapped[int]
    number: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    event: Mapped[str]
    data: Mapped[Json]
    previous: Mapped[str]
    digest: Mapped[str]

    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id], lazy="raise")
    behalf_of: Mapped[User | None] = relationship(foreign_keys=[behalf_of_id], lazy="raise")


def plain(value: Any) -> Any:
    """A value as canonical JSON holds it: decimals as text, moments in UTC with microseconds."""
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value


def seal(content: Any) -> str:
    """HMAC-SHA-256 over the canonical JSON."""
    words = json.dumps(plain(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(_key, words.encode(), hashlib.sha256).hex()


def digest(entry: Any) -> str:
    """The seal of an entry (or of its row), which holds its predecessor's digest."""
    return seal(
        [
            entry.subject_kind,
            entry.subject_id,
            entry.number,
            entry.at,
            entry.actor_id,
            entry.behalf_of_id,
            entry.event,
            entry.data,
            entry.previous,
        ]
    )


def record(subject: Journaled, event: str, *, actor: User | None, behalf_of: User | None = None, **data: Any) -> Entry:
    """Append one entry under the subject's row lock; `data` is what changed (before, after, note ...).

    The subject's count and head are written by a statement of their own: to find out what hangs on a project that is
    changed takes the session longer than to write it.
    """
    session = object_session(subject)
    assert session is not None, "a subject is added to the session before it is journaled"
    session.flush()
    kind = subject.__tablename__
    table = type(subject)
    count, head = session.execute(
        select(table.journal_count, table.journal_head).where(table.id == subject.id).with_for_update()
    ).one()
    entry = Entry(
        subject_kind=kind,
        subject_id=subject.id,
        number=count + 1,
        at=clock.now(),
        actor_id=actor.id if actor else None,
        behalf_of_id=behalf_of.id if behalf_of else None,
        event=event,
        data=plain(data),
        previous=head,
        digest="",
    )
    entry.digest = digest(entry)
    session.add(entry)
    session.flush()
    known = {"journal_count": entry.number, "journal_head": entry.digest}
    session.execute(
        update(table).where(table.id == subject.id).values(known).execution_options(synchronize_session=False)
    )
    for name, value in known.items():
        set_committed_value(subject, name, value)
    return entry


def entries(session: Session, kind: str, subject_id: int) -> list[Entry]:
    """A subject's entries, oldest first."""
    return list(
        session.scalars(
            select(Entry).where(Entry.subject_kind == kind, Entry.subject_id == subject_id).order_by(Entry.number)
        )
    )


Kinds = Mapping[str, type[Journaled]]
Watch = Callable[[Any], object]
"""Is shown each entry, kind by kind, subject by subject, a subject's own by number."""


def subjects() -> dict[str, type[Journaled]]:
    """Every table whose rows are journaled, by the kind that entries name."""
    return {table.__tablename__: table for table in sorted(Journaled.__subclasses__(), key=lambda one: one.__name__)}


@dataclass(frozen=True)
class State:
    """How many entries each subject has and the digest of the last, by kind and id: of all entries up to `last`."""

    last: int
    heads: dict[str, dict[int, tuple[int, str]]]


def state(session: Session, kinds: Kinds, *, tries: int = 1) -> State:
    """What was written so far, with nobody in the middle of writing; raises Refused when somebody is for too long.

    Ids are drawn when an entry is written, not when it is committed: without the lock a smaller id might still come.
    The lock waits for whoever is writing, lets nobody begin, and ends with the reading.
    """
    for _try in range(tries):
        try:
            return _read(session, kinds)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
    raise Refused("The journal is being written to for a long time. Please try again in a minute.")


def _read(session: Session, kinds: Kinds) -> State:
    with session.begin_nested() as held:
        session.execute(text(f"set local lock_timeout = '{PATIENCE}'"))
        session.execute(text("lock table entry in share mode"))
        last = session.scalar(select(func.max(Entry.id))) or 0
        heads = {
            kind: {
                subject: (count, head)
                for subject, count, head in session.execute(
                    select(table.id, table.journal_count, table.journal_head).order_by(table.id),
                    execution_options={"yield_per": 2000},
                )
            }
            for kind, table in kinds.items()
        }
        held.rollback()  # nothing was written; the lock ends here
    return State(last, heads)


PATIENCE = "2s"
"""How long the lock may make writers wait behind it."""


def faults(session: Session, kinds: Kinds, *, now: State | None = None, watch: Watch | None = None) -> Iterator[str]:
    """Sentences about every row that was changed, removed or reordered, subject by subject."""
    now = now or state(session, kinds, tries=10)
    for kind in sorted(kinds):
        heads = dict(now.heads[kind])
        for subject, chain in groupby(rows(session, kind, now.last), key=attrgetter("subject_id")):
            yield from _broken(f"{kind} {subject}", chain, heads.pop(subject, None), watch)
        for silent, head in heads.items():
            yield from _broken(f"{kind} {silent}", (), head)


def faults_of(session: Session, subject: Journaled) -> list[str]:
    """The same of one subject, which the caller holds under its lock."""
    kind = subject.__tablename__
    chain = entries(session, kind, subject.id)
    return list(_broken(f"{kind} {subject.id}", chain, (subject.journal_count, subject.journal_head)))


def _broken(name: str, chain: Iterable[Any], head: tuple[int, str] | None, watch: Watch | None = None) -> Iterator[str]:
    """What is wrong in the chain of one subject, whose own row tells how many entries there are and the last digest."""
    number, previous = 0, ""
    for entry in chain:
        where = f"{name}, entry {entry.number}"
        if entry.number != number + 1:
            yield f"{where}: follows entry {number}; a row is missing."
        if entry.previous != previous:
            yield f"{where}: does not continue the entry before it."
        if not hmac.compare_digest(entry.digest, digest(entry)):
            yield f"{where}: its contents do not match its seal."
        number, previous = entry.number, entry.digest
        if watch:
            watch(entry)
    if head is None:
        yield f"{name}: has entries, but is gone."
    elif head != (number, previous):
        count = head[0]
        if count == number:
            yield f"{name}: its last entry is not the one that it names."
        else:
            yield f"{name}: {count} entries were written, the last one there is entry {number}."


def rows(session: Session, kind: str, last: int) -> Iterator[Any]:
    """The entries of a kind up to an id, as rows that are forgotten as they pass."""
    columns = Entry.__table__.c
    found = session.execute(
        select(*columns)
        .where(columns.subject_kind == kind, columns.id <= last)
        .order_by(columns.subject_id, columns.number),
        execution_options={"yield_per": 2000},
    )
    yield from found
