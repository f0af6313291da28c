"""The results matrix: its texts saved together, and its rows added, moved and removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext as _

from prima.errors import Refused
from prima.projects.models import Level, Part, Project, Result
from prima.projects.numbering import Numbered, numbered, with_below
from prima.projects.operations.drafting import fingerprint, last_writer, opened, session_of, written
from prima.projects.operations.moves import take_part
from prima.projects.operations.rows import Changes, Row, sort_out
from prima.users import User

EVENT = "matrix"
MOST_OUTCOMES = 20
MOST_ROWS = 300
FIELDS = ("text", "assumption")
ABOVE = {Level.OUTPUT: Level.OUTCOME, Level.ACTIVITY: Level.OUTPUT}
"""The level that a row of a level stands under; objective and outcomes stand under none."""


@dataclass(frozen=True)
class ResultRow(Row):
    """A row of the matrix as its form came back; a row that was removed meanwhile can be put back by what it knows."""

    level: Level
    under: int | None


def values_of(result: Result) -> dict[str, Any]:
    """What people write in a row."""
    return {name: getattr(result, name) for name in FIELDS}


def revise_matrix(project: Project, *, actor: User, rows: Sequence[ResultRow]) -> Changes:
    """Save what was typed in the rows; raises RowsConflict when somebody else changed one of the same rows.

    A row without an id is the objective when it is first written, or one that its writer saved again though somebody
    had removed it.
    """
    project = opened(project, actor=actor)
    session = session_of(project)
    stored = {one.id: one for one in project.results}
    objective = next((one for one in project.results if one.level is Level.OBJECTIVE), None)
    if objective:
        rows = [replace(one, id=objective.id) if _is_objective(one) else one for one in rows]
    changes = sort_out(rows, stored, values_of, who=last_writer(project, EVENT))
    if not changes:
        return changes
    for result, row in changes.changed:
        _write(result, row)
        result.version += 1
    there = list(project.results)
    for row in changes.added:
        assert isinstance(row, ResultRow)
        result = _put_back(project, there, row.level, row.under)
        _write(result, row)
    session.flush()
    _wrote(
        project,
        actor,
        added=[row.values for row in changes.added],
        changed=[[result.id, row.values] for result, row in changes.changed],
    )
    return changes


def add_result(project: Project, *, actor: User, level: Level, under: int | None = None) -> Result | None:
    """An empty row, the last among its siblings; None when the row it was to stand under is gone.

    There is one objective: asked for again, it is the one that stands.
    """
    project = opened(project, actor=actor)
    results = list(project.results)
    if level is Level.OBJECTIVE and (there := next((one for one in results if one.level is level), None)):
        return there
    if not _fits(results, level, under):
        return None
    result = _add(project, results, level, under)
    session_of(project).flush()
    _wrote(project, actor, added=[{"id": result.id, "level": level, "under": under}])
    return result


def shift_result(project: Project, *, actor: User, result_id: int, by: int) -> Result | None:
    """One place up (-1) or down (+1) among its siblings, at the end no further; None when it is gone."""
    project = opened(project, actor=actor)
    result = _of(project, result_id)
    if result is None or result.level is Level.OBJECTIVE:
        return None
    if shift(siblings(project.results, result.level, result.parent_id), result, by):
        _wrote(project, actor, moved=[result.id, by])
    return result


def move_result(project: Project, *, actor: User, result_id: int, under: int) -> Result | None:
    """Under another row of the level above, as its last; what stands below goes with it. None when one is gone."""
    project = opened(project, actor=actor)
    result = _of(project, result_id)
    if result is None or result.level not in ABOVE or not _fits(project.results, result.level, under):
        return None
    if result.parent_id != under:
        before = result.parent_id
        result.position = _last(siblings(project.results, result.level, under)) + 1
        result.parent_id = under
        session_of(project).flush()
        _wrote(project, actor, moved_under=[result.id, before, under])
    return result


@dataclass(frozen=True)
class Going:
    """What goes when a row is removed: the row with those below it, and what was tied to them."""

    rows: Sequence[Numbered]
    lines: Sequence[Any]
    """Budget lines that stay, without their result."""
    plans: Sequence[Any]
    """Entries of the workplan that go with their activity."""

    @property
    def seen(self) -> str:
        """Tells later whether the same is still at stake."""
        rows = [[one.id, one.row.version, [(own.id, own.version) for own in one.indicators]] for one in self.rows]
        return fingerprint([rows, [one.id for one in self.lines], [(one.result_id, one.version) for one in self.plans]])


def going(project: Project, result_id: int) -> Going:
    rows = with_below(numbered(project.results, project.indicators), result_id)
    ids = {one.id for one in rows}
    return Going(
        rows,
        [one for one in project.lines if one.result_id in ids],
        [one for one in project.plans if one.result_id in ids],
    )


def remove_result(project: Project, *, actor: User, result_id: int, seen: str) -> Going | None:
    """Remove a row with all below it; None when it is gone. Raises Refused when more hangs on it than was seen."""
    project = opened(project, actor=actor)
    result = _of(project, result_id)
    if result is None or result.level is Level.OBJECTIVE:
        return None
    gone = going(project, result_id)
    if gone.seen != seen:
        raise Refused(_("Somebody changed these rows meanwhile. Please look again at what would be removed."))
    session = session_of(project)
    for line in gone.lines:
        line.result_id = None
        line.version += 1
    session.flush()
    removed = [[one.id, one.name, one.assumption, [own.text for own in one.indicators]] for one in gone.rows]
    session.delete(result)  # the database takes what stands below along
    session.flush()
    session.expire(project, ["results", "indicators", "plans"])
    _wrote(project, actor, removed=removed, unlinked=[one.id for one in gone.lines])
    return gone


# -- places -----------------------------------------------------------------------------------------------------------


def siblings(results: Iterable[Any], level: Level, under: int | None) -> list[Any]:
    """The rows of a level under one row, in their order."""
    found = [one for one in results if one.level is level and one.parent_id == under]
    return sorted(found, key=lambda one: (one.position, one.id))


def shift(row_of_siblings: Sequence[Any], one: Any, by: int) -> bool:
    """Give one of the siblings the next place up (-1) or down (+1); all get the places 1, 2, 3. False at the end."""
    order = list(row_of_siblings)
    place = order.index(one)
    if not 0 <= place + by < len(order):
        return False
    order[place], order[place + by] = order[place + by], order[place]
    for position, each in enumerate(order, 1):
        each.position = position
    return True


def _last(row_of_siblings: Sequence[Any]) -> int:
    return max((one.position for one in row_of_siblings), default=0)


def _fits(results: Iterable[Any], level: Level, under: int | None) -> bool:
    if level not in ABOVE:
        return under is None
    return any(one.id == under and one.level is ABOVE[level] for one in results)


def _add(project: Project, results: list[Result], level: Level, under: int | None) -> Result:
    if len(results) >= MOST_ROWS:
        raise Refused(_("A results matrix has at most %(most)s rows.", most=MOST_ROWS))
    beside = siblings(results, level, under)
    if level is Level.OUTCOME and len(beside) >= MOST_OUTCOMES:
        raise Refused(_("A results matrix has at most %(most)s outcomes.", most=MOST_OUTCOMES))
    result = Result(
        project_id=project.id, parent_id=under, level=level, position=_last(beside) + 1, text="", assumption=""
    )
    session_of(project).add(result)
    results.append(result)
    return result


def _put_back(project: Project, results: list[Result], level: Level, under: int | None) -> Result:
    """A place for a row whose own was removed: where it stood, else under the last row that may hold it."""
    if level in ABOVE and not _fits(results, level, under):
        holders = [one for one in numbered(results) if one.level == ABOVE[level]]
        under = holders[-1].id if holders else _put_back(project, results, ABOVE[level], None).id
    result = _add(project, results, level, under if level in ABOVE else None)
    session_of(project).flush()
    return result


def _is_objective(row: ResultRow) -> bool:
    return row.id is None and row.level is Level.OBJECTIVE


def _of(project: Project, result_id: int) -> Result | None:
    return next((one for one in project.results if one.id == result_id), None)


def _write(result: Result, row: Row) -> None:
    for name in FIELDS:
        setattr(result, name, row.values[name])


def _wrote(project: Project, actor: User, **data: Any) -> None:
    """Who writes in the matrix becomes an author, and decides nothing on this project from then on."""
    take_part(project, actor, Part.AUTHOR)
    written(project, EVENT, actor=actor, **data)
