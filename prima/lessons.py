"""Lessons that former projects reported; create_app collects who tells them, so no package knows another."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Lesson:
    """What a project learned, as an accepted report of it says."""

    project_id: int
    text: str
    on: date
    """The last day it looks back on, or else the day on which the report was due."""
    url: str


LessonsOf = Callable[[Collection[int]], list[Lesson]]
"""The lessons of these projects, newest first. Whoever asks gives only projects that the reader may see."""
