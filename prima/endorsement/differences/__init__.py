"""What differs between two versions of a proposal, section by section: words in texts, cells in tables, amounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from prima.endorsement.differences.rows import paired
from prima.endorsement.differences.words import LIKE, WORK, Budget, Kind, Run, paragraphs, stays, words
from prima.endorsement.reading import Part
from prima.endorsement.reading.blocks import Block, Cell, Column, Fact, Facts, Prose, Row, Table, Value

LONG = 3
"""A value of more words than this is compared word by word; a shorter one is shown as it was and as it is."""


@dataclass(frozen=True)
class Change:
    """One value: as it was and as it is. `runs` where it is read word by word; `items` where it is a list."""

    kind: Kind
    changed: bool
    before: Cell = None
    after: Cell = None
    runs: tuple[Run, ...] = ()
    items: tuple[Run, ...] = ()
    difference: Decimal | None = None


@dataclass(frozen=True)
class TextChange:
    paragraphs: list[list[Run]]
    kind: str = "text"
    count: int = 1


@dataclass(frozen=True)
class FactsChange:
    facts: list[tuple[str, Change]]
    same: int
    kind: str = "facts"

    @property
    def count(self) -> int:
        return len(self.facts)


@dataclass(frozen=True)
class RowChange:
    kind: Kind
    changed: bool
    cells: list[Change]
    depth: int


@dataclass(frozen=True)
class TableChange:
    """`rows`: what changed and what it stands under; a number stands for so many rows that did not."""

    name: str
    columns: list[Column]
    units: tuple[str, str]
    rows: list[RowChange | int]
    totals: list[Change]
    count: int
    kind: str = "table"


@dataclass(frozen=True)
class PartChange:
    code: str
    title: str
    blocks: list[TextChange | FactsChange | TableChange]
    same: list[str]
    """The names of the tables that did not change."""

    @property
    def count(self) -> int:
        return sum(block.count for block in self.blocks)


@dataclass(frozen=True)
class Comparison:
    changed: list[PartChange]
    same: list[str]
    """The titles of the sections that did not change."""


def compare(before: Sequence[Part], after: Sequence[Part]) -> Comparison:
    """Two versions as one reader may see them; sections in the order of the newer one."""
    budget = Budget(2 * WORK)
    old, new = {one.code: one for one in before}, {one.code: one for one in after}
    changed: list[PartChange] = []
    same: list[str] = []
    for part in [*after, *(one for one in before if one.code not in new)]:
        found = _part(part, old.get(part.code), new.get(part.code), budget)
        if found.blocks:
            changed.append(found)
        else:
            same.append(part.title)
    return Comparison(changed, same)


def _part(part: Part, before: Part | None, after: Part | None, budget: Budget) -> PartChange:
    old = {_name(block): block for block in (before.blocks if before else ())}
    new = {_name(block): block for block in (after.blocks if after else ())}
    blocks: list[TextChange | FactsChange | TableChange] = []
    same: list[str] = []
    for name in [*new, *(name for name in old if name not in new)]:
        found = _block(old.get(name), new.get(name), budget)
        if found is not None:
            blocks.append(found)
        elif isinstance(new.get(name), Table):
            same.append(name[1])
    return PartChange(part.code, part.title, blocks, same)


def _name(block: Block) -> tuple[str, str]:
    return type(block).__name__, block.name


def _block(before: Block | None, after: Block | None, budget: Budget) -> TextChange | FactsChange | TableChange | None:
    """None where nothing differs; what one version does not have is empty there."""
    match before or after:
        case Prose():
            old, new = (one.text if isinstance(one, Prose) else "" for one in (before, after))
            return TextChange(paragraphs(words(old, new, budget))) if old != new else None
        case Facts():
            stood, stand = (one.facts if isinstance(one, Facts) else () for one in (before, after))
            return _facts(stood, stand, budget)
        case Table() as table:
            empty = Table(table.name, table.columns, (), table.unit, table.coded)
            was, now = (one if isinstance(one, Table) else empty for one in (before, after))
            return _table(was, now, budget)
    return None


def _facts(before: Sequence[Fact], after: Sequence[Fact], budget: Budget) -> FactsChange | None:
    old, new = {one.label: one.value for one in before}, {one.label: one.value for one in after}
    labels = [*new, *(label for label in old if label not in new)]
    found = [(label, _fact(old.get(label), new.get(label), budget)) for label in labels]
    changed = [(label, change) for label, change in found if change.changed]
    return FactsChange(changed, len(found) - len(changed)) if changed else None


def _fact(before: Value, after: Value, budget: Budget) -> Change:
    if isinstance(before, tuple) or isinstance(after, tuple):
        old, new = (value if isinstance(value, tuple) else (str(value),) if value else () for value in (before, after))
        return _list(old, new)
    return _value(before, after, budget)


def _list(before: tuple[str, ...], after: tuple[str, ...]) -> Change:
    items = [Run(Kind.SAME if one in before else Kind.ADDED, one) for one in after]
    items += [Run(Kind.REMOVED, one) for one in before if one not in after]
    changed = set(before) != set(after)
    return Change(Kind.SAME, changed, ", ".join(before), ", ".join(after), items=tuple(items))


def _value(before: Cell, after: Cell, budget: Budget, *, sums: bool = False) -> Change:
    empty = before in (None, ""), after in (None, "")
    if all(empty) or before == after:
        difference = Decimal(0) if sums and not all(empty) else None
        return Change(Kind.SAME, False, before, after, difference=difference)
    kind = Kind.ADDED if empty[0] else Kind.REMOVED if empty[1] else Kind.SAME
    if sums:
        return Change(kind, True, before, after, difference=Decimal(after or 0) - Decimal(before or 0))
    runs: list[Run] = []
    if isinstance(before, str) and isinstance(after, str) and kind is Kind.SAME and _is_long(before, after):
        runs = words(before, after, budget)
        runs = runs if stays(runs) >= LIKE else []
    return Change(kind, True, before, after, runs=tuple(runs))


def _is_long(*texts: str) -> bool:
    return all(len(text.split()) > LONG for text in texts)


def _table(before: Table, after: Table, budget: Budget) -> TableChange | None:
    columns = after.columns
    comparable = before.unit == after.unit
    sums = [column.sums and comparable for column in columns]
    rows = [_row(old, new, sums, budget) for old, new in paired(before.rows, after.rows, coded=after.coded)]
    count = sum(row.changed for row in rows)
    if not count and comparable:
        return None
    shown = sorted({*before.shown, *after.shown, *(place for place, column in enumerate(columns) if column.sums)})
    totals = [_total(before, after, place, comparable=comparable) for place in shown]
    return TableChange(
        name=after.name,
        columns=[columns[place] for place in shown],
        units=(before.unit, after.unit),
        rows=_folded(
            [RowChange(row.kind, row.changed, [row.cells[place] for place in shown], row.depth) for row in rows]
        ),
        totals=totals if after.has_total else [],
        count=count,
    )


def _row(old: Row | None, new: Row | None, sums: Sequence[bool], budget: Budget) -> RowChange:
    nothing = (None,) * len(sums)
    kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.SAME
    pairs = zip(old.cells if old else nothing, new.cells if new else nothing, sums, strict=True)
    cells = [_value(before, after, budget, sums=summed) for before, after, summed in pairs]
    changed = kind is not Kind.SAME or any(cell.changed for cell in cells)
    there = new or old
    return RowChange(kind, changed, cells, there.depth if there else 0)


def _total(before: Table, after: Table, place: int, *, comparable: bool) -> Change:
    if not after.columns[place].sums:
        return Change(Kind.SAME, False)
    old, new = before.total(place), after.total(place)
    return Change(Kind.SAME, old != new, old, new, difference=new - old if comparable else None)


def _folded(rows: Sequence[RowChange]) -> list[RowChange | int]:
    """Rows that did not change are counted, save those that a changed row stands under."""
    kept = {place for place, row in enumerate(rows) if row.changed}
    for place in list(kept):
        depth = rows[place].depth
        for above in range(place - 1, -1, -1):
            if depth and rows[above].depth < depth and rows[above].kind is not Kind.REMOVED:
                kept.add(above)
                depth = rows[above].depth
    found: list[RowChange | int] = []
    for place, row in enumerate(rows):
        if place in kept:
            found.append(row)
        elif found and isinstance(found[-1], int):
            found[-1] += 1
        else:
            found.append(1)
    return found
