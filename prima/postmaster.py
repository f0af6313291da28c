"""What is seen and done about letters as a whole: counts, those that did not leave, trying again, refused addresses."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from prima import addresses, clock
from prima.outbox import Letter, LetterState, RefusedAddress
from prima.users import User

ON_A_PAGE = 50
UNFINISHED = (LetterState.WAITING, LetterState.DEAD)
"""What the sender still has to do with, or gave up."""
UNSENT = (*UNFINISHED, LetterState.HELD)


@dataclass(frozen=True)
class Counts:
    """Letters that wait, of these the ones that failed before; sent in the last day; given up."""

    waiting: int
    failed: int
    oldest_at: datetime | None
    sent: int
    dead: int


def counts(session: Session) -> Counts:
    failed = func.count().filter(Letter.tries > 0)
    waiting, again, oldest = session.execute(
        select(func.count(), failed, func.min(Letter.queued_at)).where(Letter.state == LetterState.WAITING)
    ).one()
    sent = select(func.count()).where(Letter.state == LetterState.SENT, Letter.sent_at > clock.ago(days=1))
    dead = select(func.count()).where(Letter.state == LetterState.DEAD)
    return Counts(waiting, again, oldest, session.scalar(sent) or 0, session.scalar(dead) or 0)


def listed(
    session: Session, states: Collection[LetterState], *, since: datetime | None = None, limit: int | None = None
) -> Sequence[Letter]:
    """Letters in these states, the newest first; those queued since a moment alone, if one is given."""
    query = select(Letter).where(Letter.state.in_(states)).order_by(Letter.id.desc()).limit(limit)
    return session.scalars(query.where(Letter.queued_at >= since) if since else query).all()


def stuck(session: Session, before: int | None = None) -> Sequence[Letter]:
    """A page, and one more, of the letters that failed and wait, or are given up; the newest first."""
    return session.scalars(_below(_stuck(), before).order_by(Letter.id.desc()).limit(ON_A_PAGE + 1)).all()


def _stuck_ones() -> ColumnElement[bool]:
    return or_(Letter.state == LetterState.DEAD, and_(Letter.state == LetterState.WAITING, Letter.tries > 0))


def _stuck() -> Select[tuple[Letter]]:
    return select(Letter).where(_stuck_ones())


def _below(query: Select[tuple[Letter]], number: int | None) -> Select[tuple[Letter]]:
    return query if number is None else query.where(Letter.id < number)


def letter(session: Session, number: int) -> Letter | None:
    return session.scalar(_stuck().where(Letter.id == number)) if number < 2**63 else None


def retry(session: Session, numbers: Collection[int] | None = None) -> int:
    """Send letters that were given up or put off at the next run (all of them, if none is named); how many."""
    chosen = _stuck_ones() if numbers is None else and_(Letter.state.in_(UNFINISHED), Letter.id.in_(numbers))
    again = update(Letter).where(chosen).values(state=LetterState.WAITING, tries=0, next_try_at=clock.now())
    good = Letter.recipient.op("~")(rf"^(?:{addresses.PLAIN.pattern})$")
    return len(session.execute(again.where(good).returning(Letter.id)).all())


OVER = (LetterState.SENT, LetterState.REPLACED, LetterState.CARRIED, LetterState.KEPT)
"""Nothing is left to do for these."""


def purge(session: Session, sent_before: datetime) -> tuple[int, int]:
    """Take away letters that are over (sent, carried by a digest, replaced, kept from mail) before a moment.

    The numbers of those removed and emptied: a letter about a due date is emptied, not removed. Its row is what keeps
    the same one from being written again, and says who was reminded of what. The day of a digest comes no second time.
    """
    old = Letter.state.in_(OVER) & (func.coalesce(Letter.sent_at, Letter.queued_at) < sent_before)
    dated = Letter.due_on.is_not(None) & ~Letter.kind.startswith("digest:")
    removed = session.execute(delete(Letter).where(old, ~dated).returning(Letter.id)).all()
    emptied = update(Letter).where(old, dated, Letter.body != "").values(body="")
    return len(removed), len(session.execute(emptied.returning(Letter.id)).all())


def readdress(session: Session, person: User, address: str) -> None:
    """What could not leave for the old address of a person leaves for the new one, unless it was written there too."""
    there = aliased(Letter)
    twin = select(there.id).where(
        there.cause == Letter.cause,
        there.kind == Letter.kind,
        there.due_on.is_not_distinct_from(Letter.due_on),
        there.recipient == address,
    )
    session.execute(
        update(Letter)
        .where(
            Letter.user_id == person.id,
            Letter.recipient == person.email,
            Letter.state.in_(UNSENT),
            ~twin.exists(),
        )
        .values(recipient=address)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(delete(RefusedAddress).where(RefusedAddress.address == person.email))


def refused(session: Session, among: Collection[str] | None = None) -> dict[str, RefusedAddress]:
    """Addresses that take no letters, by address; only some of them, if these are named."""
    query = select(RefusedAddress).order_by(RefusedAddress.last_at.desc(), RefusedAddress.address)
    if among is not None:
        query = query.where(RefusedAddress.address.in_(among))
    return {row.address: row for row in session.scalars(query.limit(None if among is not None else ON_A_PAGE))}


def holders(session: Session, emails: Collection[str]) -> dict[str, int]:
    """The accounts that have these addresses."""
    rows = session.execute(select(User.email, User.id).where(User.email.in_(emails)))
    return {row.email: row.id for row in rows}
