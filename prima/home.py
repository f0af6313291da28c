"""The first page: what is on your desk, the world, and your bookmarks. Knows all packages by way of create_app."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from flask import Blueprint, current_app, g, render_template, request, url_for
from flask_babel import gettext as _

from prima import clock, sessions
from prima.desk import Cursor, Found
from prima.people import notifications
from prima.permissions import Action, guard
from prima.projects import queries
from prima.reference import reader
from prima.reporting import portfolio
from prima.users import User, viewer

bp = Blueprint("home", __name__)
FIRST, A_PAGE = 10, 50
"""So much of the desk stands on the first page, and on each page of the whole desk."""
CURSOR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([A-Za-z0-9.-]{1,80})")
SHADES = 5
MAP_HEIGHT = 418
"""Below lies only the empty south of the projection."""


class Place(NamedTuple):
    """A country on the map, as the macro draws it."""

    code: str
    name: str
    path: str | None
    x: float
    y: float
    tone: int | None
    value_text: str
    url: str | None


@dataclass(frozen=True)
class World:
    width: int
    height: int
    places: list[Place]
    legend: list[tuple[int, str]]
    note: str


def desk(user: User, after: Cursor | None, limit: int) -> tuple[Found, bool]:
    """What waits for the person, the oldest first, behind a cursor; and whether there is more."""
    found = [shelf.page(user, after, limit + 1) for shelf in current_app.extensions["prima.desks"]]
    duties = sorted((duty for one in found for duty in one.duties), key=lambda duty: duty.cursor)
    g.desk_total = sum(one.total for one in found)
    return Found(duties[:limit], g.desk_total), len(duties) > limit


def count(_session: Any, user: User) -> int:
    """The number in the menu."""
    return _counted(user)[0]


def count_unread(_session: Any, user: User) -> int:
    """The number beside the account: letters not marked read."""
    return _counted(user)[1]


def _counted(user: User) -> tuple[int, int]:
    """Desk and unread letters: counted here, else kept with the session for a minute, so that pages stay light."""
    if "counted" not in g:
        kept = sessions.kept_count() if "desk_total" not in g else None
        if kept is not None:
            g.counted = (kept, sessions.kept_unread())
        else:
            if "desk_total" not in g:
                g.desk_total = sum(shelf.count(user) for shelf in current_app.extensions["prima.desks"])
            unread = sessions.keep_count(int(g.desk_total), notifications.number_unread(user))
            g.counted = (int(g.desk_total), notifications.count_unread(None, user) if unread is None else unread)
    desk_and_unread: tuple[int, int] = g.counted
    return desk_and_unread


@bp.get("/")
@guard(Action.SIGNED_IN)
def show() -> str:
    user = viewer()
    found, more = desk(user, None, FIRST)
    headline, countries = portfolio.by_country(user)
    return render_template(
        "home.html",
        duties=found.duties,
        more=found.total if more else 0,
        headline=headline,
        world=world(countries),
        bookmarks=queries.bookmarks_of(user),
        today=clock.today(),
    )


@bp.get("/desk")
@guard(Action.SIGNED_IN)
def whole_desk() -> str:
    """Everything on the desk, a page at a time."""
    given = request.args.get("after", "")
    after = _cursor(given)
    found, more = desk(viewer(), after, A_PAGE)
    last = found.duties[-1].cursor if more else None
    return render_template(
        "desk.html",
        duties=found.duties,
        total=found.total,
        problem=_("This page of the desk does not exist; the first is shown.") if given and after is None else "",
        first_url=url_for("home.whole_desk") if after else None,
        next_url=url_for("home.whole_desk", after=f"{last[0].isoformat()}.{last[1]}") if last else None,
        today=clock.today(),
    )


def _cursor(given: str) -> Cursor | None:
    """Where the page before ended: a day, and what stood last."""
    matched = CURSOR.fullmatch(given)
    try:
        return (date.fromisoformat(matched[1]), matched[2]) if matched else None
    except ValueError:
        return None


def world(countries: Sequence[portfolio.ByCountry]) -> World:
    """The map, shaded by number of projects; a country's projects are a click away."""
    shapes = reader.world()
    rows = {row.code: row for row in countries}
    most = max((row.projects for row in rows.values()), default=0)
    places = []
    for code, shape in shapes["countries"].items():
        row = rows.get(code)
        places.append(
            Place(
                code=code,
                name=row.name if row else code,
                path=shape.get("path"),
                x=shape["x"],
                y=shape["y"],
                tone=shade(row.projects, most) if row else None,
                value_text=_value(row) if row else "",
                url=url_for("listing.index", country=code) if row else None,
            )
        )
    return World(shapes["width"], MAP_HEIGHT, places, legend(most, rows.values()), "")


def shade(number: int, most: int) -> int:
    """From 1 (few) to 5 (most); 0 for none."""
    return 0 if not number else min(SHADES, 1 + number * SHADES // (most + 1))


def legend(most: int, rows: Any) -> list[tuple[int, str]]:
    """What each shade that occurs stands for."""
    numbers: dict[int, list[int]] = {}
    for row in rows:
        numbers.setdefault(shade(row.projects, most), []).append(row.projects)
    return [
        (tone, f"{min(found)}" if min(found) == max(found) else f"{min(found)}–{max(found)}")
        for tone, found in sorted(numbers.items())
        if tone
    ]


def _value(row: Any) -> str:
    budget = f"{row.budget or Decimal(0):,.0f}"
    text = _("%(count)s projects, USD %(budget)s", count=row.projects, budget=budget)
    return text + (", " + _("%(count)s overdue", count=row.overdue) if row.overdue else "")
