"""The page of a report put together: its parts with what was written, the figures beside the plan, who may do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from prima.filters import day, moment
from prima.handbook.edition import ReportType
from prima.permissions import Action, can
from prima.projects.page import need_url
from prima.reporting import queries
from prima.reporting.calendar import FINAL, ReportState
from prima.reporting.models import Deadline, Report
from prima.reporting.monitoring import reached, told_of
from prima.reporting.overview import Line, line_of
from prima.reporting.rights import may_take
from prima.reporting.rules import committed_field, missing, reached_field, spent_field, text_field
from prima.reporting.steps import WRITABLE, deciding_roles, road, state_chip
from prima.users import User
from prima.workflow import Move


@dataclass(frozen=True)
class TextPart:
    code: str
    field: str
    title: str
    words: int | None
    letters: int | None
    required: bool
    text: str


@dataclass(frozen=True)
class Group:
    """A planned group of beneficiaries: how many were planned, reached before, and in this report."""

    id: int
    field: str
    name: str
    planned: int
    before: int
    reached: int | None
    total: int

    @property
    def above(self) -> int:
        return max(self.total - self.planned, 0)


@dataclass(frozen=True)
class Category:
    """A budget category: approved, spent and committed, all cumulative from the project's start."""

    code: str
    name: str
    field: str
    committed_field: str
    budget: Decimal | None
    spent: Decimal | None
    committed: Decimal | None

    @property
    def balance(self) -> Decimal | None:
        if self.budget is None:
            return None
        return self.budget - (self.spent or 0) - (self.committed or 0)

    @property
    def burn_rate(self) -> Decimal | None:
        """The share of the budget that is spent."""
        return (self.spent or Decimal(0)) / self.budget if self.budget else None


@dataclass(frozen=True)
class HistoryRow:
    on: Any
    who: str
    what: str
    note: str


@dataclass(frozen=True)
class ReportPage:
    deadline: Deadline
    kind: ReportType
    line: Line
    version: int
    texts: Sequence[TextPart]
    groups: Sequence[Group]
    categories: Sequence[Category]
    total: Category | None
    cumulative: bool
    """The numbers reached are those of the whole project (final reports), not of the period."""
    started_from: bool
    """Nothing was saved yet: what stands here comes from the report before."""
    writes: bool
    """The viewer can write in it now."""
    unmet: Sequence[tuple[str, str | None]]
    moves: Sequence[Move]
    """What the viewer may decide on it now."""
    history: Sequence[HistoryRow]
    waits_for: str
    internal: bool
    """The viewer may read the notes of those who decide."""

    @property
    def project(self) -> Any:
        return self.deadline.project

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Period and days in short."""
        row, report = self.deadline, self.deadline.report
        found = []
        if row.period_from and row.period_to:
            found.append((_("Period"), f"{day(row.period_from)} – {day(row.period_to)}"))
        elif row.from_on:
            found.append((_("Window"), f"{day(row.from_on)} – {day(row.due_on)}"))
        if not row.is_open:
            found.append((_("Due"), day(row.due_on)))
        if row.first_due_on != row.due_on:
            found.append((_("First due"), day(row.first_due_on)))
        if report:
            found.append((_("Last saved"), moment(report.saved_at)))
            found += [(_("Saved by"), report.saved_by.name)] if report.saved_by else []
            found += [(_("First submitted"), day(report.first_submitted_on))] if report.first_submitted_on else []
        return found

    @property
    def labels(self) -> dict[str, tuple[str, str]]:
        """Each part of the report: how it is called, and its form field."""
        found = {part.code: (part.title, part.field) for part in self.texts}
        found |= {f"reached:{group.id}": (group.name, group.field) for group in self.groups}
        for one in self.categories:
            found[f"spent:{one.code}"] = (_("%(category)s, spent", category=one.name), one.field)
            found[f"committed:{one.code}"] = (_("%(category)s, committed", category=one.name), one.committed_field)
        return found


def put_together(deadline: Deadline, kind: ReportType, viewer: User) -> ReportPage:
    project, report = deadline.project, deadline.report
    internal = can(viewer, Action.VIEW_INTERNAL, project)
    live = deadline.fell_away_at is None
    state = report.state if report else None
    begin = road(kind).find(ReportState.DRAFT, "submit")
    writes = live and (state is None or state in WRITABLE) and begin is not None and may_take(viewer, begin, deadline)
    before = queries.previous(deadline) if report is None and writes else None
    categories = _categories(deadline, before) if kind.part == "financial" else []
    needs = missing(deadline, kind) if writes else []
    return ReportPage(
        deadline=deadline,
        kind=kind,
        line=line_of(project, deadline),
        version=report.version if report else 0,
        texts=_texts(kind, report or before),
        groups=_groups(deadline) if kind.part == "narrative" else [],
        categories=categories,
        total=_total(project, categories) if categories else None,
        cumulative=deadline.kind in FINAL,
        started_from=before is not None,
        writes=writes,
        unmet=[(str(need.text), need_url(project, need)) for need in needs],
        moves=_moves(deadline, kind, viewer) if live and state else [],
        history=_history(report, internal),
        waits_for=_waits_for(kind, state) if live else "",
        internal=internal,
    )


def _texts(kind: ReportType, source: Report | None) -> list[TextPart]:
    texts = {one.code: one.text for one in source.texts} if source else {}
    return [
        TextPart(
            section.code,
            text_field(section.code),
            section.title.say(),
            section.words,
            section.letters,
            section.required,
            texts.get(section.code, ""),
        )
        for section in kind.sections
    ]


def _groups(deadline: Deadline) -> list[Group]:
    """Interim reports tell of their period, final ones of the whole project."""
    names = queries.group_names(deadline.project)
    place = (deadline.due_on, deadline.id)
    earlier = [
        report
        for report in queries.narratives_handed_in(deadline.project_id, but=deadline.id)
        if (report.deadline.due_on, report.deadline.id) < place
    ]
    before = reached(told_of(earlier))
    here = {one.beneficiaries_id: one.number for one in deadline.report.reached} if deadline.report else {}
    whole = deadline.kind in FINAL
    found = []
    for group in deadline.project.beneficiaries:
        number, until = here.get(group.id), before.get(group.id, 0)
        total = reached([(False, {0: until}), *([(whole, {0: number})] if number is not None else [])])[0]
        found.append(Group(group.id, reached_field(group.id), names[group.id], group.planned, until, number, total))
    return found


def _categories(deadline: Deadline, before: Report | None) -> list[Category]:
    """One row for each budgeted category, and any other in which something was spent; without lines, the main ones."""
    listed = queries.categories()
    budget: dict[str, Decimal] = {}
    for line in deadline.project.lines:
        budget[line.category_code] = budget.get(line.category_code, Decimal(0)) + line.amount
    source = deadline.report or before
    told = {one.category_code: one for one in source.spending} if source else {}
    wanted = set(budget) | set(told) or {code for code, row in listed.items() if row.parent is None}
    rows = []
    for code, row in listed.items():
        if code in wanted:
            one = told.get(code)
            rows.append(
                Category(
                    code,
                    row.name,
                    spent_field(code),
                    committed_field(code),
                    budget.get(code, Decimal(0)) if budget else None,
                    one.spent if one else None,
                    one.committed if one else None,
                )
            )
    return rows


def _total(project: Any, rows: Sequence[Category]) -> Category:
    spent = sum((row.spent or Decimal(0) for row in rows), Decimal(0))
    committed = sum((row.committed or Decimal(0) for row in rows), Decimal(0))
    return Category("", _("Total"), "", "", project.budget, spent, committed)


def _moves(deadline: Deadline, kind: ReportType, viewer: User) -> list[Move]:
    """The decisions open to the viewer; submitting has its own place, below the text."""
    assert deadline.report is not None
    return [
        move
        for move in road(kind).moves_from(deadline.report.state, deadline)
        if move.name != "submit" and may_take(viewer, move, deadline)
    ]


def _history(report: Report | None, internal: bool) -> list[HistoryRow]:
    if report is None:
        return []
    return [
        HistoryRow(
            step.at,
            _("%(actor)s for %(absent)s", actor=step.actor.name, absent=step.behalf_of.name)
            if step.behalf_of
            else step.actor.name,
            state_chip(step.target)[0],
            step.note if internal else "",
        )
        for step in reversed(report.steps)
    ]


def _waits_for(kind: ReportType, state: ReportState | None) -> str:
    """The role whose turn it is, by name; nothing while the team has it."""
    if state not in (ReportState.SUBMITTED, ReportState.CHECKED):
        return ""
    names: Mapping[str, str] = queries.role_names()
    return ", ".join(names[role] for role in deciding_roles(kind, state))
