"""The numbers of results (1, 1.1, 1.1.1) for many projects at once; the twin of projects/numbering.py."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Subquery, Text, and_, cast, func, select
from sqlalchemy.orm import aliased

from prima.projects.models import Level, Result


def numbers(of_these: ColumnElement[bool]) -> Subquery:
    """By result its number, as numbering.numbered gives it; none for the objective and for what was taken out."""
    stands = and_(Result.retired_on.is_(None), Result.level != Level.OBJECTIVE)
    place = func.row_number().over(
        partition_by=(Result.project_id, Result.parent_id), order_by=(Result.position, Result.id)
    )
    own = select(Result.id, Result.parent_id, cast(place, Text).label("place")).where(stands, of_these).cte("places")
    above, top = aliased(own), aliased(own)
    number = func.concat_ws(".", top.c.place, above.c.place, own.c.place)
    # A row below one that was taken out stands nowhere.
    hangs = and_(own.c.parent_id.is_not(None), above.c.id.is_(None))
    hangs_higher = and_(above.c.parent_id.is_not(None), top.c.id.is_(None))
    return (
        select(own.c.id, number.label("number"))
        .outerjoin(above, above.c.id == own.c.parent_id)
        .outerjoin(top, top.c.id == above.c.parent_id)
        .where(~hangs, ~hangs_higher)
        .subquery("numbers")
    )
