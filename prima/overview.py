"""What each package tells on the project page; create_app collects the tellers, so no package knows another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from prima.desk import Duty
from prima.timeline import Mark, Span
from prima.users import User


@dataclass
class Telling:
    """A package's share of a project page."""

    duties: list[Duty] = field(default_factory=list)
    """What is open, with who has it; the earliest due stands in the "Waiting for" line."""
    spans: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    panel: str = ""
    """A template drawn below the timeline, with `panel` as its data."""
    data: Any = None
    tabs: list[tuple[str, str]] = field(default_factory=list)
    """(label, URL) of the package's pages on this project."""


Teller = Callable[[Any, User], Telling]
