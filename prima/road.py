"""The road of a proposal as pages tell it, desk by desk; create_app collects who tells it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask_babel import gettext as _


@dataclass(frozen=True)
class Station:
    """A desk on the road: which role where, why it is asked, who has it there, and whether nobody does."""

    role: str
    where: str
    days: int | None
    """Working days; None where the Handbook gives none."""
    areas: str = ""
    """The areas of work that a thematic review looks at."""
    why: str = ""
    """The condition under which it is asked, in words; empty for what every proposal needs."""
    required: bool = True
    names: Sequence[str] = ()
    vacancy: str = ""
    """That nobody holds the role here, and who answers for it, in a sentence."""
    answer: str = ""
    """What was answered, where the round has asked."""
    fallback: str = ""
    """The role that answers while nobody holds it, as the Handbook says it of no project."""

    @property
    def who(self) -> str:
        return ", ".join(self.names)

    @property
    def place(self) -> str:
        """Where, and for which areas of work."""
        return _("%(where)s; %(areas)s", where=self.where, areas=self.areas) if self.areas else self.where


class Roads(NamedTuple):
    """Who tells of a project's road: as it will be once submitted, and the reviewers really asked."""

    ahead: Callable[[Any], list[Station]]
    reviewers: Callable[[Any], list[Station]]
