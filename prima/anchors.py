"""Anchors of the journal: once a day the state of the whole of it as one hash, mailed, printed, and held against it."""

from __future__ import annotations

import hashlib
import hmac
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from prima import clock, journal
from prima.db import Json, Model
from prima.outbox import queue

THOUSAND = 1000
PAGE = 60
"""Anchors on one page of the list."""


class Anchor(Model):
    """The state of the whole journal on one day as one hash: what it held then must be there for ever.

    `last_entry_id` bounds what it stands for; `counts` are subjects and entries by kind; `parts` are, by kind and
    thousand of ids, subjects, entries and the hash of their heads, which tell where something is gone.
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


Part = list[Any]
"""Subjects, entries, and the hash of the heads in the order of the ids."""
NOTHING: Part = [0, 0, ""]


def newest(session: Session) -> Anchor | None:
    return session.scalar(select(Anchor).order_by(Anchor.on_day.desc()).limit(1))


def listed(session: Session, before: date | None = None) -> list[Anchor]:
    """The anchors of a page, newest first, and one more if there are older ones."""
    rows = select(Anchor).order_by(Anchor.on_day.desc()).limit(PAGE + 1)
    return list(session.scalars(rows.where(Anchor.on_day < before) if before else rows))


def make(session: Session, kinds: journal.Kinds, *, to: str = "") -> Anchor:
    """The anchor of today, mailed to the address; the one there is, when somebody was faster."""
    last = newest(session)
    if last and last.on_day >= clock.today():
        return last
    now = journal.state(session, kinds)
    parts = {kind: _parts(heads) for kind, heads in now.heads.items()}
    made = Anchor(
        on_day=clock.today(),
        made_at=clock.now(),
        last_entry_id=now.last,
        entries=sum(part[1] for by in parts.values() for part in by.values()),
        counts={
            kind: {"subjects": sum(one[0] for one in by.values()), "entries": sum(one[1] for one in by.values())}
            for kind, by in parts.items()
        },
        parts=parts,
        previous=last.digest if last else "",
        digest="",
    )
    made.digest = digest(made)
    row = {column.name: getattr(made, column.name) for column in Anchor.__table__.c}
    statement = insert(Anchor).values(**row).on_conflict_do_nothing().returning(Anchor.on_day)
    if session.scalar(statement) is not None and to:
        _mail(session, made, to)
    return session.get_one(Anchor, clock.today())


def digest(anchor: Anchor) -> str:
    """The seal of an anchor, which holds that of the one before it."""
    columns = [column.name for column in Anchor.__table__.c if column.name != "digest"]
    return journal.seal([getattr(anchor, name) for name in columns])


def told(anchor: Anchor) -> list[str]:
    """What the letter and the command say of an anchor."""
    return [
        f"Day: {anchor.on_day.isoformat()}",
        f"Hash: {anchor.digest}",
        f"Before it: {anchor.previous or 'none, this is the first'}",
        f"Entries: {anchor.entries}, up to number {anchor.last_entry_id}",
        *(f"  {kind}: {one['entries']} entries of {one['subjects']}" for kind, one in sorted(anchor.counts.items())),
    ]


def _mail(session: Session, anchor: Anchor, to: str) -> None:
    day = anchor.on_day.isoformat()
    queue(
        session,
        to=to,
        cause=f"anchor:{day}",
        kind="anchor",
        due_on=anchor.on_day,
        subject=f"PRIMA: the journal on {day}",
        body="\n".join(
            [
                "This is what PRIMA's journal held today. Please keep this letter where nobody can change it.",
                "",
                *told(anchor),
                "",
                "Whether the journal still holds it all, the operator finds with:",
                f"flask journal verify --anchor {day}={anchor.digest}",
            ]
        ),
    )


def _line(subject: int, count: int, head: str) -> bytes:
    return f"{subject}:{count}:{head}\n".encode()


def _parts(heads: Mapping[int, tuple[int, str]]) -> dict[str, Part]:
    written = ((subject, *head) for subject, head in heads.items() if head[0])
    found = {}
    for thousand, those in groupby(written, key=lambda one: one[0] // THOUSAND):
        rows = list(those)
        hashed = hashlib.sha256(b"".join(_line(*row) for row in rows)).hexdigest()
        found[str(thousand)] = [len(rows), sum(count for _subject, count, _head in rows), hashed]
    return found


# -- holding them against the journal ---------------------------------------------------------------------------------


def faults(session: Session, kinds: journal.Kinds, mailed: Iterable[tuple[date, str]] = ()) -> Iterator[str]:
    """Sentences about the journal, the anchors, and the hashes of letters: all that is not as it was written."""
    now = journal.state(session, kinds, tries=10)
    there = list(session.scalars(select(Anchor).order_by(Anchor.on_day)))
    by_day = {one.on_day: one for one in there}
    for day, hashed in mailed:
        if day not in by_day:
            yield f"Anchor of {day}: a letter names it, and it is gone."
        elif not hmac.compare_digest(by_day[day].digest, hashed):
            yield f"Anchor of {day}: it is not the one of the letter."
    sound, previous = [], ""
    for one in there:
        if one.previous != previous:
            yield f"Anchor of {one.on_day}: does not continue the anchor before it; one was removed or changed."
        if hmac.compare_digest(one.digest, digest(one)):
            sound.append(one)
        else:
            yield f"Anchor of {one.on_day}: its contents do not match its seal."
        previous = one.digest
    recount = Recount(sorted(sound, key=lambda one: (one.last_entry_id, one.on_day)))
    yield from journal.faults(session, kinds, now=now, watch=recount.take)
    yield from recount.faults()


@dataclass
class Recount:
    """What each anchor should have found, counted again from the entries up to its bound, as these pass by.

    Only one thousand of subjects is held at a time. For each subject it is noted after which anchors its head
    changed; a part is hashed anew for these anchors only, and for the others it must have stayed as it was.
    """

    anchors: list[Anchor]
    _here: tuple[str, int] = ("", 0)
    _heads: dict[int, dict[int, tuple[int, str]]] = field(default_factory=dict)
    """By the place of the first anchor that knows it, each subject's number of entries and last digest."""
    _counts: dict[int, int] = field(default_factory=dict)
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._bounds = [one.last_entry_id for one in self.anchors]

    def take(self, entry: Any) -> None:
        here = (entry.subject_kind, entry.subject_id // THOUSAND)
        if here != self._here:
            self._end()
            self._here = here
        place = bisect_left(self._bounds, entry.id)
        if place < len(self._bounds):
            self._counts[entry.subject_id] = count = self._counts.get(entry.subject_id, 0) + 1
            self._heads.setdefault(place, {})[entry.subject_id] = (count, entry.digest)

    def faults(self) -> Iterator[str]:
        self._end()
        yield from self._found
        kept = {(kind, thousand) for one in self.anchors for kind, by in one.parts.items() for thousand in by}
        for kind, thousand in sorted(kept - self._seen, key=lambda one: (one[0], int(one[1]))):
            yield from self._compared(kind, thousand, {})

    def _end(self) -> None:
        kind, thousand = self._here
        if kind:
            self._seen.add((kind, str(thousand)))
            self._found += self._compared(kind, str(thousand), self._heads)
        self._heads, self._counts = {}, {}

    def _compared(self, kind: str, thousand: str, heads: Mapping[int, Mapping[int, tuple[int, str]]]) -> Iterator[str]:
        lines: dict[int, bytes] = {}
        counts: dict[int, int] = {}
        found, wrong = NOTHING, []
        for place, anchor in enumerate(self.anchors):
            if place in heads:
                for subject, (count, head) in heads[place].items():
                    lines[subject], counts[subject] = _line(subject, count, head), count
                hashed = hashlib.sha256(b"".join(lines[subject] for subject in sorted(lines))).hexdigest()
                found = [len(lines), sum(counts.values()), hashed]
            stated = anchor.parts.get(kind, {}).get(thousand, NOTHING)
            if stated != found:
                wrong.append((anchor, stated, found))
        if wrong:
            anchor, stated, there = wrong[0]
            first = int(thousand) * THOUSAND
            further = f" So say {len(wrong) - 1} more anchors." if len(wrong) > 1 else ""
            yield (
                f"{kind} {first} to {first + THOUSAND - 1}: not as the anchor of {anchor.on_day} knows it, "
                f"{_what(stated, there)}.{further}"
            )


def _what(stated: Part, there: Part) -> str:
    """What became of a part, in words."""
    if (gone := stated[0] - there[0]) > 0:
        return f"{gone} of {stated[0]} are gone with their entries ({stated[1]} were there, {there[1]} are)"
    if (gone := stated[1] - there[1]) > 0:
        return f"{gone} of {stated[1]} entries are gone"
    if gone < 0:
        return f"{-gone} entries are there that were not written then"
    return "as many entries, but others"
