"""Rows that are found by their words: these stand beside the text, and are written with it in the same statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from sqlalchemy import ARRAY, Text, cast, event, func, inspect, select, update
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, Session, mapped_column

from prima.words import vector, words_of

INDEXED: Mapping[str, Any] = {"postgresql_using": "gin", "postgresql_with": {"gin_pending_list_limit": 512}}
"""How their index is kept: a save notes its words in a list, which stays short, for every search reads it."""


class Searched:
    """A table whose rows are found by the words of some of their columns."""

    FOUND_BY: ClassVar[tuple[str, ...]] = ("name",)
    words: Mapped[str | None] = mapped_column(TSVECTOR, deferred=True)

    @classmethod
    def words_in(cls, values: Mapping[str, Any]) -> str:
        """The text vector of a row with these values."""
        return vector(words_of(" ".join(values[name] or "" for name in cls.FOUND_BY)))


@event.listens_for(Searched, "before_insert", propagate=True)
def _written(_mapper: Any, _connection: Any, row: Any) -> None:
    row.words = row.words_in(_values(row))


@event.listens_for(Searched, "before_update", propagate=True)
def _changed(_mapper: Any, _connection: Any, row: Any) -> None:
    attributes = inspect(row).attrs
    if any(attributes[name].history.has_changes() for name in row.FOUND_BY):
        row.words = row.words_in(_values(row))


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.FOUND_BY}


# -- written anew -----------------------------------------------------------------------------------------------------

A_CHUNK = 2_000


def tables() -> list[Any]:
    return sorted(Searched.__subclasses__(), key=lambda table: str(table.__tablename__))


def rebuild(session: Session, table: Any) -> Iterator[int]:
    """Compare the words of all rows with their text, some thousand at a time, and mend them; how many were wrong.

    Each part is locked while it is compared, so that nobody's save comes between; the caller commits after each.
    """
    key = table.__mapper__.primary_key[0]
    columns = [getattr(table, name) for name in table.FOUND_BY]
    last = None
    while True:
        asked = select(key, *columns).order_by(key).limit(A_CHUNK).with_for_update(of=table)
        rows = session.execute(asked if last is None else asked.where(key > last)).all()
        if not rows:
            return
        last = rows[-1][0]
        texts = [table.words_in(dict(zip(table.FOUND_BY, row[1:], strict=True))) for row in rows]
        keys = cast([row[0] for row in rows], ARRAY(key.type))
        said = func.unnest(keys, cast(texts, ARRAY(Text))).table_valued("key", "words").render_derived()
        words = cast(said.c.words, TSVECTOR)
        mended = session.execute(
            update(table)
            .values(words=words)
            .where(key == said.c.key, table.words.is_distinct_from(words))
            .execution_options(synchronize_session=False)
        )
        yield mended.rowcount
