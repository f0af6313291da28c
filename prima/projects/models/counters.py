"""Counters without gaps: references per year, project IDs per prefix. Who counts holds the row's lock."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from prima.db import Model


class Counter(Model):
    name: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)
