"""Who changed what, when: append-only rows, numbered without gaps per subject, chained by HMAC-SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from prima import clock
from prima.db import Json, Key, Model
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


class Anchor(Model):
    """The state of the whole journal on one day as one hash: what it held then must be there for ever.

    `last_entry_id` bounds what it stands for; `counts` are subjects and entries by kind; `parts` are the hashes of
    the heads by kind and thousand of ids, which tell where something is gone.
    """

    __tablename__ = "journal_anchor"

    on_day: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_entry_id: Mapped[int]
    entries: Mapped[int]
    counts: Mapped[Json]
    parts: Mapped[Json]
    previous: Mapped[str]
    digest: Mapped[str]


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


def digest(entry: Entry) -> str:
    """HMAC-SHA-256 over the canonical JSON of the row and its predecessor's digest."""
    content = plain(
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
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(_key, text.encode(), hashlib.sha256).hexdigest()


def record(subject: Journaled, event: str, *, actor: User | None, behalf_of: User | None = None, **data: Any) -> Entry:
    """Append one entry under the subject's row lock; `data` is what changed (before, after, note ...)."""
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
    subject.journal_count, subject.journal_head = entry.number, entry.digest
    session.flush()
    return entry


def entries(session: Session, kind: str, subject_id: int) -> list[Entry]:
    """A subject's entries, oldest first."""
    return list(
        session.scalars(
            select(Entry).where(Entry.subject_kind == kind, Entry.subject_id == subject_id).order_by(Entry.number)
        )
    )


def faults(session: Session, kinds: dict[str, type[Journaled]]) -> Iterator[str]:
    """Sentences about every row that was changed, removed or reordered, subject by subject."""
    for kind, table in sorted(kinds.items()):
        heads = {
            subject: (count, head)
            for subject, count, head in session.execute(select(table.id, table.journal_count, table.journal_head))
        }
        seen: dict[int, tuple[int, str]] = {}
        rows = session.scalars(
            select(Entry).where(Entry.subject_kind == kind).order_by(Entry.subject_id, Entry.number),
            execution_options={"yield_per": 1000},
        )
        for entry in rows:
            number, previous = seen.get(entry.subject_id, (0, ""))
            where = f"{kind} {entry.subject_id}, entry {entry.number}"
            if entry.number != number + 1:
                yield f"{where}: follows entry {number}; a row is missing."
            if entry.previous != previous:
                yield f"{where}: does not continue the entry before it."
            if not hmac.compare_digest(entry.digest, digest(entry)):
                yield f"{where}: its contents do not match its seal."
            seen[entry.subject_id] = (entry.number, entry.digest)
        for subject, (count, head) in heads.items():
            if seen.get(subject, (0, "")) != (count, head):
                yield f"{kind} {subject}: {count} entries were written, {seen.get(subject, (0, ''))[0]} are there."
        for subject in seen.keys() - heads.keys():
            yield f"{kind} {subject}: has entries, but is gone."
