"""Tables of moves from status to status, and what each still needs. Knows no project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from prima.permissions import Action


@dataclass(frozen=True)
class Need:
    """Ends the sentence "This still needs ...", or is a rule of the edition with how far off it is.

    `at` is the endpoint that mends it, `field` the input there.

    A need with `severity` "warn" gives way to a written justification, kept under `code`.
    """

    text: Any
    at: str = ""
    field: str = ""
    values: tuple[tuple[str, str], ...] = ()
    """Further values of the page's URL."""
    code: str = ""
    severity: str = "block"


@dataclass(frozen=True)
class Move:
    """One way from a status to another: who may take it, what the button says, what it waits for."""

    source: StrEnum
    name: str
    target: StrEnum
    action: Action
    says: Any
    needs: Callable[[Any], list[Need]] | None = None
    only: Callable[[Any], bool] | None = None
    """For which subjects the move exists at all."""
    via: str = "moves.take"
    """The endpoint that takes the move; empty when it follows from other decisions and has no button."""
    tone: str = "primary"
    note: str = "optional"
    """Whether the person writes why: "none", "optional" or "required"."""

    def missing(self, subject: Any) -> list[Need]:
        """What the subject still needs before this move, read from the tables of the rules."""
        return self.needs(subject) if self.needs else []


class Workflow:
    """A table of moves; (source, name) is unique."""

    def __init__(self, *moves: Move):
        self.moves = moves
        self._by_key = {(move.source, move.name): move for move in moves}
        if len(self._by_key) != len(moves):
            raise ValueError("two moves share a source and a name")

    def __iter__(self) -> Iterator[Move]:
        return iter(self.moves)

    def moves_from(self, status: StrEnum, subject: Any = None) -> list[Move]:
        """The moves out of a status; with a subject, those that exist for it."""
        return [
            move
            for move in self.moves
            if move.source is status and (subject is None or move.only is None or move.only(subject))
        ]

    def find(self, status: StrEnum, name: str) -> Move | None:
        return self._by_key.get((status, name))
