"""Calls for proposals of the Fund: the list for all staff, what is in each, and how Fund management keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima import clock
from prima.endorsement import operations, queries
from prima.endorsement.forms import ChangeRoundForm, CloseRoundForm, NewRoundForm, RoundForm, WaitForm, shown
from prima.endorsement.queries import Case
from prima.endorsement.views.endorsement import to_wait_for
from prima.errors import Refused
from prima.permissions import Action, can, guard
from prima.projects import funding_rounds
from prima.projects.forms.rows import as_number
from prima.projects.models import FundingRound, Project
from prima.projects.operations import funding_rounds as keeping
from prima.projects.queries import statuses
from prima.projects.rules import calls
from prima.users import viewer

bp = Blueprint("funding_rounds", __name__)
Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Row:
    """A round in the list. `left`: days until the cut-off, where it is open."""

    round: FundingRound
    state: str
    left: int
    count: int


@bp.get("/funding-rounds")
@guard(Action.SEE_CALLS)
def index() -> str:
    known, days = funding_rounds.counts(viewer()), funding_rounds.Days()
    return render_template(
        "endorsement/funding_rounds.html",
        rows=[
            Row(one, _state(one, days.of(one)), _left(one, days.of(one)), known.get(one.code, 0))
            for one in funding_rounds.every(days)
        ],
        pool=known.get(None, 0),
        keeps=can(viewer(), Action.MANAGE_CALLS),
    )


def _state(one: FundingRound, today: date) -> str:
    if one.closed_at:
        return "closed"
    return "coming" if today < one.opens_on else "open" if today <= one.cut_off_on else "over"


def _left(one: FundingRound, today: date) -> int:
    return (one.cut_off_on - today).days


@bp.get("/funding-rounds/pool")
@guard(Action.SEE_CALLS)
def pool() -> str:
    return _page(None)


@bp.get("/funding-rounds/<code>")
@guard(Action.SEE_CALLS, funding_rounds.find, see=Action.SEE_CALLS)
def show(one: FundingRound) -> str:
    return _page(one)


def _page(one: FundingRound | None) -> str:
    found = funding_rounds.inside(viewer(), one.code if one else None)
    day = funding_rounds.Days().of(one) if one else clock.today()
    return render_template(
        "endorsement/funding_round.html",
        round=one,
        state=_state(one, day) if one else "",
        left=_left(one, day) if one else 0,
        found=found,
        statuses=statuses(),
        deciding={each.project.id for each in found.retained if _decides(each.project)},
        up={each.project.id for each in found.retained if _is_up(one, each.project)},
        keeps=can(viewer(), Action.MANAGE_CALLS),
    )


def _is_up(one: FundingRound | None, project: Project) -> bool:
    """Whether the proposal can be taken up: its round has opened, by the day at the project's office."""
    return one is None or calls.is_up(one, calls.day_at(project.office))


def _decides(project: Project) -> bool:
    return can(viewer(), Action.FUND_REVIEW, project)


@bp.route("/funding-rounds/new", methods=["GET", "POST"])
@guard(Action.MANAGE_CALLS)
def add() -> Answer:
    def work(values: dict[str, Any]) -> FundingRound:
        return keeping.add_round(actor=viewer(), **values)

    return _kept(NewRoundForm(), None, work, _("The round is on the list of calls for proposals."))


@bp.route("/funding-rounds/<code>/change", methods=["GET", "POST"])
@guard(Action.MANAGE_CALLS, funding_rounds.find, see=Action.SEE_CALLS)
def change(one: FundingRound) -> Answer:
    form = ChangeRoundForm(obj=one)

    def work(values: dict[str, Any]) -> FundingRound:
        keeping.change_round(one, actor=viewer(), version=as_number(form.version.data) or 0, **values)
        return one

    return _kept(form, one, work, _("The round is changed."))


@bp.route("/funding-rounds/<code>/close", methods=["GET", "POST"])
@guard(Action.MANAGE_CALLS, funding_rounds.find, see=Action.SEE_CALLS)
def close(one: FundingRound) -> Answer:
    form = CloseRoundForm(obj=one)
    if form.validate_on_submit():
        keeping.close_round(one, actor=viewer(), version=as_number(form.version.data) or 0)
        flash(_("The round %(code)s is closed.", code=one.code), "success")
        return redirect(url_for(".show", code=one.code), 303)
    return render_template("endorsement/close_round.html", form=form, round=one), 422 if form.is_submitted() else 200


@bp.route("/projects/<reference>/retained-for", methods=["GET", "POST"])
@guard(Action.FUND_REVIEW, queries.case)
def wait(case: Case) -> Answer:
    """Let a retained proposal wait for another round."""
    project = case.project
    form = WaitForm(seen=case.seen, funding_round=project.funding_round_code)
    form.funding_round.choices = to_wait_for(project)
    if form.validate_on_submit():
        try:
            operations.move_retained(project, actor=viewer(), **form.values())
        except Refused as refusal:
            if not hasattr(refusal, "field"):
                raise
            form.refuse(refusal)
        else:
            code = form.funding_round.data
            flash(_("The proposal waits for %(round)s now.", round=code or _("no round: it is in the pool")), "success")
            return redirect(url_for(".show", code=code) if code else url_for(".pool"), 303)
    page = render_template("endorsement/wait.html", project=project, form=form)
    return page, 422 if form.is_submitted() else 200


def offered(form: RoundForm) -> RoundForm:
    regions = ((one.code, one.name) for one in funding_rounds.regions())
    lines = ((one.code, one.name) for one in funding_rounds.lines())
    form.region_code.choices = shown([("", _("All regions")), *regions])
    form.line_code.choices = shown([("", _("All lines")), *lines])
    return form


def _kept(
    form: RoundForm, one: FundingRound | None, work: Callable[[dict[str, Any]], FundingRound], says: str
) -> Answer:
    """Add a round, or change one: to its page once it is done, else what stands in the way, at its field."""
    offered(form)
    if form.validate_on_submit():
        try:
            done = work(form.values())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(says, "success")
            return redirect(url_for(".show", code=done.code), 303)
    page = render_template("endorsement/keep_round.html", form=form, round=one)
    return page, 422 if form.is_submitted() else 200
