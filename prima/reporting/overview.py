"""What reporting tells on the project page: what is due and who has it, dates and periods on the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima import clock
from prima.desk import Duty
from prima.handbook.edition import Lights
from prima.overview import Telling
from prima.permissions import Action, can
from prima.projects.models import Part, Project
from prima.projects.stages import RUNNING
from prima.reporting import queries
from prima.reporting.calendar import (
    EVALUATION,
    EXTENSION_REQUEST,
    FINAL,
    FRAMEWORK,
    INTERIM,
    ReportState,
    TimelinessKind,
)
from prima.reporting.lights import Light, Period, Recorded, figures, lights
from prima.reporting.models import Deadline
from prima.reporting.queries.lights import recorded, recorded_with_schedule, rules_of
from prima.reporting.queries.schedule import schedule
from prima.reporting.rules import to_close, to_settle
from prima.reporting.steps import (
    DONE,
    OWING,
    WRITABLE,
    deadline_name,
    deciding_roles,
    report_type_of,
    state_chip,
    timeliness_chip,
)
from prima.timeline import Mark, Span
from prima.users import User
from prima.workflow import Need

SHOWN = 6
"""Deadlines in the table of the project page; the rest stands on its own page."""
TOGETHER: dict[tuple[str, ...], Any] = {
    INTERIM: _l("Interim reports"),
    FINAL: _l("Final reports"),
    FRAMEWORK: _l("Framework and workplan"),
}
"""Deadlines of one day that make one mark on the timeline."""


@dataclass(frozen=True)
class Line:
    """A deadline as tables show it."""

    deadline: Deadline
    name: str
    url: str
    """Empty where there is no report to write."""
    dates_url: str
    """Every date that it had."""
    state: tuple[str, str]
    timeliness: tuple[str, str]
    late: bool
    today: date
    """The date at the office, by which it is judged."""


@dataclass(frozen=True)
class Panel:
    lines: Sequence[Line]
    more: int
    url: str
    extend_url: str
    lights: Sequence[Light] = ()
    monitoring_url: str = ""
    evaluation_url: str = ""
    """Where what follows an evaluation stands, once nothing else is due."""


def tell(project: Project, viewer: User) -> Telling:
    if project.starts_on is None or project.ends_on is None:
        return Telling()
    rules = rules_of(project) if project.status in RUNNING else None
    known, every = recorded_with_schedule(project) if rules else (None, schedule(project.id))
    rows = [row for row in every if row.fell_away_at is None]
    index = url_for("reports.index", reference=project.reference)
    still_open = [row for row in rows if row.is_open and not has_passed(project, row)]
    evaluated = any(row.kind == EVALUATION for row in rows)
    extendable = project.status in RUNNING and can(viewer, Action.ASK_CHANGE, project)
    return Telling(
        duties=_duties(project, rows),
        spans=_spans(project),
        marks=[*_marks(project, rows), *_received(project, rows)],
        panel="reporting/panel.html",
        data=Panel(
            lines=[line_of(project, row) for row in still_open[:SHOWN]],
            more=max(len(still_open) - SHOWN, 0),
            url=index,
            extend_url=url_for("changes.extend", reference=project.reference) if extendable else "",
            lights=_judged(project, viewer, rules, known) if rules and known else (),
            monitoring_url=url_for("monitoring.index", reference=project.reference),
            evaluation_url="" if still_open or not evaluated else _evaluation_url(project),
        ),
        tabs=_tabs(project, evaluated, index),
    )


def _evaluation_url(project: Project) -> str:
    return url_for("evaluation.show", reference=project.reference)


def _tabs(project: Project, evaluated: bool, index: str) -> list[tuple[str, str]]:
    """The evaluation's once one is due."""
    found = [
        (_("Monitoring"), url_for("monitoring.index", reference=project.reference)),
        (_("Reports"), index),
        (_("Spending"), url_for("spending.show", reference=project.reference)),
    ]
    if evaluated:
        found.append((_("Evaluation"), _evaluation_url(project)))
    return [*found, (_("Lessons"), url_for("lessons.of_project", reference=project.reference))]


def lights_of(project: Project, viewer: User) -> list[Light]:
    """The traffic lights of a running project, loaded with its plan; that of risk only for who may read of risks."""
    rules = rules_of(project)
    return [] if rules is None else _judged(project, viewer, rules, recorded(project))


def _judged(project: Project, viewer: User, rules: Lights, known: Recorded) -> list[Light]:
    assert project.starts_on and project.ends_on
    today, months = today_at(project), project.edition.handbook.deadlines.monitoring_every_months
    period = Period(project.starts_on, project.ends_on, today, months)
    found = figures(project, known, today)
    return lights(found, rules, period, internal=can(viewer, Action.VIEW_INTERNAL, project))


def open_duties(project: Project, closing: str) -> list[Need]:
    """What the project still owes before it is closed, each with its link."""
    rows = queries.deadlines_of(project.id)
    if closing == "operational":
        return to_close(project, rows)
    return to_settle(project, rows, queries.evaluation_money(project))


def line_of(project: Project, row: Deadline) -> Line:
    edition = project.edition.handbook
    is_report = report_type_of(edition, row.kind) is not None
    state = row.report.state if row.report else None
    owed, today = project.status in OWING, today_at(project)
    if row.kind == EXTENSION_REQUEST:
        words = (_("Passed"), "grey") if has_passed(project, row) else (_("Not yet due"), "grey")
        late = False
    else:
        found = row.timeliness_on(today)
        late = owed and found.kind is TimelinessKind.OVERDUE
        words = timeliness_chip(found)
    url = url_for("reports.show", reference=project.reference, deadline=row.id) if is_report else ""
    dates = url_for("due_dates.show", reference=project.reference, deadline=row.id)
    return Line(row, deadline_name(edition, row.kind, row.name), url, dates, state_chip(state), words, late, today)


def has_passed(project: Project, row: Deadline) -> bool:
    """The last day to ask has passed: nothing is owed any more."""
    return row.kind == EXTENSION_REQUEST and row.due_on < today_at(project)


def today_at(project: Project) -> date:
    """The date at the project's office, where its due dates are counted."""
    return clock.today_at(project.office.time_zone)


def _duties(project: Project, rows: Sequence[Deadline]) -> list[Duty]:
    """Reports that are due or waited for, each with who has it."""
    if project.status not in OWING:
        return []
    edition, today = project.edition.handbook, today_at(project)
    announced = today + timedelta(days=queries.announced_days(project.edition))
    team = ", ".join(person.name for person in project.people(Part.MANAGER, Part.ALTERNATE))
    waits = any(row.report and row.report.state in (ReportState.SUBMITTED, ReportState.CHECKED) for row in rows)
    names = queries.role_names() if waits else {}
    found, called = [], (project.name, project.title, project.office.name)
    for row in rows:
        kind = report_type_of(edition, row.kind)
        if kind is None:
            continue
        state = row.report.state if row.report else None
        name = deadline_name(edition, row.kind, row.name)
        if (
            row.is_open
            and (state is None or state in WRITABLE)
            and (row.due_on <= announced or queries.has_opened(row, today))
        ):
            state_since = row.report.state_since if row.report else None
            evaluators = project.people(Part.EVALUATOR) if row.kind == EVALUATION else []
            who = ", ".join(person.name for person in evaluators) or team
            what, due_on = queries.writing(name, state), row.due_on
            since_on = queries.since(state, state_since, row.period_to or row.from_on, today)
            since_at = state_since if state is ReportState.RETURNED else None
        elif row.report and state in (ReportState.SUBMITTED, ReportState.CHECKED):
            roles = deciding_roles(kind, state)
            what, who, due_on = queries.deciding(name, state), ", ".join(names[role] for role in roles), None
            since_at = row.report.state_since
            since_on = since_at.date()
        else:
            continue
        url = url_for("reports.show", reference=project.reference, deadline=row.id)
        found.append(Duty(what, *called, url, since_on, due_on, since_at, who=who, today=today))
    return found


def _spans(project: Project) -> list[Span]:
    """The period agreed at activation, and each extension of it."""
    assert project.starts_on and project.ends_on
    first_end = project.first_ends_on or project.ends_on
    spans = [Span(_("As agreed at activation"), project.starts_on, first_end, "planned")]
    for extension in project.extensions:
        spans.append(Span(_("Extension"), extension.old_end + timedelta(days=1), extension.new_end, "extension"))
    return spans


def _marks(project: Project, rows: Sequence[Deadline]) -> list[Mark]:
    """Deadlines on the timeline; reports of one day that stand alike share a mark."""
    edition = project.edition.handbook
    groups: dict[tuple[date, str, tuple[str, ...]], list[Deadline]] = {}
    for row in rows:
        family = next((kinds for kinds in TOGETHER if row.kind in kinds), (row.kind,))
        groups.setdefault((row.due_on, mark_state(project, row), family), []).append(row)
    marks, index = [], url_for("reports.index", reference=project.reference)
    for (due_on, state, family), same in groups.items():
        one = same[0]
        single = len(same) == 1
        name = deadline_name(edition, one.kind, one.name) if single else str(TOGETHER[family])
        if one.kind == EXTENSION_REQUEST:
            name = _("Last day to ask for changes")
        url = index
        if single and report_type_of(edition, one.kind):
            url = url_for("reports.show", reference=project.reference, deadline=one.id)
        marks.append(Mark(name, due_on, "deadline" if one.kind == EXTENSION_REQUEST else "report", state, url))
    return marks


def _received(project: Project, rows: Sequence[Deadline]) -> list[Mark]:
    """The day on which the evaluation report was handed in first."""
    return [
        Mark(
            _("Evaluation received"),
            row.report.first_submitted_on,
            "report",
            "done",
            url_for("evaluation.show", reference=project.reference),
        )
        for row in rows
        if row.kind == EVALUATION and row.report and row.report.first_submitted_on
    ]


def mark_state(project: Project, row: Deadline) -> str:
    """done, due, late or ahead, as the timeline draws it."""
    if row.kind == EXTENSION_REQUEST:
        return "done" if has_passed(project, row) else "ahead"
    if not row.is_open or (row.report and row.report.state in DONE):
        return "done"
    found = row.timeliness_on(today_at(project)).kind
    if found is TimelinessKind.OVERDUE:
        return "late" if project.status in OWING else "done"
    return "due" if found is TimelinessKind.DUE else "ahead"
