"""The first page: what is on your desk, the world, your region, your projects. Knows all packages: it puts together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, current_app, g, get_template_attribute, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from prima import clock, kept, recent, sessions, worldmap
from prima.assets import asset
from prima.desk import Cursor, Found
from prima.endorsement import queries as endorsement_queries
from prima.people import notifications
from prima.permissions import Action, can, guard
from prima.projects.tones import TONES
from prima.reporting import portfolio
from prima.reporting.queries.nearby import nearby
from prima.users import User, viewer

bp = Blueprint("home", __name__)
FIRST, A_PAGE = 10, 50
"""So much of the desk stands on the first page, and on each page of the whole desk."""
CURSOR = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([A-Za-z0-9.-]{1,80})")


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
            g.counted = (int(g.desk_total), notifications.count_unread(None, user))
            if g.counted != (sessions.kept_count(), sessions.kept_unread()):
                sessions.keep_count(*g.counted)
    desk_and_unread: tuple[int, int] = g.counted
    return desk_and_unread


@bp.get("/")
@guard(Action.SIGNED_IN)
def show() -> str:
    user = viewer()
    found, more = desk(user, None, FIRST)
    figures = portfolio.world(user)
    bookmarks, opened, more_bookmarks = nearby(user, recent.opened(user))
    given = request.args.get("map", "")
    measure = given if given in worldmap.MEASURES else "projects"
    problem = _("The map shows no such figure; it shows the number of projects.") if given not in ("", measure) else ""
    return render_template(
        "home.html",
        duties=found.duties,
        more=found.total if more else 0,
        headline=figures.headline,
        world=_world(figures, measure),
        problem=problem,
        ending_within=portfolio.ENDING,
        own=_own(user, [row for row in figures.regions if row.own]),
        bookmarks=bookmarks,
        more_bookmarks=more_bookmarks,
        opened=opened,
        tones=TONES,
        today=clock.today(),
    )


def _world(figures: portfolio.World, measure: str) -> Markup:
    """The map and its tables, drawn once for all who see the same figures in the same language."""
    name = ("the world", figures.countries, figures.regions, measure, str(get_locale()))
    return kept.answer(name, (), lambda: _drawn(figures, measure), for_many=True)


def _drawn(figures: portfolio.World, measure: str) -> Markup:
    map_of = worldmap.world(figures.countries, measure, lambda code: url_for("listing.index", country=code))
    drawn: Markup = get_template_attribute("macros/world.html", "world_with_tables")(
        map_of,
        asset("world.svg"),
        [(name, _map_url(code), code == measure) for code, name in worldmap.MEASURES.items()],
        [(row.name, url_for("listing.index", region=row.code), row) for row in figures.regions],
        [(place.name, place.url, place.row) for place in map_of.places],
    )
    return drawn


@dataclass(frozen=True)
class Own:
    """A region of the person: its figures, what lies on desks there, and how many projects end soon."""

    figures: portfolio.ByRegion
    waiting: int
    ending: int


def _own(user: User, regions: Sequence[portfolio.ByRegion]) -> list[Own]:
    if not regions or not can(user, Action.SEE_FIGURES):
        return []
    codes = tuple(row.code for row in regions)
    waiting = endorsement_queries.waiting_by_region(user, codes)
    ending = portfolio.ending_by_region(user)
    return [Own(row, waiting.get(row.code, 0), ending.get(row.code, 0)) for row in regions]


def _map_url(code: str) -> str:
    return url_for("home.show", map=None if code == "projects" else code, _anchor="world")


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
