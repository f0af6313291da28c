"""What was spent and committed beside what was approved: of a line, a category, a project. Sums are sums of lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Spent:
    """Spent, and committed and not yet spent, from the project's start; in the budget's currency."""

    spent: Decimal = ZERO
    committed: Decimal = ZERO

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.spent + other.spent, self.committed + other.committed)

    @property
    def total(self) -> Decimal:
        return self.spent + self.committed


NOTHING = Spent()


@dataclass(frozen=True)
class Figures:
    """What was approved, and what of it was used."""

    approved: Decimal = ZERO
    used: Spent = NOTHING

    def __add__(self, other: Figures) -> Figures:
        return Figures(self.approved + other.approved, self.used + other.used)

    @property
    def spent(self) -> Decimal:
        return self.used.spent

    @property
    def committed(self) -> Decimal:
        return self.used.committed

    @property
    def balance(self) -> Decimal:
        return self.approved - self.used.total

    @property
    def burn_rate(self) -> Decimal | None:
        """The share of what was approved that is spent; None where nothing was approved."""
        return self.spent / self.approved if self.approved else None

    @property
    def is_overspent(self) -> bool:
        return self.used.total > self.approved


@dataclass(frozen=True)
class Line:
    """A budget line with its figures."""

    id: int
    code: str
    category_code: str
    description: str
    figures: Figures


@dataclass(frozen=True)
class Category:
    """The lines of a category; what it comes to is what they come to."""

    code: str
    name: str
    lines: Sequence[Line]

    @property
    def figures(self) -> Figures:
        return total(line.figures for line in self.lines)


def total(figures: Iterable[Figures]) -> Figures:
    return sum(figures, Figures())


def by_category(lines: Iterable[Line], names: Mapping[str, str]) -> list[Category]:
    """The categories that have a line, in the order of `names`, each line in the order given."""
    found: dict[str, list[Line]] = {code: [] for code in names}
    for line in lines:
        found.setdefault(line.category_code, []).append(line)
    return [Category(code, names.get(code, code), rows) for code, rows in found.items() if rows]


# -- what a spreadsheet would change ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moved:
    """A budget line before and after a spreadsheet is taken over."""

    line: Line
    """With the figures that it would have."""
    before: Spent
    is_named: bool
    """The spreadsheet states something of it."""

    @property
    def after(self) -> Spent:
        return self.line.figures.used

    @property
    def is_changed(self) -> bool:
        return self.after != self.before

    @property
    def is_overspent(self) -> bool:
        return self.line.figures.is_overspent

    @property
    def went_down(self) -> bool:
        return self.is_named and (self.after.spent < self.before.spent or self.after.committed < self.before.committed)

    @property
    def disappears(self) -> bool:
        """Something was stated of it, and this spreadsheet says nothing."""
        return not self.is_named and self.before != NOTHING


@dataclass(frozen=True)
class Stated:
    """A project as a spreadsheet states it."""

    id: int
    reference: str
    name: str
    title: str
    currency: str
    rows: int
    lines: Sequence[Moved] = field(default_factory=tuple)

    @property
    def before(self) -> Spent:
        return sum((one.before for one in self.lines), NOTHING)

    @property
    def figures(self) -> Figures:
        return total(one.line.figures for one in self.lines)

    @property
    def is_changed(self) -> bool:
        return any(one.is_changed for one in self.lines)
