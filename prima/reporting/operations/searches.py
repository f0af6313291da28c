"""Keeping searches under a name and the columns of the list; one's own alone, so the journal says nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import parse_qs

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from prima import clock, outbox, zones
from prima.db import db
from prima.errors import Refused
from prima.filters import day, money
from prima.languages import words
from prima.outbox import Draft
from prima.reporting import portfolio
from prima.reporting.models import ListColumns, SavedSearch
from prima.reporting.queries.searches import News, news_of, weekly_searches
from prima.users import User

MOST_SEARCHES = 50
LONGEST_QUERY = 4000


def keep_columns(names: Sequence[str], *, actor: User) -> None:
    """In which columns the list stands from now on; none that there is: in the usual ones again."""
    kept = portfolio.in_order(names)
    if kept in ((), portfolio.USUAL):
        db.session.execute(delete(ListColumns).where(ListColumns.user_id == actor.id))
        return
    row = insert(ListColumns).values(user_id=actor.id, columns=list(kept))
    db.session.execute(row.on_conflict_do_update(index_elements=["user_id"], set_={"columns": list(kept)}))


def save_search(name: str, query: str, *, actor: User, weekly: bool = False) -> SavedSearch:
    _one_at_a_time(actor)
    number = db.session.scalar(select(func.count()).select_from(SavedSearch).filter_by(user_id=actor.id)) or 0
    if number >= MOST_SEARCHES:
        raise Refused(
            _("You keep %(most)s searches already, which is as many as there can be: delete one.", most=MOST_SEARCHES)
        )
    if len(query) > LONGEST_QUERY:
        raise Refused(_("This search is too long to be kept: take filters away."))
    search = SavedSearch(user_id=actor.id, name=_free(name, actor), query=query, weekly=False)
    _tell(search, weekly)
    db.session.add(search)
    db.session.flush()
    return search


def change_search(search: SavedSearch, name: str, *, actor: User, weekly: bool) -> None:
    _one_at_a_time(actor)
    if name != search.name:
        search.name = _free(name, actor)
    _tell(search, weekly)
    db.session.flush()


def delete_search(search: SavedSearch, *, actor: User) -> None:
    _one_at_a_time(actor)
    db.session.execute(delete(SavedSearch).where(SavedSearch.id == search.id, SavedSearch.user_id == actor.id))


def _tell(search: SavedSearch, weekly: bool) -> None:
    """From the next Monday on, of what came since now."""
    if weekly and not search.weekly:
        today = clock.today()
        search.told_on, search.told_at = today - timedelta(days=today.weekday()), clock.now()
    search.weekly = weekly


def tell_weekly(session: Session) -> int:
    """Queue the letter of every search whose owner's week has begun and who was not told yet; how many."""
    drafts: list[Draft] = []
    places: dict[int, str] = {}
    for search in weekly_searches(session):
        person = search.user
        if person.id not in places:
            places[person.id] = zones.of(session, person.id)
        today = clock.today_at(places[person.id])
        monday = today - timedelta(days=today.weekday())
        if search.told_on is None or search.told_on < monday:
            since = search.told_at or search.made_at
            reading = portfolio.read(person, parse_qs(search.query))
            news = news_of(person, reading.filters, since)
            subject, body = words(_words, search, news, since.date(), reading.problems)
            drafts.append(
                Draft(
                    to=person,
                    cause=f"saved-search {search.id}",
                    kind="summary:search",
                    due_on=monday,
                    subject=subject,
                    body=body,
                    path=f"/projects?{search.query}" if search.query else "/projects",
                )
            )
            search.told_on, search.told_at = monday, clock.now()
    session.flush()
    return outbox.queue_all(session, drafts)


def _words(search: SavedSearch, news: News, since: date, problems: Sequence[str]) -> tuple[str, str]:
    """Subject and text of the weekly letter."""
    found = ngettext("%(num)s project", "%(num)s projects", news.totals.number)
    lines = [
        _("Your saved search “%(name)s” finds %(found)s now, with budgets of USD %(amount)s.",
          name=search.name, found=found, amount=money(news.totals.budget)),
        _("New since %(day)s: %(new)s. Changed since then: %(changed)s.",
          day=day(since), new=news.made, changed=news.changed),
        *(f"- {name}: {title} ({office})" for name, title, office in news.newest),
    ]  # fmt: skip
    if news.made > len(news.newest):
        lines.append(_("... and %(number)s more.", number=news.made - len(news.newest)))
    lines += problems
    lines.append(_("You asked for this letter; on the page of your saved searches you can stop it."))
    subject = _("%(name)s: %(found)s, %(new)s new", name=search.name, found=found, new=news.made)
    return subject, "\n".join(lines)


def _one_at_a_time(actor: User) -> None:
    """Two windows of one person save one after the other."""
    db.session.execute(select(User.id).where(User.id == actor.id).with_for_update())


def _free(name: str, actor: User) -> str:
    if db.session.scalar(select(SavedSearch.id).filter_by(user_id=actor.id, name=name)):
        raise Refused(_("You keep another search called “%(name)s”: choose another name.", name=name))
    return name
