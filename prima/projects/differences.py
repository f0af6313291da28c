"""Before and after of a change, as its page and its list show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima.filters import day, money
from prima.projects.changes import ChangeKind

PARTS = {"manager": _l("Project manager"), "alternate": _l("Alternate project manager")}


@dataclass(frozen=True)
class Row:
    """One thing that changes, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class LineRow:
    """A budget line whose amount changes; `before` is None for a new one."""

    code: str
    name: str
    category: str
    before: Decimal | None
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - (self.before or Decimal(0))


def rows(change: Any, currency: str) -> list[Row]:
    """All that changes but the budget lines."""
    before, after = change.before, change.after
    found = []
    if "ends_on" in after:
        found.append(Row(_("End date"), day(before["ends_on"]), day(after["ends_on"])))
    if "total" in after:
        totals = (money(Decimal(one["total"])) for one in (before, after))
        found.append(Row(_("Budget, %(currency)s", currency=currency), *totals))
    if change.kind is ChangeKind.MANAGER:
        says = _("%(name)s, from %(day)s", name=after["name"], day=day(after["from_on"]))
        found.append(Row(str(PARTS[after["part"]]), before["name"], says))
    return found


def line_rows(change: Any, categories: Mapping[str, str]) -> list[LineRow]:
    found = []
    for was, now in zip_longest(change.before.get("lines", ()), change.after.get("lines", ())):
        found.append(_line(now, categories, Decimal(was["amount"])))
    return found + [_line(one, categories, None) for one in change.after.get("added", ())]


def _line(values: Mapping[str, Any], categories: Mapping[str, str], before: Decimal | None) -> LineRow:
    category = values["category_code"]
    return LineRow(
        code=values.get("code") or "",
        name=values["description"],
        category=categories.get(category, category),
        before=before,
        after=Decimal(values["amount"]),
    )


def in_short(change: Any, currency: str) -> str:
    """What changes, in a line of a list."""
    found: Sequence[Row] = rows(change, currency)
    said = [_("%(label)s: %(before)s → %(after)s", label=one.label, before=one.before, after=one.after) for one in found
            if one.before != one.after]  # fmt: skip
    count = len(change.after.get("lines", ())) + len(change.after.get("added", ()))
    if count:
        said.append(ngettext("%(num)s budget line", "%(num)s budget lines", count))
    return "; ".join(said)
