"""Digests: what readers put off goes to each of them in one mail, on the morning of the place where it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_datetime, ngettext
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, Text, case, cast, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from prima import clock, letters, zones
from prima.filters import day
from prima.languages import speaking
from prima.letters import Way
from prima.outbox import NEW, Draft, Letter, LetterChoice, LetterState, row
from prima.users import User

MONDAY = 0
NOTIFICATIONS = "/notifications"
AT_MOST = 200
"""Letters that one digest names; how many more there are stands below them."""
Headings = Callable[[int, set[str]], Mapping[str, str]]
"""What a person may read of projects above what is said of them, by reference."""


@dataclass(frozen=True)
class Rules:
    """At which hour of the local day digests leave, and the address that their links begin with."""

    hour: int
    base_url: str


def gather(session: Session, rules: Rules, headings: Headings, stop: Callable[[], bool] = lambda: False) -> int:
    """Write every digest that is due; how many. Each is committed with the mark on what it carries, by itself.

    The row of a digest is unique to its reader, its kind and the local day: whoever runs twice writes one. After days
    without a scheduler there is one digest and not one a day.
    """
    settle(session)
    session.commit()
    count = 0
    for reader in _readers(session):
        if stop():
            break
        count += _digest(session, reader, rules, headings)
        session.commit()
    return count


def settle(session: Session, user_id: int | None = None) -> None:
    """Bring what waits for a digest in line with what its reader wants by now, and with what was read meanwhile."""
    held = [Letter.state == LetterState.HELD]
    if user_id is not None:
        held.append(Letter.user_id == user_id)
    closed = select(User.id).where(User.id == Letter.user_id, ~User.active).exists()
    changes: Iterable[tuple[ColumnElement[bool], dict[str, Any]]] = (
        (or_(Letter.read_at.is_not(None), closed, wanted() == Way.NEVER.value), {"state": LetterState.KEPT}),
        (wanted() == Way.AT_ONCE.value, {"state": LetterState.WAITING, "next_try_at": clock.now()}),
    )
    for where, values in changes:
        session.execute(
            update(Letter).where(*held, where).values(**values).execution_options(synchronize_session=False)
        )


def wanted() -> ColumnElement[str]:
    """The way in which its reader wants a letter now: as chosen, or by the table; at once what leaves no choice."""
    chosen = select(cast(LetterChoice.way, Text)).where(
        LetterChoice.user_id == Letter.user_id, LetterChoice.topic == Letter.topic
    )
    defaults = {code: literal_column(f"'{one.default.value}'", Text) for code, one in letters.FREE.items()}
    at_once = literal_column(f"'{Way.AT_ONCE.value}'", Text)
    found: ColumnElement[str] = case(
        (Letter.topic.not_in(letters.FREE), at_once),
        else_=func.coalesce(chosen.scalar_subquery(), case(defaults, value=Letter.topic, else_=at_once)),
    )
    return found


def _readers(session: Session) -> Sequence[Row[Any]]:
    """For whom something waits: person, way, the oldest moment, and the zone."""
    way = wanted().label("way")
    waiting = (
        select(Letter.user_id, way, func.min(Letter.queued_at).label("since"))
        .where(Letter.state == LetterState.HELD)
        .group_by(Letter.user_id, way)
        .subquery()
    )
    zone = zones.of_reader(waiting.c.user_id).label("zone")
    return session.execute(select(waiting, zone).order_by(waiting.c.user_id, waiting.c.way)).all()


def _digest(session: Session, reader: Row[Any], rules: Rules, headings: Headings) -> int:
    """Write one, unless it is not its time or the one of that day is written."""
    on, at = slot(reader.way, zones.known(reader.zone), clock.now(), rules.hour)
    key = {"cause": f"digest:{reader.user_id}", "kind": f"digest:{reader.way}", "due_on": on}
    if reader.since > at or session.scalar(select(Letter.id).filter_by(**key).limit(1)):
        return 0
    found = session.scalars(
        select(Letter)
        .where(
            Letter.user_id == reader.user_id,
            Letter.state == LetterState.HELD,
            Letter.read_at.is_(None),
            wanted() == reader.way,
        )
        .order_by(Letter.id)
        .with_for_update()
    ).all()
    person = session.get(User, reader.user_id)
    if person is None or not found:
        return 0
    names = headings(person.id, {project_of(one) for one in found} - {""})
    with speaking(person.locale):
        subject, body = said(found, on, Way(reader.way), ZoneInfo(zones.known(reader.zone)), names, rules.base_url)
    draft = Draft(to=person, subject=subject, body=body, path=NOTIFICATIONS, **key)
    if session.scalar(NEW, row(draft, {})) is None:
        return 0
    session.execute(
        update(Letter)
        .where(Letter.id.in_([one.id for one in found]))
        .values(state=LetterState.CARRIED)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return 1


def slot(way: str, zone: str, now: datetime, hour: int) -> tuple[date, datetime]:
    """The last morning on which a digest was due: its local day, and the moment."""
    today = now.astimezone(ZoneInfo(zone)).date()
    for back in range(9):
        on = today - timedelta(days=back)
        at = zones.morning(on, zone, hour)
        if at <= now and (way == Way.DAILY or on.weekday() == MONDAY):
            return on, at
    raise AssertionError("Nine days hold a Monday whose morning is past.")


def project_of(letter: Letter) -> str:
    """The reference of the project whose page a letter leads to; empty when it is about none."""
    parts = letter.path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "projects" else ""


def said(
    found: Sequence[Letter], on: date, way: Way, zone: ZoneInfo, names: Mapping[str, str], base_url: str
) -> tuple[str, str]:
    """Subject and text of a digest: what was written, by project, each with its moment and its link."""
    count = len(found)
    subject = ngettext(
        "PRIMA, %(day)s: %(num)s letter for you", "PRIMA, %(day)s: %(num)s letters for you", count, day=day(on)
    )
    opening = (
        _("This is what PRIMA wrote to you since the last daily digest.")
        if way is Way.DAILY
        else _("This is what PRIMA wrote to you since the last weekly digest.")
    )
    shown = sorted(found[:AT_MOST], key=lambda one: _place(project_of(one), names))
    parts = [opening]
    for reference, some in groupby(shown, project_of):
        parts.append((names.get(reference) or reference or _("Not about a project")) + ":")
        parts += [_entry(one, zone, base_url) for one in some]
    if count > AT_MOST:
        parts.append(
            ngettext("%(num)s more letter stands in PRIMA.", "%(num)s more letters stand in PRIMA.", count - AT_MOST)
        )
    parts.append(
        _("You chose this digest. Where you choose another way: %(link)s", link=f"{base_url}{letters.SETTINGS_PATH}")
    )
    return subject, "\n\n".join(parts)


def _place(reference: str, names: Mapping[str, str]) -> tuple[bool, str, str]:
    """Projects by what is said of them; what is about none comes last."""
    return (not reference, names.get(reference, reference), reference)


def _entry(letter: Letter, zone: ZoneInfo, base_url: str) -> str:
    at = format_datetime(letter.queued_at.astimezone(zone), "d MMM y, HH:mm", rebase=False)
    lines = [f"- {letter.subject} ({at})"]
    if letter.path:
        lines.append(f"{base_url}{letter.path}")
    return "\n".join(lines)
