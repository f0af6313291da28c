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


LEVELS = {
    "objective": _l("Objective"), "outcome": _l("Outcome"), "output": _l("Output"), "activity": _l("Activity"),
}  # fmt: skip


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
    for was, now in zip(before.get("results", ()), after.get("results", ()), strict=True):
        name = f"{LEVELS[now['level']]} {now['number']}".strip()
        if was["text"] != now["text"]:
            found.append(Row(name, was["text"], now["text"]))
        if was["assumption"] != now["assumption"]:
            found.append(Row(_("%(row)s, assumption", row=name), was["assumption"], now["assumption"]))
    for gone in before.get("out", ()):
        found.append(Row(f"{LEVELS[gone['level']]} {gone['number']}", gone["text"], _("taken out")))
    for new in after.get("new_results", ()):
        found.append(Row(new_row(new), _("none"), _said(new)))
    for was, now in zip(before.get("indicators", ()), after.get("indicators", ()), strict=True):
        if was["text"] != now["text"]:
            found.append(Row(_("Indicator of %(number)s", number=now["number"] or _("the objective")),
                             was["text"], now["text"]))  # fmt: skip
        if was["target"] != now["target"] or was["splits"] != now["splits"]:
            found.append(Row(_("Target: %(indicator)s", indicator=now["text"]), _target(was), _target(now)))
    for gone in before.get("indicators_out", ()):
        name = _("Indicator of %(number)s", number=gone["number"] or _("the objective"))
        found.append(Row(name, gone["text"], _("taken out")))
    keys = [new["key"] for new in after.get("new_results", ())]
    for new in after.get("new_indicators", ()):
        if new["result_id"] in keys:
            name = _("New indicator of the new row %(number)s", number=keys.index(new["result_id"]) + 1)
        else:
            name = _("New indicator of %(number)s", number=new["number"] or _("the objective"))
        found.append(Row(name, _("none"), _("%(text)s, target %(target)s", text=new["text"], target=new["target"])))
    if change.kind is ChangeKind.MANAGER:
        says = _("%(name)s, from %(day)s", name=after["name"], day=day(after["from_on"]))
        found.append(Row(str(PARTS[after["part"]]), before["name"], says))
    return found


def new_row(new: Mapping[str, Any]) -> str:
    """New output under 1.2."""
    words = {"level": str(LEVELS[new["level"]]).lower(), "number": new["number"]}
    return _("New %(level)s under %(number)s", **words) if new["number"] else _("New %(level)s under it", **words)


def _said(new: Mapping[str, Any]) -> str:
    months = _("months %(months)s", months=new["months"]) if new["months"] else ""
    return "; ".join(filter(None, (new["text"], new["assumption"], new["responsible"], months)))


def _target(kept: Mapping[str, Any]) -> str:
    parts = " + ".join(number for _id, number in kept["splits"])
    return f"{kept['target']} ({parts})" if parts else str(kept["target"])


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
    if change.kind is ChangeKind.RESULTS:
        return ngettext("%(num)s part of the results matrix", "%(num)s parts of the results matrix", len(found))
    said = [_("%(label)s: %(before)s → %(after)s", label=one.label, before=one.before, after=one.after) for one in found
            if one.before != one.after]  # fmt: skip
    count = len(change.after.get("lines", ())) + len(change.after.get("added", ()))
    if count:
        said.append(ngettext("%(num)s budget line", "%(num)s budget lines", count))
    return "; ".join(said)
