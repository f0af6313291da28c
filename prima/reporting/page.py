"""The page of a report put together: its parts with what was written, the figures beside the plan, who may do what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from itertools import groupby
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.filters import day, grouped, moment
from prima.handbook.edition import ReportType
from prima.permissions import Action, can
from prima.projects.page import need_url
from prima.reporting import queries
from prima.reporting.calendar import FINAL, ReportState
from prima.reporting.models import Deadline, Lesson, Report
from prima.reporting.monitoring import reached, told_of
from prima.reporting.overview import Line, line_of
from prima.reporting.rights import may_take
from prima.reporting.rules import (
    PROGRESS,
    REACHED,
    RECORDED,
    SPENDING,
    Check,
    checklist,
    committed_field,
    missing,
    part_name,
    part_titles,
    reached_field,
    spent_field,
    text_field,
)
from prima.reporting.standing import (
    AHEAD,
    DONE,
    DROPPED,
    LATE,
    MET,
    MISSED,
    NOT_STARTED,
    ZERO,
    ActivityRow,
    IndicatorRow,
    MilestoneRow,
    MoneyRow,
    Standing,
)
from prima.reporting.steps import WRITABLE, deciding_roles, road, state_chip
from prima.users import User
from prima.workflow import Move, Need

Chip = tuple[str, str]
RETURN = "return"
ACTIVITY_STATES = {
    NOT_STARTED: (_l("Not started"), "grey"),
    "under_way": (_l("Under way"), "blue"),
    DONE: (_l("Done"), "green"),
    DROPPED: (_l("Dropped"), "grey"),
}
MILESTONE_STATES = {
    MET: (_l("Met"), "green"),
    LATE: (_l("Met late"), "amber"),
    MISSED: (_l("Missed"), "red"),
    AHEAD: (_l("Ahead"), "grey"),
}
LESSON_KINDS = {"lesson": _l("Lesson"), "challenge": _l("Challenge"), "practice": _l("Good practice")}
"""As they are offered, and called in a table."""


@dataclass(frozen=True)
class TextPart:
    code: str
    field: str
    title: str
    words: int | None
    letters: int | None
    required: bool
    text: str
    recorded: Sequence[Lesson] = ()
    """Lessons or challenges that stand in it as rows."""


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
    is_declared: bool
    """Whether it was said how it is counted."""

    @property
    def above(self) -> int:
        return max(self.total - self.planned, 0)


@dataclass(frozen=True)
class Amounts:
    """Approved, spent and committed, all cumulative from the project's start; what follows is computed."""

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
        return (self.spent or ZERO) / self.budget if self.budget else None

    @property
    def over(self) -> Decimal:
        """By how much more than the approved budget is spent and committed."""
        return max(-self.balance, ZERO) if self.balance is not None else ZERO


@dataclass(frozen=True)
class Figure(Amounts):
    """A row of the financial report: a budget line, or a category."""

    row: MoneyRow
    field: str
    committed_field: str
    differs: bool
    """The report's figures are not those of finance."""

    @property
    def spent_label(self) -> str:
        return _("%(category)s, spent", category=self.row.title)

    @property
    def committed_label(self) -> str:
        return _("%(category)s, committed", category=self.row.title)


@dataclass(frozen=True)
class Category(Amounts):
    """A budget category with its lines; their sum."""

    name: str
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Money:
    """The financial report's table."""

    by_line: bool
    categories: Sequence[Category]
    total: Amounts
    checks: Sequence[Check]

    @property
    def figures(self) -> list[Figure]:
        return [one for category in self.categories for one in category.figures]

    @property
    def differing(self) -> list[Figure]:
        return [one for one in self.figures if one.differs]

    @property
    def overspent(self) -> list[Figure]:
        return [one for one in self.figures if one.over]


@dataclass(frozen=True)
class Remark:
    title: str
    text: str
    code: str


@dataclass(frozen=True)
class HistoryRow:
    on: Any
    who: str
    what: str
    note: str
    remarks: Sequence[Remark]


@dataclass(frozen=True)
class Task:
    """A part of the report on the list at its top."""

    code: str
    title: str
    url: str
    lacks: Sequence[str]
    says: Sequence[str]
    """Of these, what the part's own name does not say."""
    optional: bool
    returned: bool
    """The last return says what has to be changed here."""

    @property
    def is_done(self) -> bool:
        return not self.lacks and not self.returned


@dataclass(frozen=True)
class ReportPage:
    deadline: Deadline
    kind: ReportType
    line: Line
    version: int
    texts: Sequence[TextPart]
    groups: Sequence[Group]
    standing: Standing
    money: Money | None
    cumulative: bool
    """The numbers reached are those of the whole project (final reports), not of the period."""
    started_from: str
    """Nothing was saved yet: what stands here comes from finance, from the report before, or is drafted."""
    draft: str
    """What the part on progress can begin with, in words; empty where nothing was recorded."""
    writes: bool
    """The viewer can write in it now."""
    needs: Sequence[Need]
    unmet: Sequence[tuple[str, str | None]]
    elsewhere: Sequence[tuple[str, str | None]]
    """Of these, what is mended on other pages."""
    tasks: Sequence[Task]
    moves: Sequence[Move]
    """What the viewer may decide on it now."""
    history: Sequence[HistoryRow]
    remarks: Mapping[str, str]
    """What has to be changed, by part, while the report is back with the team."""
    waits_for: str
    is_hidden: bool
    """The viewer may not read what is not handed in yet."""
    internal: bool
    """The viewer may read the notes of those who decide."""

    @property
    def project(self) -> Any:
        return self.deadline.project

    @property
    def lessons(self) -> Sequence[Lesson]:
        return self.deadline.lessons

    @property
    def takes_lessons(self) -> bool:
        """Lessons and challenges are recorded with it as rows."""
        return any(part.code in RECORDED for part in self.texts)

    @property
    def tells_progress(self) -> bool:
        return any(part.code == PROGRESS for part in self.texts)

    def activity_chip(self, row: ActivityRow) -> Chip:
        if row.late:
            return _("Late"), "red"
        word, tone = ACTIVITY_STATES[row.state]
        return str(word), tone

    def milestone_chip(self, row: MilestoneRow) -> Chip:
        word, tone = MILESTONE_STATES[row.state]
        return str(word), tone

    def lesson_kind(self, lesson: Lesson) -> str:
        return str(LESSON_KINDS[lesson.kind])

    def check_words(self, check: Check) -> str:
        return f"{check_chip(check)[0]}. {check.says}".strip()

    def check_chip(self, check: Check) -> Chip:
        return check_chip(check)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What a return can be tied to: (code, title)."""
        return part_titles(self.kind, self.deadline)

    @property
    def facts(self) -> list[tuple[str, str]]:
        return self.facts_in()

    def facts_in(self, zone: tzinfo | None = None) -> list[tuple[str, str]]:
        """Period and days in short; moments in the zone of the reader, or in another one."""
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
            found.append((_("Last saved"), moment(report.saved_at, zone)))
            found += [(_("Saved by"), report.saved_by.name)] if report.saved_by else []
            found += [(_("First submitted"), day(report.first_submitted_on))] if report.first_submitted_on else []
            found += [(_("Sent to the donor"), day(report.sent_on))] if report.sent_on else []
        return found

    @property
    def labels(self) -> dict[str, tuple[str, str]]:
        """Each part of the report: how it is called, and its form field."""
        found = {part.code: (part.title, part.field) for part in self.texts}
        found |= {f"reached:{group.id}": (group.name, group.field) for group in self.groups}
        for one in self.money.figures if self.money else ():
            found[one.field] = (one.spent_label, one.field)
            found[one.committed_field] = (one.committed_label, one.committed_field)
        return found


def _is_hidden(report: Report | None, internal: bool, writes: bool) -> bool:
    """A report that was never handed in is read by those alone who read internal parts, and by whoever writes it."""
    return report is not None and report.first_submitted_on is None and not internal and not writes


def put_together(deadline: Deadline, kind: ReportType, viewer: User) -> ReportPage:
    project, report = deadline.project, deadline.report
    internal = can(viewer, Action.VIEW_INTERNAL, project)
    live = deadline.fell_away_at is None
    state = report.state if report else None
    begin = road(kind).find(ReportState.DRAFT, "submit")
    writes = live and (state is None or state in WRITABLE) and begin is not None and may_take(viewer, begin, deadline)
    before = queries.previous(deadline) if report is None and writes else None
    standing = queries.standing(deadline, kind)
    draft = in_words(standing, deadline) if writes and standing.says_progress else ""
    remarks = _remarks(report) if internal and live else {}
    names = queries.group_names(project) if kind.part == "narrative" else {}
    needs = missing(deadline, kind, names) if writes else []
    return ReportPage(
        deadline=deadline,
        kind=kind,
        line=line_of(project, deadline),
        version=report.version if report else 0,
        texts=_texts(deadline, kind, report or before, draft if report is None else ""),
        groups=_groups(deadline, standing, names) if kind.part == "narrative" else [],
        standing=standing,
        money=_money(deadline, standing, before, writes) if kind.part == "financial" else None,
        cumulative=deadline.kind in FINAL,
        started_from=_source(deadline, before, draft) if report is None and writes else "",
        draft=draft,
        writes=writes,
        needs=needs,
        unmet=[(str(need.text), need_url(project, need)) for need in needs],
        elsewhere=[(str(need.text), need_url(project, need)) for need in needs if not need.code],
        tasks=_tasks(deadline, kind, needs, remarks) if writes else [],
        moves=_moves(deadline, kind, viewer) if live and state else [],
        history=_history(report, kind, deadline, internal),
        remarks=remarks,
        waits_for=_waits_for(kind, state) if live else "",
        internal=internal,
        is_hidden=_is_hidden(report, internal, writes),
    )


def _source(deadline: Deadline, before: Report | None, draft: str) -> str:
    if deadline.finance is not None:
        return _("Nothing is saved yet. The amounts are those of finance: check them, and change them as needed.")
    if before:
        return _("Nothing is saved yet. What stands here comes from the report before: change it as needed.")
    if draft:
        return _("Nothing is saved yet. The part on progress is drafted from what was recorded: change it as needed.")
    return ""


def _texts(deadline: Deadline, kind: ReportType, source: Report | None, draft: str) -> list[TextPart]:
    texts = {one.code: one.text for one in source.texts} if source else {}
    if draft:
        texts[PROGRESS] = draft
    return [
        TextPart(
            section.code,
            text_field(section.code),
            section.title.say(),
            section.words,
            section.letters,
            section.required,
            texts.get(section.code, ""),
            [one for one in deadline.lessons if one.kind in RECORDED.get(section.code, ())],
        )
        for section in kind.sections
    ]


def _tasks(deadline: Deadline, kind: ReportType, needs: Sequence[Need], remarks: Mapping[str, str]) -> list[Task]:
    optional = {section.code for section in kind.sections if not section.required}
    anchors = {SPENDING: "spending", REACHED: "reached"}
    lacks: dict[str, list[Need]] = {}
    for need in needs:
        lacks.setdefault(need.code, []).append(need)
    here: dict[str, Any] = {"reference": deadline.project.reference, "deadline": deadline.id}
    return [
        Task(
            code,
            title,
            url_for("reports.show", _anchor=anchors.get(code) or text_field(code), **here),
            said := [str(need.text) for need in lacks.get(code, ())],
            [text for text in said if text != part_name(title)],
            code in optional and code not in lacks,
            code in remarks,
        )
        for code, title in part_titles(kind, deadline)
    ]


# -- what was achieved ------------------------------------------------------------------------------------------------


def in_words(standing: Standing, deadline: Deadline) -> str:
    """A first draft of the part on progress, to be read and mended by who signs for it."""
    blocks = (
        (_("Indicators"), [indicator_words(one) for one in standing.indicators]),
        (_("Activities"), [_activity_words(one) for one in standing.activities]),
        (_("Milestones"), [_milestone_words(one) for one in standing.milestones if one.state != AHEAD]),
    )
    return "\n\n".join(f"{title}\n" + "\n".join(f"- {one}" for one in lines) for title, lines in blocks if lines)


def indicator_words(row: IndicatorRow) -> str:
    if row.on_day is None:
        return _("%(name)s: nothing was recorded yet; the target is %(target)s.", name=row.name, target=row.target)
    return _(
        "%(name)s: %(achieved)s on %(day)s; the baseline is %(baseline)s, the target %(target)s.",
        name=row.name, achieved=achieved(row), day=day(row.on_day), baseline=row.baseline, target=row.target,
    )  # fmt: skip


def achieved(row: IndicatorRow) -> str:
    """The value with its unit: 35 officials, 62.5% (25 / 40)."""
    if row.unit == "%" and row.achieved:
        return f"{grouped(row.achieved)}%" + (f" ({row.parts})" if row.parts else "")
    return f"{grouped(row.achieved)} {row.unit}".strip() if row.achieved else ""


def _activity_words(row: ActivityRow) -> str:
    said = str(ACTIVITY_STATES[row.state][0])
    if row.done_on:
        said = _("%(state)s on %(day)s", state=said, day=day(row.done_on))
    return f"{row.number} {row.name} {said}." + (f" {row.note}" if row.note else "")


def _milestone_words(row: MilestoneRow) -> str:
    said = str(MILESTONE_STATES[row.state][0])
    if row.done_on:
        return _("%(name)s: %(state)s, on %(day)s.", name=row.name, state=said, day=day(row.done_on))
    return _("%(name)s: %(state)s, planned for %(day)s.", name=row.name, state=said, day=day(row.planned_on))


def check_chip(check: Check) -> Chip:
    """How a rule is kept; one that no figure tells is there to be read."""
    if check.kept is None:
        return _("To be kept"), "grey"
    if check.kept:
        return _("Kept"), "green"
    return (_("Not kept"), "red") if check.severity == "block" else (_("Explain this"), "amber")


def _groups(deadline: Deadline, standing: Standing, names: Mapping[int, str]) -> list[Group]:
    """Interim reports tell of their period, final ones of the whole project."""
    planned = dict(standing.planned)
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
        plan = planned.get(group.id, group.planned)
        total = reached([(False, {0: until}), *([(whole, {0: number})] if number is not None else [])])[0]
        declared = group.counted is not None
        found.append(Group(group.id, reached_field(group.id), names[group.id], plan, until, number, total, declared))
    return found


# -- the money --------------------------------------------------------------------------------------------------------


def _money(deadline: Deadline, standing: Standing, before: Report | None, writes: bool) -> Money:
    """What the report says; before its first word what finance states, or the report before said."""
    report = deadline.report
    rows = standing.money
    by_line = any(row.line_id is not None for row in rows)
    source = report or before
    told = {(one.category_code, one.line_id): (one.spent, one.committed) for one in source.spending} if source else {}
    if report is None and writes:
        told = {
            (row.category_code, row.line_id): (max(row.finance[0], ZERO), max(row.finance[1], ZERO))
            for row in rows
            if row.finance is not None
        } or told
    figures = []
    for row in rows:
        spent, committed = told.get((row.category_code, row.line_id), (None, None))
        differs = report is not None and row.finance is not None and (spent or ZERO, committed or ZERO) != row.finance
        figures.append(
            Figure(row.budget, spent, committed, row, spent_field(row.key), committed_field(row.key), differs)
        )
    categories = [
        Category(*_sums(some := list(group)), name=name, figures=some)
        for name, group in groupby(figures, key=lambda one: one.row.category)
    ]
    budget, spent, committed = _sums(figures)
    total = Amounts(deadline.project.budget if budget is None else budget, spent, committed)
    return Money(by_line, categories, total, checklist(deadline))


def _sums(figures: Sequence[Figure]) -> tuple[Decimal | None, Decimal, Decimal]:
    budgets = [one.budget for one in figures if one.budget is not None]
    return (
        sum(budgets, ZERO) if budgets else None,
        sum((one.spent or ZERO for one in figures), ZERO),
        sum((one.committed or ZERO for one in figures), ZERO),
    )


# -- who decides ------------------------------------------------------------------------------------------------------


def _moves(deadline: Deadline, kind: ReportType, viewer: User) -> list[Move]:
    """The decisions open to the viewer; submitting has its own place, below the text."""
    assert deadline.report is not None
    return [
        move
        for move in road(kind).moves_from(deadline.report.state, deadline)
        if move.name != "submit" and may_take(viewer, move, deadline)
    ]


def _remarks(report: Report | None) -> dict[str, str]:
    """What the last return asks for, while the team has the report."""
    if report is None or report.state is not ReportState.RETURNED:
        return {}
    returned = [step for step in report.steps if step.move == RETURN]
    return {one.code: one.text for one in returned[-1].remarks} if returned else {}


def _history(report: Report | None, kind: ReportType, deadline: Deadline, internal: bool) -> list[HistoryRow]:
    if report is None:
        return []
    titles = dict(part_titles(kind, deadline))
    return [
        HistoryRow(
            step.at,
            _("%(actor)s for %(absent)s", actor=step.actor.name, absent=step.behalf_of.name)
            if step.behalf_of
            else step.actor.name,
            state_chip(step.target)[0],
            step.note if internal else "",
            [Remark(titles.get(one.code, one.code), one.text, one.code) for one in step.remarks] if internal else [],
        )
        for step in reversed(report.steps)
    ]


def _waits_for(kind: ReportType, state: ReportState | None) -> str:
    """The role whose turn it is, by name; nothing while the team has it."""
    if state not in (ReportState.SUBMITTED, ReportState.CHECKED):
        return ""
    names: Mapping[str, str] = queries.role_names()
    return ", ".join(names[role] for role in deciding_roles(kind, state))
