"""The page of whoever decides for a role: the frozen proposal, comments on its lines and sections, and the moves."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.endorsement import queries
from prima.endorsement.forms import RemarkForm
from prima.endorsement.operations.asking import what_happened
from prima.endorsement.overview import moves_of, rows_of, taking
from prima.endorsement.queries import Case, Names, Sat
from prima.endorsement.rights import chair
from prima.endorsement.views.beside import begun, beside, discard, mark_read, noted, reworded
from prima.errors import Refused
from prima.permissions import Action, guard, require
from prima.users import viewer

bp = Blueprint("deciding", __name__, url_prefix="/projects/<reference>/deciding/<seat>")


@bp.get("")
@guard(Action.VIEW_PROJECT, queries.deciding_at)
def show(case: Case) -> str | Response:
    desk = _mine(case)
    if case.round and case.round.clearance(desk.seat):  # Fund management has a sheet of checks
        return redirect(url_for("clearances.show", reference=case.project.reference, seat=desk.seat.lower()), 303)
    return _page(case, desk, writing=begun(case.project))


@bp.post("/read")
@guard(Action.VIEW_PROJECT, queries.deciding_at)
def read(case: Case) -> Response:
    desk = _mine(case)
    mark_read(desk)
    return _here(desk)


@bp.post("/comments")
@guard(Action.VIEW_PROJECT, queries.deciding_at)
def comment(case: Case) -> Response | tuple[str, int]:
    desk, form = _mine(case), RemarkForm()
    if noted(desk, form, _("Your comment is kept. The developer reads it once you have decided.")):
        return _here(desk, f"section-{(form.section.data or '').lower()}")
    return _again(case, writing=form)


@bp.post("/comments/<int:number>")
@guard(Action.VIEW_PROJECT, queries.deciding_at)
def reword(case: Case) -> Response | tuple[str, int]:
    desk, form, number = _mine(case), RemarkForm(), case.comment or 0
    if reworded(desk, number, form):
        return _here(desk, f"comment-{number}")
    return _again(case, rewording=(number, form))


@bp.post("/comments/<int:number>/remove")
@guard(Action.VIEW_PROJECT, queries.deciding_at)
def remove(case: Case) -> Response:
    desk = _mine(case)
    discard(desk, case.comment or 0)
    return _here(desk)


def _mine(case: Case) -> Sat:
    """The desk that the URL names, while the proposal lies on it and the viewer decides there."""
    desk = queries.deciding_desk(case.project)
    if desk is None or desk.seat != case.seat:
        raise Refused([what_happened(case.project)])
    require(viewer(), desk.action, case.project)
    return desk


def _again(case: Case, **more: Any) -> tuple[str, int]:
    """The page once more, with the comment that could not be taken; refused where the proposal has left the desk."""
    fresh = queries.deciding_at(case.project.reference, case.seat.lower())
    assert fresh is not None
    return _page(fresh, _mine(fresh), **more), 422


def _page(
    case: Case,
    desk: Sat,
    *,
    writing: RemarkForm | None = None,
    rewording: tuple[int, RemarkForm] | None = None,
) -> str:
    project, rounds, names = case.project, case.rounds, queries.names()
    called, earlier = Names(names), rounds[1:]
    spoke = (one.number for one in earlier if any(each.role == desk.seat for each in one.decisions))
    there = beside(
        project,
        rounds,
        names,
        seat=desk.seat,
        page=url_for("deciding.show", reference=project.reference, seat=desk.seat.lower()),
        spoke=next(spoke, None),
        may_write=True,
        writing=writing,
        rewording=rewording,
    )
    held = chair(viewer(), desk.action, project)
    return render_template(
        "endorsement/deciding.html",
        project=project,
        role=called.role(desk.seat),
        since_at=desk.since_at,
        due_on=queries.due_on(project),
        taking=taking(project, case.round, viewer(), action=desk.action),
        moves=moves_of(project, viewer()),
        behalf_of=held.absent if held else None,
        there=there,
        answers=[(one, rows_of(one, called, there.titles, internal=True)) for one in rounds],
    )


def _here(desk: Sat, anchor: str | None = None) -> Response:
    reference, seat = desk.project.reference, desk.seat.lower()
    return redirect(url_for("deciding.show", reference=reference, seat=seat, _anchor=anchor), 303)
