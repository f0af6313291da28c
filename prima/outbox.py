"""Mail is a row, written in the same transaction as its cause; a job sends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from prima import addresses, clock, letters
from prima.db import Key, Model
from prima.languages import ENGLISH, Words, speaking
from prima.letters import Way
from prima.users import User


class LetterState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    REPLACED = "replaced"
    """A later letter about the same came before this one could leave, or nothing is due any more."""
    HELD = "held"
    """Its reader gets it in a digest."""
    CARRIED = "carried"
    """It went in a digest."""
    KEPT = "kept"
    """It is not mailed: its reader wants no mail of it, or read it in PRIMA before the digest."""


class Letter(Model):
    """One mail to one person. The unique key keeps a job that runs twice from writing twice."""

    __table_args__ = (
        UniqueConstraint("cause", "kind", "due_on", "recipient", postgresql_nulls_not_distinct=True),
        Index("ix_letter_waiting", "next_try_at", postgresql_where="state = 'waiting'"),
        Index("ix_letter_dead", "id", postgresql_where="state = 'dead'"),
        Index("ix_letter_sent_at", "sent_at", postgresql_where="state = 'sent'"),
        Index("ix_letter_held", "user_id", "id", postgresql_where="state = 'held'"),
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
    topic: Mapped[str] = mapped_column(default="", server_default="")
    """What it is about: a code of letters.TOPICS."""
    locale: Mapped[str] = mapped_column(default=ENGLISH, server_default=ENGLISH)
    """The language it is written in."""
    state: Mapped[LetterState] = mapped_column(default=LetterState.WAITING)
    queued_at: Mapped[datetime] = mapped_column(default=clock.now)
    next_try_at: Mapped[datetime] = mapped_column(default=clock.now)
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(default="")
    read_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(lazy="raise")


class LetterChoice(Model):
    """How somebody gets the letters about something; without a row, as the table of topics says."""

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    topic: Mapped[str] = mapped_column(primary_key=True)
    way: Mapped[Way]


class RefusedAddress(Model):
    """An address that a mail server refused for good; the mark goes when a letter to it is taken again."""

    address: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(default=clock.now)
    last_at: Mapped[datetime] = mapped_column(default=clock.now)
    problem: Mapped[str]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A letter to be queued. `path` is the page it links to; `topic` is what it is about, where its kind does not tell.

    `to` is a person, or an address of the installation's settings that has no account. Lazy words are said in the
    person's language.
    """

    to: User | str
    cause: str
    kind: str
    subject: Words
    body: Words
    path: str = ""
    due_on: date | None = None
    topic: str = ""


def queue(
    session: Session,
    *,
    to: User | str,
    cause: str,
    kind: str,
    subject: Words,
    body: Words,
    path: str = "",
    due_on: date | None = None,
    topic: str = "",
) -> bool:
    """Queue a letter (its words are those of `Draft`) unless the same one is there; True when it is new.

    What is no address is refused here and now: the letter is dead from the start and stands among those that
    administrators see. A reader who chose a digest finds it among the notifications at once.
    """
    draft = Draft(
        to=to, cause=cause, kind=kind, subject=subject, body=body, path=path, due_on=due_on, topic=topic
    )  # fmt: skip
    return queue_all(session, [draft]) == 1


def queue_all(session: Session, drafts: Iterable[Draft]) -> int:
    """Queue many, a thousand or so with two questions to the database; how many are new."""
    drafts = list(drafts)
    if not drafts:
        return 0
    ways = _ways(session, drafts)
    return len(session.scalars(NEW, [row(draft, ways) for draft in drafts]).all())


TABLE = cast(Table, Letter.__table__)
NEW = insert(TABLE).on_conflict_do_nothing().returning(TABLE.c.id)
STATES = {Way.AT_ONCE: LetterState.WAITING, Way.NEVER: LetterState.KEPT} | dict.fromkeys(
    letters.DIGESTS, LetterState.HELD
)


def _topic(draft: Draft) -> str:
    return draft.topic or letters.topic_of(draft.kind)


def _ways(session: Session, drafts: Iterable[Draft]) -> Mapping[tuple[int, str], Way]:
    """What readers chose, by person and topic; not asked where there is nothing to choose."""
    readers = {one.to.id for one in drafts if isinstance(one.to, User) and _topic(one) in letters.FREE}
    if not readers:
        return {}
    rows = session.execute(
        select(LetterChoice.user_id, LetterChoice.topic, LetterChoice.way).where(LetterChoice.user_id.in_(readers))
    )
    return {(row.user_id, row.topic): row.way for row in rows}


def row(draft: Draft, ways: Mapping[tuple[int, str], Way]) -> dict[str, object]:
    """The columns of a letter, its words said in the language of its reader."""
    now = clock.now()
    to, topic, way, locale = draft.to, _topic(draft), Way.AT_ONCE, ENGLISH
    email, person_id = (to.email, to.id) if isinstance(to, User) else (to, None)
    if isinstance(to, User):
        locale = to.locale
        if topic in letters.FREE:
            way = ways.get((to.id, topic), letters.FREE[topic].default)
    subject, body = draft.subject, draft.body
    if not (isinstance(subject, str) and isinstance(body, str)):
        with speaking(locale):
            subject, body = str(subject), str(body)
    good = addresses.usable(email)
    return {
        "cause": draft.cause,
        "kind": draft.kind,
        "due_on": draft.due_on,
        "recipient": email,
        "user_id": person_id,
        "subject": " ".join(subject.split())[:200],
        "body": body,
        "path": draft.path,
        "topic": topic,
        "locale": locale,
        "state": STATES[way] if good else LetterState.DEAD,
        "queued_at": now,
        "next_try_at": now,
        "tries": 0,
        "problem": "" if good else _("This is no e-mail address; mend it in the account, then try again."),
    }


def keep_latest(session: Session, kinds: str) -> None:
    """Of the letters of one cause to one address that wait and whose kind begins so, only the latest goes on waiting.

    After days without a mail server one comes, not one for every step that was missed; a digest holds none that a later
    one overtook.
    """
    # Counted in one pass: whatever the statistics say, thousands that wait are not compared with one another.
    place = func.row_number().over(partition_by=(Letter.cause, Letter.recipient), order_by=Letter.id.desc())
    still = or_(Letter.state == LetterState.WAITING, Letter.state == LetterState.HELD)
    waits = and_(still, Letter.kind.startswith(kinds, autoescape=True))
    ranked = select(Letter.id, place.label("place")).where(waits).subquery()
    earlier = session.scalars(select(ranked.c.id).where(ranked.c.place > 1)).all()
    if earlier:
        session.execute(
            update(Letter)
            .where(Letter.id == any_(literal(earlier, ARRAY(BigInteger))))
            .values(state=LetterState.REPLACED)
            .execution_options(synchronize_session=False)
        )
