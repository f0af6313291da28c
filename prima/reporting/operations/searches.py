"""Keeping searches under a name and the columns of the list; one's own alone, so the journal says nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from prima.db import db
from prima.errors import Refused
from prima.reporting import portfolio
from prima.reporting.models import ListColumns, SavedSearch
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
    search = SavedSearch(user_id=actor.id, name=_free(name, actor), query=query, weekly=weekly)
    db.session.add(search)
    db.session.flush()
    return search


def change_search(search: SavedSearch, name: str, *, actor: User, weekly: bool) -> None:
    _one_at_a_time(actor)
    if name != search.name:
        search.name = _free(name, actor)
    search.weekly = weekly
    db.session.flush()


def delete_search(search: SavedSearch, *, actor: User) -> None:
    _one_at_a_time(actor)
    db.session.execute(delete(SavedSearch).where(SavedSearch.id == search.id, SavedSearch.user_id == actor.id))


def _one_at_a_time(actor: User) -> None:
    """Two windows of one person save one after the other."""
    db.session.execute(select(User.id).where(User.id == actor.id).with_for_update())


def _free(name: str, actor: User) -> str:
    if db.session.scalar(select(SavedSearch.id).filter_by(user_id=actor.id, name=name)):
        raise Refused(_("You keep another search called “%(name)s”: choose another name.", name=name))
    return name
