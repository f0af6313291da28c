"""Rows that are sent to the database as one value: VALUES would be compiled anew for each number of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import FromClause, bindparam, cast, column, func
from sqlalchemy.dialects.postgresql import JSONB


def sent(name: str, columns: Mapping[str, Any]) -> FromClause:
    """A table of these columns and types; its rows are the value `name` of the statement, a list of mappings."""
    rows = func.jsonb_to_recordset(cast(bindparam(name, type_=JSONB), JSONB))
    told = rows.table_valued(*(column(one, kind) for one, kind in columns.items()))
    return told.render_derived(name, with_types=True)
