"""Declaring how the beneficiaries of a group are counted, and adding a group that was reached and not planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from prima.db import db
from prima.errors import Invalid
from prima.journal import record
from prima.projects.models import Beneficiaries, Counted, Reach
from prima.projects.operations.beneficiaries import key_of
from prima.projects.operations.drafting import last_writer, version_of
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.reporting.operations.monitoring import opened
from prima.reporting.queries.monitoring import told_groups
from prima.users import User

COUNTING, ADDED = "beneficiaries counted", "beneficiaries added"


@dataclass(frozen=True)
class Declared:
    """How a group is counted; people, services, each with or without repetition, or nothing yet."""

    kind: str

    @property
    def version(self) -> int:
        return version_of(self.kind)


def kind_of(counted: Counted | None, repeated: bool | None) -> str:
    """people, people_repeated, services, services_repeated; empty where it is not declared."""
    return "" if counted is None else f"{counted.value}{'_repeated' if repeated else ''}"


def declared(group: Beneficiaries) -> Declared:
    return Declared(kind_of(group.counted, group.repeated))


def values_of(one: Declared) -> dict[str, Any]:
    return {"kind": one.kind or None}


def is_fixed(group: Beneficiaries, told: set[int]) -> bool:
    """Declared once: as soon as a report states a number, the numbers before and after must count the same."""
    return group.counted is not None and group.id in told


def declare_counting(project_id: int, *, actor: User, rows: Sequence[Row]) -> Changes:
    """Save how groups are counted, a row each (`id` is the group's); raises RowsConflict."""
    project = opened(project_id, actor)
    groups = {one.id: one for one in project.beneficiaries}
    stored = {number: declared(one) for number, one in groups.items()}
    for row in rows:
        if row.id not in stored and row.is_touched:
            raise Invalid(f"{row.name}-kind", _("This group was removed meanwhile. Open the page again."))
    mine = [row for row in rows if row.id in stored]
    changes = sort_out(mine, stored, values_of, who=last_writer(project, COUNTING))
    told = told_groups(project)
    for _declared, row in changes.changed:
        if is_fixed(groups[row.id or 0], told):
            raise Invalid(f"{row.name}-kind", _("Reports state numbers counted so, and it stays for all of them."))
        _declare(groups[row.id or 0], row.values["kind"])
    if changes.changed:
        db.session.flush()
        record(
            project, COUNTING, actor=actor, after=[[row.id, row.values["kind"]] for _declared, row in changes.changed]
        )
    return changes


def add_group(
    project_id: int, *, actor: User, type_code: str, reach: str, sex_code: str, age_code: str, kind: str
) -> Beneficiaries:
    """A group that was reached though nobody planned it: planned 0, so that what was approved stays as it is."""
    project = opened(project_id, actor)
    group = Beneficiaries(
        project_id=project.id, type_code=type_code, reach=Reach(reach), sex_code=sex_code, age_code=age_code, planned=0
    )
    if any(key_of(one) == key_of(group) for one in project.beneficiaries):
        raise Invalid("type_code", _("This group stands above already."))
    _declare(group, kind)
    db.session.add(group)
    db.session.flush()
    record(project, ADDED, actor=actor, group=group.id, after=[*key_of(group)], kind=kind)
    return group


def _declare(group: Beneficiaries, kind: str | None) -> None:
    if not kind:
        group.counted = group.repeated = None
        return
    group.counted, group.repeated = Counted(kind.removesuffix("_repeated")), kind.endswith("_repeated")
