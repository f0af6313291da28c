"""The project page put together: what and where, who has it, how far it is, and what can be done now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from prima.desk import Duty
from prima.filters import today_here
from prima.overview import Teller, Telling
from prima.permissions import can
from prima.projects.models import Part, Party, Project
from prima.projects.models.project import TEAM
from prima.projects.queries import Called
from prima.projects.rules.calls import day_there
from prima.projects.stages import LIFECYCLE
from prima.projects.tasks import section
from prima.projects.tones import tone
from prima.rates import USD
from prima.timeline import Drawing, draw
from prima.users import User
from prima.workflow import Move, Need


@dataclass(frozen=True)
class Button:
    """A move the viewer may take: straight from here (POST), or by way of its own page (GET)."""

    says: str
    url: str
    tone: str
    straight: bool


@dataclass(frozen=True)
class Blocked:
    """A move that still waits for something, each with the page that mends it."""

    says: str
    needs: Sequence[tuple[str, str | None]]


@dataclass(frozen=True)
class HistoryRow:
    on: Any
    who: str
    source: str
    target: str
    note: str


@dataclass(frozen=True)
class Page:
    project: Project
    status: str
    tone: str
    stage: str
    stages: Sequence[str]
    waiting: Duty | None
    duties: Sequence[Duty]
    drawing: Drawing | None
    buttons: Sequence[Button]
    blocked: Sequence[Blocked]
    panels: Sequence[tuple[str, Any]]
    tabs: Sequence[tuple[str, str, bool, int | None]]
    facts: Sequence[tuple[str, Any]]
    history: Sequence[HistoryRow]
    people: Sequence[tuple[str, str]]


PARTS = {
    Part.DEVELOPER: _l("Project developer"),
    Part.MANAGER: _l("Project manager"),
    Part.ALTERNATE: _l("Alternate project manager"),
    Part.AUTHOR: _l("Author of a section"),
    Part.CLEARED_OFFICE: _l("Cleared for the office"),
    Part.REVIEWED: _l("Reviewed"),
    Part.ENDORSED: _l("Endorsed"),
    Part.FUND_REVIEWED: _l("Reviewed for the Fund"),
    Part.APPROVED: _l("Approved"),
    Part.EVALUATOR: _l("Evaluator"),
}


def put_together(
    project: Project,
    viewer: User,
    statuses: Mapping[str, Called],
    tellers: Iterable[Teller],
    region: str,
    *,
    money: Any,
    day: Any,
    internal: bool,
    comments: int | None = None,
) -> Page:
    """`region` is the name of the Regional Office; `money` and `day` format figures and dates.

    `internal`: whether the viewer sees internal parts.

    `comments`: how many are open, for those who may read them.
    """
    tellings = [teller(project, viewer) for teller in tellers]
    duties = sorted((duty for telling in tellings for duty in telling.duties), key=lambda duty: duty.order)
    buttons, blocked = moves(project, viewer)
    status = stage_status(project)
    stage = project.edition.handbook.stage_of(status, statuses[status].stage)
    return Page(
        project=project,
        status=statuses[project.status].name,
        tone=tone(project.status),
        stage=stage.name.say() if stage else "",
        stages=[one.name.say() for one in project.edition.handbook.stages],
        waiting=duties[0] if duties else None,
        duties=duties,
        drawing=draw(
            [span for telling in tellings for span in telling.spans],
            [mark for telling in tellings for mark in telling.marks],
            today_here(),
        ),
        buttons=buttons,
        blocked=blocked,
        panels=[(telling.panel, telling.data) for telling in tellings if telling.panel],
        tabs=tabs(project, tellings, comments),
        facts=facts(project, region, money, day),
        history=history(project, statuses, internal=internal),
        people=[(str(PARTS[party.part]), _named(project, party, day)) for party in project.parties],
    )


def _named(project: Project, party: Party, day: Any) -> str:
    if party.until_at is None or party.part not in TEAM:
        return party.user.name
    return _("%(name)s, until %(day)s", name=party.user.name, day=day(day_there(project.office, party.until_at)))


def stage_status(project: Project) -> str:
    """The status whose stage counts: what was withdrawn stays in the stage it was withdrawn from."""
    if project.steps and project.status == "WITHDRAWN" and project.steps[-1].source:
        return project.steps[-1].source
    return project.status


def need_url(project: Project, need: Need) -> str | None:
    if not need.at:
        return None
    values: dict[str, Any] = dict(need.values)
    return url_for(need.at, reference=project.reference, _anchor=need.field or None, **values)


def moves(project: Project, viewer: User) -> tuple[list[Button], list[Blocked]]:
    """What the viewer may do now, and what still stands in the way of it."""
    buttons, blocked = [], []
    for move in LIFECYCLE.moves_from(project.status, project):
        if not move.via or not can(viewer, move.action, project):
            continue
        if missing := move.missing(project):
            blocked.append(Blocked(str(move.says), [(str(need.text), need_url(project, need)) for need in missing]))
        else:
            buttons.append(button(project, move))
    return sorted(buttons, key=lambda one: ("primary", "secondary", "danger").index(one.tone)), blocked


def button(project: Project, move: Move) -> Button:
    url = url_for(move.via, reference=project.reference, move=move.name)
    return Button(str(move.says), url, move.tone, straight=move.note == "none")


def tabs(
    project: Project, tellings: Iterable[Telling], comments: int | None = None
) -> list[tuple[str, str, bool, int | None]]:
    results: list[tuple[str, str, bool, int | None]] = []
    if section(project, "MAT"):
        results.append((_("Results"), url_for("matrix.edit", reference=project.reference), False, None))
    own: list[tuple[str, str, bool, int | None]] = [
        (_("Overview"), url_for("projects.show", reference=project.reference), True, None),
        (_("Proposal"), url_for("proposal.show", reference=project.reference), False, None),
        *results,
        (_("Budget"), url_for("budget.edit", reference=project.reference), False, None),
        (_("Documents"), url_for("documents.index", reference=project.reference), False, None),
    ]
    if comments is not None:
        own.append((_("Comments"), url_for("comments.index", reference=project.reference), False, comments or None))
    others = [(label, url, False, None) for telling in tellings for label, url in telling.tabs]
    return [*own, *others, (_("Process map"), url_for("process.show", reference=project.reference), False, None)]


def facts(project: Project, region: str, money: Any, day: Any) -> list[tuple[str, Any]]:
    funding = project.donor.name if project.donor else _("The Fund")
    found = [
        (_("Reference"), project.reference),
        (
            _("Budget, %(currency)s", currency=project.currency),
            money(project.budget) if project.budget else None,
        ),
        *([(_("Budget, USD"), money(project.budget_usd))] if project.currency != USD and project.budget else []),
        (_("Funding"), f"{funding}, {project.funding_year}"),
        *([(_("Call for proposals"), project.funding_round_code)] if project.funding_round_code else []),
        (_("Management site"), project.office.name),
        (_("Regional Office"), region or None),
        (_("Project type"), project.project_type.name if project.project_type else None),
        (_("Gender marker"), project.gender_marker_code),
    ]
    if project.starts_on:
        found += [
            (_("Start"), day(project.starts_on)),
            (_("End date"), day(project.ends_on)),
            (_("Government focal point"), project.focal_point or None),
        ]
        if project.first_ends_on != project.ends_on:
            found.insert(-1, (_("End agreed at activation"), day(project.first_ends_on)))
            said = (f"{day(one.old_end)} → {day(one.new_end)}" for one in project.extensions)
            found.insert(-1, (_("Extensions"), "; ".join(said) or None))
    elif project.duration_months:
        found.append((_("Planned duration"), _("%(count)s months", count=project.duration_months)))
    return found


def history(project: Project, statuses: Mapping[str, Called], *, internal: bool) -> list[HistoryRow]:
    """Every move, newest first: when, who, from, to, and for those who see internal parts why."""
    return [
        HistoryRow(
            step.at,
            _who(step),
            statuses[step.source].name if step.source else "",
            statuses[step.target].name,
            step.note if internal else "",
        )
        for step in reversed(project.steps)
    ]


def _who(step: Any) -> str:
    if step.actor is None:
        return _("PRIMA")
    if step.behalf_of:
        return _("%(actor)s for %(absent)s", actor=step.actor.name, absent=step.behalf_of.name)
    return str(step.actor.name)
