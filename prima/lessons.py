"""Lessons that former projects reported; create_app collects who tells them, so no package knows another."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Lesson:
    """What a project learned, as it was recorded, or as an accepted report of the project says."""

    project_id: int
    text: str
    on: date
    """The last day it looks back on, the day on which the report was due, or on which it was recorded."""
    url: str
    title: str = ""
    """Of one that was recorded for itself, whose text says what happened and what one would advise."""


LessonsOf = Callable[[Collection[int], Collection[str], Collection[str]], list[Lesson]]
"""The lessons of these projects, those of the given areas of work and countries first, then the newest.

Whoever asks gives only projects that the reader may see.
"""
