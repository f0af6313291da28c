"""A version of a proposal made readable: sections in the edition's order, names for codes, changes marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from prima.endorsement.reading.blocks import Block, Cell, Names, Prose, Table
from prima.endorsement.reading.budget import budget
from prima.endorsement.reading.cover import cover
from prima.endorsement.reading.plans import matrix, risks, workplan
from prima.handbook.edition import Edition
from prima.projects.snapshot import submitted_facts

STRUCTURED = {"COV": cover, "MAT": matrix, "WPL": workplan, "BUD": budget, "RSK": risks}
"""How each structured section is read; the others are texts."""
QUOTED = 300
"""So many letters of a line stand with a comment on it."""


@dataclass(frozen=True)
class Part:
    """One section as it was frozen."""

    code: str
    title: str
    blocks: tuple[Block, ...]
    changed: bool = False


@dataclass(frozen=True)
class Version:
    number: int
    parts: list[Part]
    changed_since: int | None = None
    """The round whose version it is compared with."""

    @property
    def changed(self) -> list[Part]:
        return [part for part in self.parts if part.changed]


def parts(
    content: Mapping[str, Any], edition: Edition, names: Names, *, internal: bool, changed: set[str] | None = None
) -> list[Part]:
    """The sections of a snapshot that hold anything.

    `internal`: whether the reader may see unit costs of staff and internal sections; `changed`: section codes.
    A version frozen before a part of the snapshot existed is read without it.
    """
    found = []
    for section in edition.sections_for(content["cover"]["funding"], submitted_facts(content)):
        if section.internal and not internal:
            continue
        if read := STRUCTURED.get(section.code):
            blocks = read(content, edition, names, internal)
        else:
            blocks = _text(content, section.code)
        if blocks:
            found.append(Part(section.code, section.title.say(), tuple(blocks), section.code in (changed or set())))
    return found


def quoted(read: Iterable[Part], code: str, anchor: str) -> str | None:
    """What the line of a section says, by its name (Table.anchors), in one line; None where it is not there."""
    for part in read:
        for block in part.blocks if part.code == code else ():
            if isinstance(block, Table) and anchor in block.anchors:
                row = block.rows[block.anchors.index(anchor)]
                told = " | ".join(_plain(cell) for cell in row.cells if cell not in (None, ""))
                return told if len(told) <= QUOTED else f"{told[: QUOTED - 1]}…"
    return None


def _plain(cell: Cell) -> str:
    return f"{cell:,.2f}" if isinstance(cell, Decimal) else str(cell)


def _text(content: Mapping[str, Any], code: str) -> list[Block]:
    text = content["sections"].get(code)
    return [Prose(text)] if text else []
