"""Mail is a row, written in the same transaction as its cause; a job sends it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import cast

from flask_babel import gettext as _
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ForeignKey,
    Index,
    Table,
    UniqueConstraint,
    and_,
    any_,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from prima import addresses, clock
from prima.db import Key, Model
from prima.users import User


class LetterState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    REPLACED = "replaced"
    """A later letter about the same came before this one could leave."""


class Letter(Model):
    """One mail to one person. The unique key keeps a job that runs twice from writing twice."""

    __table_args__ = (
        UniqueConstraint("cause", "kind", "due_on", "recipient", postgresql_nulls_not_distinct=True),
        Index("ix_letter_waiting", "next_try_at", postgresql_where="state = 'waiting'"),
        Index("ix_letter_dead", "id", postgresql_where="state = 'dead'"),
        Index("ix_letter_sent_at", "sent_at", postgresql_where="state = 'sent'"),
    )

    id: Mapped[Key]
    cause: Mapped[str]
    kind: Mapped[str]
    due_on: Mapped[date | None]
    recipient: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    subject: Mapped[str]
    body: Mapped[str]
    path: Mapped[str] = mapped_column(default="")
    state: Mapped[LetterState] = mapped_column(default=LetterState.WAITING)
    queued_at: Mapped[datetime] = mapped_column(default=clock.now)
    next_try_at: Mapped[datetime] = mapped_column(default=clock.now)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    read_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(lazy="raise")


class RefusedAddress(Model):
    """An address that a mail server refused for good; the mark goes when a letter to it is taken again."""

    address: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(default=clock.now)
    last_at: Mapped[datetime] = mapped_column(default=clock.now)
    problem: Mapped[str]


def queue(
    session: Session,
    *,
    to: User | str,
    cause: str,
    kind: str,
    subject: str,
    body: str,
    path: str = "",
    due_on: date | None = None,
) -> bool:
    """Queue a letter unless the same one is there; True when it is new. `path` is the page it links to.

    `to` is a person, or an address of the installation's settings that has no account. What is no address is refused
    here and now: the letter is dead from the start and stands among those that administrators see.
    """
    row = _row(to, cause=cause, kind=kind, due_on=due_on, subject=subject, body=body, path=path)
    return session.scalar(NEW, row) is not None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A letter to be queued; the words are those of `queue`."""

    to: User | str
    cause: str
    kind: str
    subject: str
    body: str
    path: str = ""
    due_on: date | None = None


def queue_all(session: Session, drafts: Iterable[Draft]) -> int:
    """Queue many, a thousand or so with one question to the database; how many are new."""
    rows = [_row(**vars(draft)) for draft in drafts]
    return len(session.scalars(NEW, rows).all()) if rows else 0


TABLE = cast(Table, Letter.__table__)
NEW = insert(TABLE).on_conflict_do_nothing().returning(TABLE.c.id)


def _row(
    to: User | str, *, cause: str, kind: str, due_on: date | None, subject: str, body: str, path: str
) -> dict[str, object]:
    now = clock.now()
    email, person_id = (to.email, to.id) if isinstance(to, User) else (to, None)
    good = addresses.usable(email)
    return {
        "cause": cause,
        "kind": kind,
        "due_on": due_on,
        "recipient": email,
        "user_id": person_id,
        "subject": " ".join(subject.split())[:200],
        "body": body,
        "path": path,
        "state": LetterState.WAITING if good else LetterState.DEAD,
        "queued_at": now,
        "next_try_at": now,
        "tries": 0,
        "problem": "" if good else _("This is no e-mail address; mend it in the account, then try again."),
    }


def keep_latest(session: Session, kinds: str) -> None:
    """Of the letters of one cause to one address that wait and whose kind begins so, only the latest goes on waiting.

    After days without a mail server one comes, not one for every step that was missed.
    """
    # Counted in one pass: whatever the statistics say, thousands that wait are not compared with one another.
    place = func.row_number().over(partition_by=(Letter.cause, Letter.recipient), order_by=Letter.id.desc())
    waits = and_(Letter.state == LetterState.WAITING, Letter.kind.startswith(kinds, autoescape=True))
    ranked = select(Letter.id, place.label("place")).where(waits).subquery()
    earlier = session.scalars(select(ranked.c.id).where(ranked.c.place > 1)).all()
    if earlier:
        session.execute(
            update(Letter)
            .where(Letter.id == any_(literal(earlier, ARRAY(BigInteger))))
            .values(state=LetterState.REPLACED)
            .execution_options(synchronize_session=False)
        )
