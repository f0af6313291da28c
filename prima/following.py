"""What follows from a change of a project's dates, and what stands in the way of ending it.

Projects decide, reporting keeps the deadlines: create_app collects who follows, so no package knows another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from prima.users import User
from prima.workflow import Need


@dataclass(frozen=True)
class Recomputed:
    """How many deadlines moved, were made and fell away."""

    moved: int = 0
    added: int = 0
    dropped: int = 0


class Recompute(Protocol):
    def __call__(
        self,
        project: Any,
        *,
        was_end: date,
        actor: User | None,
        change_id: int | None = None,
        cancelled: bool = False,
    ) -> Recomputed:
        """Recompute every open deadline of the locked project, whose new dates stand already, in this transaction."""


class End(Protocol):
    def __call__(self, project: Any, *, actor: User | None) -> None:
        """Let fall away what operational closure ends, in this transaction."""


class LastDay(Protocol):
    def __call__(self, project: Any) -> date | None:
        """The last day on which an extension or a budget change is asked for in time; None where none is known."""


class Spent(Protocol):
    def __call__(self, project_id: int) -> dict[int, Decimal]:
        """What was spent so far, by the id of the budget line; lines without spending may be left out."""


class Following(NamedTuple):
    """What an operation of a project is given by its view."""

    recompute: Recompute
    end: End
    open_duties: Callable[[Any, str], list[Need]]
    """What the project still owes before it is closed (`operational`, `financial`), each with its link."""
    last_day: LastDay
    spent: Spent
