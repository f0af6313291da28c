"""The electronic file of a project: every document of the whole cycle, there, missing, due later or not needed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _

from prima.projects.rules import is_donor, is_fund, is_regional
from prima.projects.stages import BEFORE_ACTIVATION, EDITABLE, RUNNING, Status

NEEDED_AT = re.compile(r"(?P<step>[^(]+?)\s*(\((?P<only>[^)]*)\))?")
STEPS = ("submit", "activate", "first month", "report", "closure", "evaluation")
"""When the list of document types says that one is needed, in the order of the cycle."""


class State(StrEnum):
    THERE = "there"
    MISSING = "missing"
    LATER = "later"
    NOT_NEEDED = "not_needed"


@dataclass(frozen=True)
class Versions:
    """A document in its newest version, and the older ones, newest first; each State's letter is one of its own."""

    newest: Any
    older: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One type of document: what is there of it, or when it is needed."""

    code: str
    name: str
    state: State
    needed: str
    """What for, as "before activation"; empty where it is not asked for."""
    filed: tuple[Versions, ...] = ()


@dataclass(frozen=True)
class StageFile:
    name: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class ElectronicFile:
    stages: tuple[StageFile, ...]
    not_needed: tuple[tuple[str, tuple[str, ...]], ...]
    """The names of the other types, by the name of their stage."""

    def count(self, state: str) -> int:
        return sum(entry.state == state for stage in self.stages for entry in stage.entries)

    @property
    def documents(self) -> int:
        return sum(len(entry.filed) for stage in self.stages for entry in stage.entries)


def electronic_file(project: Any, types: Sequence[Any], documents: Iterable[Any]) -> ElectronicFile:
    """The file by stage of the cycle. `types` and `documents` are those that the reader may see."""
    by_type: dict[str, list[Any]] = defaultdict(list)
    for document in documents:
        by_type[document.type_code].append(document)
    stages: dict[str, list[Entry]] = {name: [] for name in [one.name.say() for one in project.edition.handbook.stages]}
    rest: dict[str, list[str]] = defaultdict(list)
    for kind in sorted(types, key=lambda one: one.position):
        if kind.retired and not by_type[kind.code]:
            continue
        stage = _stage(project, kind)
        entry = _entry(project, kind, by_type[kind.code])
        if entry.state is State.NOT_NEEDED:
            rest[stage].append(entry.name)
        else:
            stages.setdefault(stage, []).append(entry)
    return ElectronicFile(
        stages=tuple(StageFile(name, tuple(entries)) for name, entries in stages.items() if entries),
        not_needed=tuple((name, tuple(rest[name])) for name in [*stages, *(rest.keys() - stages.keys())] if rest[name]),
    )


def _stage(project: Any, kind: Any) -> str:
    """The edition's name of the stage that the list of types calls by one of its words."""
    for stage in project.edition.handbook.stages:
        if kind.stage in stage.name.en.lower():
            return str(stage.name.say())
    return str(_("Any stage"))


def _entry(project: Any, kind: Any, found: Sequence[Any]) -> Entry:
    step = _step(project, kind)
    needed = _words(project)[step] if step else ""
    if found:
        return Entry(kind.code, kind.name, State.THERE, needed, _versions(found))
    at = _phase(project)
    if step is None or at is None:
        return Entry(kind.code, kind.name, State.NOT_NEEDED, "")
    return Entry(kind.code, kind.name, State.MISSING if STEPS.index(step) <= at else State.LATER, needed)


def _versions(found: Sequence[Any]) -> tuple[Versions, ...]:
    by_state: dict[str | None, list[Any]] = defaultdict(list)
    for document in sorted(found, key=lambda one: -one.version):
        by_state[document.country_code].append(document)
    return tuple(Versions(newest, tuple(older)) for newest, *older in by_state.values())


def _step(project: Any, kind: Any) -> str | None:
    """When this project needs it, or never."""
    said = NEEDED_AT.fullmatch(kind.needed_at)
    if said is None or said["step"] not in STEPS:
        return None
    only = (said["only"] or "").lower()
    if ("fund" in only and not is_fund(project)) or ("regional" in only and not is_regional(project)):
        return None
    if said["step"] == "evaluation" and is_donor(project) and not project.evaluation_agreed:
        return None
    return said["step"]


def _phase(project: Any) -> int | None:
    """The place in STEPS up to which everything is needed by now; None when the project ended before its time."""
    if project.status in EDITABLE:
        return STEPS.index("submit")
    if project.status in BEFORE_ACTIVATION:
        return STEPS.index("activate")
    if project.status in RUNNING:
        return STEPS.index("report" if project.is_past_its_end else "first month")
    ended = {Status.OP_CLOSED: "closure", Status.FIN_CLOSED: "evaluation"}
    return STEPS.index(ended[project.status]) if project.status in ended else None


def _words(project: Any) -> dict[str, str]:
    return {
        "submit": _("before submission to the Fund") if is_fund(project) else _("before submission"),
        "activate": _("before activation"),
        "first month": _("in the first month"),
        "report": _("with the reports"),
        "closure": _("at closure"),
        "evaluation": _("at the evaluation"),
    }
