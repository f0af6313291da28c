"""How somebody wants PRIMA's letters: which at once, which in a digest; in which language; where the morning is."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from prima import digests, zones
from prima.db import db
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.languages import OF_LETTERS
from prima.letters import FREE, Way
from prima.outbox import Letter, LetterChoice, LetterState
from prima.people import queries
from prima.users import User


def ways(user: User) -> dict[str, Way]:
    """By topic, for those that leave a choice."""
    rows = db.session.execute(select(LetterChoice.topic, LetterChoice.way).where(LetterChoice.user_id == user.id))
    stored = {row.topic: row.way for row in rows}
    return {
        code: stored[code] if stored.get(code) in topic.ways else topic.default for code, topic in FREE.items()
    }  # fmt: skip


def count_held(user: User) -> int:
    """How many letters wait for a digest."""
    held = select(func.count()).where(Letter.user_id == user.id, Letter.state == LetterState.HELD)
    return db.session.scalar(held) or 0


def choose(user: User, *, actor: User, chosen: Mapping[str, Way], language: str, time_zone: str) -> None:
    """Keep what the person wants; what waits already goes the new way: at the next run, or with the other digest."""
    if actor.id != user.id:
        raise Refused(_("Only the person chooses how letters come."))
    for code, way in chosen.items():
        if code not in FREE or way not in FREE[code].ways:
            raise Invalid(code, _("This cannot be chosen for these letters."))
    if language not in OF_LETTERS:
        raise Invalid("language", _("Please choose a language of the list."))
    if time_zone and time_zone not in zones.names():
        raise Invalid("time_zone", _("Please choose a time zone of the list."))
    user = queries.locked(user)
    before, after = _told(user), {"language": language, "time_zone": time_zone, **_ways_told({**ways(user), **chosen})}
    if before == after:
        return
    for code, way in chosen.items():
        db.session.execute(
            insert(LetterChoice)
            .values(user_id=user.id, topic=code, way=way)
            .on_conflict_do_update(index_elements=["user_id", "topic"], set_={"way": way})
            if way is not FREE[code].default
            else delete(LetterChoice).where(LetterChoice.user_id == user.id, LetterChoice.topic == code)
        )
    user.locale, user.time_zone = language, time_zone
    db.session.flush()
    digests.settle(db.session(), user.id)
    changed = [name for name in after if before[name] != after[name]]
    record(
        user,
        "letters chosen",
        actor=actor,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def _told(user: User) -> dict[str, str]:
    """As the journal keeps it."""
    return {"language": user.locale, "time_zone": user.time_zone, **_ways_told(ways(user))}


def _ways_told(found: Mapping[str, Way]) -> dict[str, str]:
    return {code: way.value for code, way in found.items()}
