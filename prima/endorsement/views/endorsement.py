"""Submitting a proposal, and deciding on it: each move on a page that says what it means before it is taken."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from prima.config import MEGABYTE
from prima.endorsement import operations, queries
from prima.endorsement.forms import (
    AnswerForm,
    ClearerForm,
    DecisionForm,
    ReasonForm,
    RetainForm,
    ReturnForm,
    SentForm,
    SubmitForm,
    shown,
)
from prima.endorsement.operations.asking import what_happened
from prima.endorsement.operations.decisions import returns
from prima.endorsement.operations.donors import Exchanged, is_answer, letters_since, with_a_donor
from prima.endorsement.overview import Taking, deciding_url, taking
from prima.endorsement.queries import Case
from prima.endorsement.rights import chair
from prima.errors import Refused
from prima.permissions import Action, guard, require
from prima.projects import funding_rounds
from prima.projects.files import MOST_BYTES, Arrivals, arriving
from prima.projects.models import FundingRound, Project
from prima.projects.page import need_url
from prima.projects.papers import AT_SUBMISSION
from prima.projects.rules import calls
from prima.projects.stages import Status
from prima.projects.views.documents import folder
from prima.projects.views.sheet import BUDGET_FORM
from prima.scanning import Scanner
from prima.users import User, viewer
from prima.workflow import Move

PAPERS = (*AT_SUBMISSION, BUDGET_FORM)
"""What is filed when a proposal is submitted."""

bp = Blueprint("endorsement", __name__, url_prefix="/projects/<reference>")


@bp.route("/submit/<move>", methods=["GET", "POST"])
@guard(Action.SUBMIT, queries.submitting)
def submit(case: Case) -> str | Response | tuple[str, int]:
    project, move = case.project, case.move
    if move is None:
        raise Refused([what_happened(project)])
    form = SubmitForm()
    if form.validate_on_submit():
        with arriving(folder()) as arrivals:
            operations.submit(project, move.name, actor=viewer(), note=form.note.data, papers=PAPERS, arrivals=arrivals)
        flash(_("The proposal is submitted. You will get a letter on every decision."), "success")
        return _back(project)
    unmet = [(str(need.text), need_url(project, need)) for need in move.missing(project)]
    page = render_template(
        "endorsement/submit.html",
        project=project,
        move=move,
        form=form,
        unmet=unmet,
        road=queries.road_ahead(project),
        again=case.round is not None,
        call_says=calls.said(project),
    )
    return page, 422 if form.is_submitted() else 200


@bp.route("/decisions/<move>", methods=["GET", "POST"])
@guard(Action.VIEW_PROJECT, queries.deciding)
def decide(case: Case) -> str | Response | tuple[str, int]:
    project, move = case.project, case.move
    if move is None:
        raise Refused([what_happened(project)])
    require(viewer(), move.action, project)
    form = _form(case, move)
    if form.validate_on_submit():
        try:
            return _decided(project, move, form)
        except Refused as refusal:
            if not hasattr(refusal, "field"):
                raise
            form.refuse(refusal)
    held = chair(viewer(), move.action, project)
    return _page(
        case,
        move,
        form,
        hint=_hint(move),
        behalf_of=held.absent if held else None,
        taking=taking(project, case.round, viewer(), action=move.action),
        deciding_url=deciding_url(project, case.round, viewer()),
    )


@bp.route("/recalls/<move>", methods=["GET", "POST"])
@guard(Action.SUBMIT, queries.recalling)
def recall(case: Case) -> str | Response | tuple[str, int]:
    """Take the proposal back until the first decision."""
    project, move = case.project, case.move
    if move is None:
        raise Refused([operations.no_recall(project)])
    form = DecisionForm(seen=case.seen)
    if form.validate_on_submit():
        operations.recall(project, move.name, actor=viewer(), **form.values())
        flash(_("The proposal is recalled. You can change it and submit it again."), "success")
        return _back(project)
    return _page(case, move, form, hint=_("Those on whose desk it lies now read it."))


def _page(
    case: Case,
    move: Move,
    form: DecisionForm | ReasonForm | ReturnForm,
    *,
    hint: str,
    behalf_of: User | None = None,
    taking: Taking | None = None,
    deciding_url: str = "",
) -> tuple[str, int]:
    """What the move means, and the form that takes it."""
    page = render_template(
        "endorsement/decide.html",
        project=case.project,
        move=move,
        form=form,
        round=case.round,
        target=queries.statuses()[move.target].name,
        behalf_of=behalf_of,
        hint=hint,
        limit=MOST_BYTES // MEGABYTE,
        taking=taking,
        deciding_url=deciding_url,
    )
    return page, 422 if form.is_submitted() else 200


def _hint(move: Move) -> str:
    if returns(move):
        return _("What is to be changed, and why. The developer reads it.")
    if move.action is Action.ANSWER_DONOR:
        return _("Say what the donor wrote.")
    return ""


def _form(case: Case, move: Move) -> DecisionForm | ReasonForm | ReturnForm:
    if move.target is Status.RETAINED:
        retain = RetainForm(seen=case.seen)
        retain.funding_round.choices = to_wait_for(case.project)
        return retain
    if is_answer(move):
        answer = AnswerForm(seen=case.seen)
        filed = ((str(one.id), f"{one.type.name}: {one.title}") for one in letters_since(case.project))
        answer.document_id.choices = shown([("", _("None of these")), *filed])
        return answer
    if with_a_donor(move):
        return SentForm(seen=case.seen)
    if not returns(move):
        return ReasonForm(seen=case.seen) if move.note == "required" else DecisionForm(seen=case.seen)
    form = ReturnForm(seen=case.seen)
    sections = case.project.edition.handbook.sections_for(case.project.funding.value, case.project.facts)
    form.sections.choices = shown((one.code, one.title.say()) for one in sections)
    return form


def _decided(project: Project, move: Move, form: DecisionForm | ReasonForm | ReturnForm) -> Response:
    with arriving(folder()) as arrivals:
        values = form.values("dated_on", "document_id", "file")
        if with_a_donor(move):
            values["exchanged"] = _exchanged(form, arrivals)
        operations.decide(project, move.name, actor=viewer(), **values)
    flash(_("Done: %(move)s.", move=move.says), "success")
    return _back(project)


def _exchanged(form: Any, arrivals: Arrivals) -> Exchanged:
    """What was typed of a letter; a file that cannot be taken is refused at its field."""
    chosen = form.data.get("document_id")
    upload = form.data.get("file")
    stored = None
    if upload and upload.filename:
        stored = arrivals.upload(upload.stream, upload.filename, Scanner.of(current_app.config))
    return Exchanged(form.dated_on.data, stored, int(chosen) if chosen else None)


def to_wait_for(project: Project) -> list[SelectChoice]:
    """The rounds that a retained proposal may wait for, and the pool."""
    offered = [(one.code, _round_named(one)) for one in funding_rounds.to_wait_for(project)]
    return shown([("", _("The pool, for no round yet")), *offered])


def _round_named(one: FundingRound) -> str:
    days = {"first": format_date(one.opens_on, "d MMM y"), "last": format_date(one.cut_off_on, "d MMM y")}
    return _("%(round)s, %(first)s to %(last)s", round=calls.named(one), **days)


@bp.route("/office-clearance", methods=["GET", "POST"])
@guard(Action.ENDORSE, queries.case)
def name_clearer(case: Case) -> str | Response | tuple[str, int]:
    """The endorser names who clears for the office when the head of office is on the team."""
    form = ClearerForm(seen=case.seen)
    if form.validate_on_submit():
        try:
            named = operations.name_clearer(case.project, actor=viewer(), **form.values())
            flash(_("%(name)s may now clear for the office.", name=named.name), "success")
            return _back(case.project)
        except Refused as refusal:
            if not hasattr(refusal, "field"):
                raise
            form.refuse(refusal)
    page = render_template("endorsement/name_clearer.html", project=case.project, form=form)
    return page, 422 if form.is_submitted() else 200


def _back(project: Project) -> Response:
    return redirect(url_for("projects.show", reference=project.reference), 303)
