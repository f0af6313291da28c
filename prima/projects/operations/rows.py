"""Saving many rows from one form: what was added, changed and removed, and what somebody else changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from prima.errors import Conflict, Difference
from prima.projects.operations.drafting import fingerprint


@dataclass(frozen=True)
class Row:
    """One row of a form as it came back.

    `id` is the stored row it edits (None: a new one), `version` and `seen` what the page showed of it, so that a
    row nobody touched never stands against a change by somebody else. `name` is the form's name for it: "lines-2".
    """

    name: str
    label: str
    id: int | None
    version: int
    seen: str
    remove: bool
    values: dict[str, Any]

    @property
    def is_touched(self) -> bool:
        return self.remove or fingerprint(self.values) != self.seen


@dataclass
class RowsConflict(Conflict):
    """Somebody saved some of the same rows; `fresh` holds the hidden values with which a second save wins."""

    fresh: dict[str, str] = field(default_factory=dict)


@dataclass
class Changes:
    added: list[Row] = field(default_factory=list)
    changed: list[tuple[Any, Row]] = field(default_factory=list)
    removed: list[Any] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def sort_out(
    rows: Sequence[Row], stored: Mapping[int, Any], read: Callable[[Any], dict[str, Any]], *, who: str
) -> Changes:
    """What the form changes in the stored rows (`read` gives a row's values); raises RowsConflict."""
    changes = Changes()
    conflict = RowsConflict(who, 0)
    for row in rows:
        there = stored.get(row.id) if row.id is not None else None
        if row.id is None:
            if not row.remove:
                changes.added.append(row)
        elif not row.is_touched or (row.remove and there is None):
            continue
        elif there is None:
            conflict.differences += [
                Difference(row.label, _("removed"), str(value), f"{row.name}-{name}")
                for name, value in row.values.items()
                if value not in (None, "")
            ]
            conflict.fresh |= {f"{row.name}-row": "", f"{row.name}-version": "", f"{row.name}-seen": ""}
        else:
            values = read(there)
            same = fingerprint(values) == fingerprint(row.values)
            if there.version != row.version and not (same and not row.remove):
                conflict.differences += _differences(row, values)
                conflict.fresh |= {
                    f"{row.name}-version": str(there.version),
                    f"{row.name}-seen": fingerprint(values),
                }
            elif row.remove:
                changes.removed.append(there)
            elif not same:
                changes.changed.append((there, row))
    if conflict.fresh:
        raise conflict
    return changes


def _differences(row: Row, values: dict[str, Any]) -> list[Difference]:
    return [
        Difference(
            row.label, _text(theirs), _("removed") if row.remove else _text(row.values[name]), f"{row.name}-{name}"
        )
        for name, theirs in values.items()
        if row.remove or fingerprint(theirs) != fingerprint(row.values[name])
    ]


def _text(value: Any) -> str:
    if hasattr(value, "normalize"):
        return format(value.normalize() + 0, "f")
    return "" if value is None else str(value)
