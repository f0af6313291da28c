"""Sends waiting letters. One letter, one transaction: whatever breaks, each is sent at least once and none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask_babel import gettext as _
from sqlalchemy import Engine, Row, and_, bindparam, delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from prima import addresses, clock, message, zones
from prima.carriers import Carrier, Folder, Server, Undelivered, Unreachable
from prima.languages import speaking
from prima.outbox import Letter, LetterState, RefusedAddress

TRIES = 20
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
AT_ONCE = 5_000
"""Letters of one run; the next run goes on."""
READ_AT_ONCE = 200
TRIAL = 5
"""Seconds that a mail server may take for an answer when it is only tried."""
BROKEN_IN_A_ROW = 2
"""So often the connection may break at one letter after another; then the run ends."""


@dataclass(frozen=True)
class Post:
    """How letters leave: the settings of the installation."""

    url: str
    sender: str
    base_url: str
    folder: Path

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Post:
        return cls(config["SMTP_URL"], config["MAIL_FROM"], config["BASE_URL"], Path(config["INSTANCE"]) / "mail")

    def open(self, patience: float | None = None) -> Carrier:
        return Server(self.url, self.sender, patience) if self.url else Folder(self.folder)

    def trial(self) -> str:
        """What keeps every letter from leaving now, as a sentence; empty when nothing does. No letter is sent."""
        try:
            carrier = self.open(TRIAL)
            try:
                carrier.check()
            finally:
                carrier.close()
        except Unreachable as error:
            return _one_line(error)
        return ""

    def said(self) -> tuple[bool, str]:
        """Whether letters can leave, and how, or why they do not, for whoever runs PRIMA."""
        if problem := self.trial():
            name = "SMTP_URL and MAIL_FROM" if self.url else "PRIMA_INSTANCE"
            return False, f"Letters cannot leave and wait: {problem.rstrip('.')}. Look at {name}."
        return True, self.way

    @property
    def way(self) -> str:
        """How letters leave, as a sentence."""
        if self.url:
            return f"Letters leave by {urlsplit(self.url).hostname}."
        return f"No SMTP_URL is set: letters are written to {self.folder}."


@dataclass
class Outcome:
    sent: int = 0
    put_off: int = 0
    dead: int = 0
    problem: str = ""

    def __str__(self) -> str:
        return _("%(sent)s sent, %(put_off)s put off, %(dead)s given up", **vars(self))


def send_waiting(session: Session, post: Post, stop: Callable[[], bool] = lambda: False) -> Outcome:
    """Send what waits, oldest first; each letter is committed by itself.

    Whoever is killed between a letter's sending and its commit leaves that one letter to be sent again, no other.
    """
    outcome, broken, carrier = Outcome(), 0, None
    try:
        for number in islice(_due(session), AT_ONCE):
            if stop():
                break
            letter = session.execute(TAKE, {"number": number}).one_or_none()
            if letter is None:
                continue
            try:
                text = compose(letter, post, _zone(session, letter))
                carrier = carrier or post.open()
                carrier.deliver(letter.id, letter.recipient, text)
            except Unreachable as error:
                outcome.problem = _one_line(error)
                break
            except Undelivered as error:
                _put_off(session, letter, error, outcome)
                broken = broken + 1 if error.broken else 0
                if error.broken and carrier:
                    carrier.close()
                    carrier = None
                if broken >= BROKEN_IN_A_ROW:
                    outcome.problem = _one_line(error)
                    session.commit()
                    break
            else:
                session.execute(SENT, {"number": letter.id, "now": clock.now()})
                if letter.marked:
                    session.execute(delete(RefusedAddress).where(RefusedAddress.address == letter.recipient))
                outcome.sent += 1
                broken = 0
            session.commit()
    finally:
        session.rollback()
        if carrier:
            carrier.close()
    return outcome


@contextmanager
def own_session(engine: Engine) -> Iterator[Session]:
    """A session that keeps one connection from its first letter to its last, for whoever sends many."""
    with engine.connect() as connection, Session(connection) as session:
        yield session


def count_waiting(session: Session) -> int:
    return session.scalar(select(func.count()).where(Letter.state == LetterState.WAITING)) or 0


WAITS = (
    Letter.state == LetterState.WAITING,
    or_(
        Letter.next_try_at <= bindparam("now"),
        Letter.next_try_at > bindparam("ever"),
        and_(Letter.tries == 0, Letter.queued_at > bindparam("now")),
    ),
)
"""Due; or put off for longer than anything is, or written in the future: the work of a clock that was ahead."""
MARKED = select(RefusedAddress.address).where(RefusedAddress.address == Letter.recipient).exists()
TAKE = (
    select(*Letter.__table__.c, MARKED.label("marked"), func.set_config("synchronous_commit", "off", True))
    .where(Letter.id == bindparam("number"), Letter.state == LetterState.WAITING)
    .with_for_update(skip_locked=True)
)
"""A letter and whether its address was refused before, kept from other senders until the transaction ends.

The commit is not waited for on the disk: it survives the end of the sender, and should the database's machine lose its
power, letters of the last half second leave once more.
"""
SENT = (
    update(Letter.__table__)
    .where(Letter.__table__.c.id == bindparam("number"))
    .values(state=LetterState.SENT, sent_at=bindparam("now"), problem="", tries=Letter.__table__.c.tries + 1)
)


def _due(session: Session) -> Iterator[int]:
    """The letters that are due, oldest first, those that come meanwhile too; each once."""
    key = tuple_(Letter.next_try_at, Letter.id)
    first = select(Letter.id, Letter.next_try_at).where(*WAITS).order_by(Letter.next_try_at, Letter.id)
    query = first.limit(READ_AT_ONCE)
    while rows := session.execute(query, {"now": clock.now(), "ever": clock.now() + 2 * LONGEST_WAIT}).all():
        yield from (row.id for row in rows)
        query = first.where(key > tuple_(rows[-1].next_try_at, rows[-1].id)).limit(READ_AT_ONCE)


def _put_off(session: Session, letter: Row[Any], error: Undelivered, outcome: Outcome) -> None:
    tries = letter.tries + 1
    dead = error.forever or tries >= TRIES
    outcome.dead += dead
    outcome.put_off += not dead
    session.execute(
        update(Letter)
        .where(Letter.id == letter.id)
        .values(
            tries=tries,
            problem=_one_line(error),
            next_try_at=clock.now() + wait_after(tries),
            state=LetterState.DEAD if dead else LetterState.WAITING,
        )
        .execution_options(synchronize_session=False)
    )
    if error.address:
        mark(session, letter.recipient, _one_line(error))


def mark(session: Session, address: str, problem: str) -> None:
    """Note that an address takes no letters, for administrators to see."""
    now = clock.now()
    new = insert(RefusedAddress).values(address=address, since=now, last_at=now, problem=problem)
    session.execute(new.on_conflict_do_update(index_elements=["address"], set_={"last_at": now, "problem": problem}))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500]


def wait_after(tries: int) -> timedelta:
    """One minute, then twice as long each time, up to six hours."""
    return min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)


def _zone(session: Session, letter: Row[Any]) -> str:
    """The zone of its reader, asked for where the letter will say when it was written."""
    if letter.user_id is None or not message.is_held_up(letter):
        return "UTC"
    return zones.known(session.scalar(select(zones.of_reader(letter.user_id))) or "UTC")


def compose(letter: Letter | Row[Any], post: Post, zone: str = "UTC") -> bytes:
    """The letter's message, in the language it is written in; raises Undelivered when its address is none."""
    if not addresses.usable(letter.recipient):
        raise Undelivered(_("This is no e-mail address; mend it in the account, then try again."), forever=True)
    with speaking(letter.locale):
        return message.compose(letter, sender=post.sender, base_url=post.base_url, zone=zone)
