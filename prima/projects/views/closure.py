"""Ending a project: its checklists and what is still owed; closing, suspending, resuming and cancelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from prima.errors import Refused
from prima.following import Following
from prima.forms import BaseForm, MoveForm, ReasonForm
from prima.permissions import Action, can, guard
from prima.projects import queries
from prima.projects.forms.closure import checklist_form
from prima.projects.models import Closing, Confirmation, Project
from prima.projects.operations import closure
from prima.projects.page import need_url
from prima.projects.stages import CLOSABLE, CLOSING, RUNNING, Status
from prima.users import viewer

bp = Blueprint("closure", __name__, url_prefix="/projects")
Answer = str | Response | tuple[str, int]
NAMES = {Closing.OPERATIONAL: _l("Operational closure"), Closing.FINANCIAL: _l("Financial closure")}
CLOSES = {Closing.OPERATIONAL: _l("Close operationally"), Closing.FINANCIAL: _l("Close financially")}


@dataclass(frozen=True)
class Line:
    """A line of a checklist as the page shows it."""

    text: str
    row: Confirmation | None
    tick: Any
    note: Any


@dataclass(frozen=True)
class Part:
    """One closure on the page: done, or what it waits for."""

    closing: Closing
    name: str
    says: str
    done: bool
    open: bool
    """It is the next to come."""
    unmet: list[tuple[str, str | None]]
    form: BaseForm | None
    seen: Any
    """The field that tells what was confirmed when the page was drawn."""
    lines: list[Line]
    url: str
    """Where it is closed, for those who may."""


@bp.get("/<reference>/closure")
@guard(Action.VIEW_PROJECT, queries.story)
def show(project: Project) -> str:
    return draw(project)


@bp.post("/<reference>/closure/<any(operational, financial):closing>/checklist")
@guard(Action.VIEW_PROJECT, lambda reference, closing: queries.story(reference))
def confirm(project: Project) -> Answer:
    closing = Closing(str((request.view_args or {})["closing"]))
    form = _form(project, closing)
    if not form.validate_on_submit():
        return draw(project, form, closing), 422
    codes = [item.code for item in closure.checklist(project, closing)]
    closure.confirm(
        project.id,
        closing,
        actor=viewer(),
        ticked={code: form[closure.field_of(closing, code)].data for code in codes},
        notes={code: form[f"{closure.field_of(closing, code)}_note"].data or "" for code in codes},
        seen=frozenset((form[seen_field(closing)].data or "").split()),
    )
    flash(_("The checklist is saved."), "success")
    return redirect(url_for("closure.show", reference=project.reference), 303)


@bp.route("/<reference>/closure/<any(close):move>", methods=["GET", "POST"])
@guard(Action.RUN, lambda reference, move: queries.story(reference))
def close(project: Project) -> Answer:
    return _close(project, Closing.OPERATIONAL, _("The project is operationally closed."))


@bp.route("/<reference>/closure/<any(settle):move>", methods=["GET", "POST"])
@guard(Action.RUN, lambda reference, move: queries.story(reference))
def settle(project: Project) -> Answer:
    return _close(project, Closing.FINANCIAL, _("The project is closed."))


def _close(project: Project, closing: Closing, done: str) -> Answer:
    status, _move = closure.STEPS[closing]
    _at(project, status)
    form = MoveForm()
    if form.validate_on_submit():
        closure.close(project.id, closing, actor=viewer(), following=following(), note=form.note.data or "")
        flash(done, "success")
        return home(project)
    page = render_template(
        "projects/closing.html",
        project=project,
        form=form,
        says=CLOSES[closing],
        unmet=listed(project, closing),
        confirmed=[
            (item.text.say(), closure.confirmations(project).get((closing, item.code)))
            for item in closure.checklist(project, closing)
        ],
    )
    return page, 422 if form.is_submitted() else 200


@bp.route("/<reference>/closure/<any(suspend):move>", methods=["GET", "POST"])
@guard(Action.RUN, lambda reference, move: queries.story(reference))
def suspend(project: Project) -> Answer:
    _at(project, Status.ACTIVE)
    effect = _("What is due stays due. Nobody is reminded of it until the project is resumed.")
    return _with_reason(project, closure.suspend, _("Suspend"), effect, done=_("The project is suspended."))


@bp.route("/<reference>/closure/<any(resume):move>", methods=["GET", "POST"])
@guard(Action.RUN, lambda reference, move: queries.story(reference))
def resume(project: Project) -> Answer:
    _at(project, Status.SUSPENDED)
    effect = _("Deadlines stand as before, and reminders go out again. Its end does not move: that needs an extension.")
    return _with_reason(project, closure.resume, _("Resume"), effect, done=_("The project goes on."))


@bp.route("/<reference>/closure/<any(cancel):move>", methods=["GET", "POST"])
@guard(Action.RUN, lambda reference, move: queries.story(reference))
def cancel(project: Project) -> Answer:
    _at(project, *RUNNING)
    effect = _(
        "This cannot be undone. The project ends today, what would have been due later falls away, and the final "
        "reports count from today."
    )
    done = _("The project is cancelled. Its final reports count from today.")
    take = partial(closure.cancel, following=following())
    return _with_reason(project, take, _("Cancel the project"), effect, done=done, danger=True)


def _with_reason(
    project: Project, take: Callable[..., Project], says: str, effect: str, *, done: str, danger: bool = False
) -> Answer:
    """The page of a step that needs its reason; `effect` says what it brings."""
    form = ReasonForm()
    if form.validate_on_submit():
        take(project.id, actor=viewer(), note=form.note.data)
        flash(done, "success")
        return home(project)
    page = render_template("projects/ending.html", project=project, form=form, says=says, effect=effect, danger=danger)
    return page, 422 if form.is_submitted() else 200


def draw(project: Project, typed: BaseForm | None = None, at: Closing | None = None) -> str:
    if project.status not in CLOSABLE:
        raise NotFound
    there = closure.confirmations(project)
    parts = [_part(project, closing, there, typed if at is closing else None) for closing in Closing]
    internal = can(viewer(), Action.VIEW_INTERNAL, project)
    return render_template("projects/closure.html", project=project, parts=parts, internal=internal)


def _part(
    project: Project, closing: Closing, there: dict[tuple[Closing, str], Confirmation], typed: BaseForm | None
) -> Part:
    status, move = closure.STEPS[closing]
    may = closure.may_confirm(viewer(), project, closing)
    form = typed or (_form(project, closing, there) if may else None)
    lines = []
    for item in closure.checklist(project, closing):
        name = closure.field_of(closing, item.code)
        row = there.get((closing, item.code))
        lines.append(Line(item.text.say(), row, form and form[name], form and form[f"{name}_note"]))
    open_now = project.status is status or (closing is Closing.OPERATIONAL and project.status in RUNNING)
    closes = project.status is status and can(viewer(), Action.RUN, project)
    return Part(
        closing=closing,
        name=str(NAMES[closing]),
        says=str(CLOSES[closing]),
        done=project.status in CLOSING[closing.value],
        open=open_now,
        unmet=listed(project, closing) if open_now else [],
        form=form,
        seen=form and form[seen_field(closing)],
        lines=lines,
        url=url_for(f"closure.{move}", reference=project.reference, move=move) if closes else "",
    )


def _form(project: Project, closing: Closing, there: dict[tuple[Closing, str], Confirmation] | None = None) -> BaseForm:
    there = closure.confirmations(project) if there is None else there
    items = [(closure.field_of(closing, item.code), item.text.say()) for item in closure.checklist(project, closing)]
    data: dict[str, Any] = {seen_field(closing): " ".join(sorted(code for kind, code in there if kind is closing))}
    for (kind, code), row in there.items():
        if kind is closing:
            name = closure.field_of(closing, code)
            data |= {name: True, f"{name}_note": row.note}
    return checklist_form(seen_field(closing), items, data)


def seen_field(closing: Closing) -> str:
    return f"{closing.value}_seen"


def listed(project: Project, closing: Closing) -> list[tuple[str, str | None]]:
    return [(str(need.text), need_url(project, need)) for need in closure.unmet(project, closing, following())]


def following() -> Following:
    found: Following = current_app.extensions["prima.following"]
    return found


def home(project: Project) -> Response:
    return redirect(url_for("projects.show", reference=project.reference), 303)


def _at(project: Project, *statuses: Status) -> None:
    if project.status not in statuses:
        raise Refused(_("This project has moved on meanwhile. Open its page to see where it is now."))
