"""A reviewer's page: the frozen proposal beside the checks of the role; drafts, the answer, and taking it back."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.endorsement import operations, queries
from prima.endorsement.forms import ReviewForm, SeenForm, review_form, shown
from prima.endorsement.models import CheckAnswer, Clearance, Verdict
from prima.endorsement.operations import Typed
from prima.endorsement.operations.clearances import REVIEWED_IN, checks
from prima.endorsement.overview import moves_of, taking
from prima.endorsement.queries import Case
from prima.endorsement.reading import Version, parts
from prima.endorsement.rights import chair
from prima.errors import Refused
from prima.handbook.edition import Check
from prima.permissions import Action, guard, require
from prima.projects.snapshot import changed_sections
from prima.projects.stages import Status
from prima.users import Role, viewer

bp = Blueprint("clearances", __name__, url_prefix="/projects/<reference>/clearances")


@bp.route("/<seat>", methods=["GET", "POST"])
@guard(Action.REVIEW, queries.reviewing)
def show(case: Case) -> str | Response | tuple[str, int]:
    clearance = case.clearance
    assert clearance is not None
    require(viewer(), Action.REVIEW, clearance)
    asked = checks(case.project, clearance.reviewer)
    form = _form(case, clearance, asked)
    if form.validate_on_submit():
        try:
            return _answered(case, clearance, asked, form)
        except Refused as refusal:
            form.refuse(refusal)
    return _page(case, clearance, asked, form), 422 if form.is_submitted() else 200


@bp.post("/<seat>/take-back")
@guard(Action.REVIEW, queries.reviewing)
def take_back(case: Case) -> Response:
    clearance = case.clearance
    assert clearance is not None
    require(viewer(), Action.REVIEW, clearance)
    form = SeenForm()
    operations.take_back(clearance, actor=viewer(), seen=form.seen.data or 0)
    flash(_("Your answer is open again. What you wrote is kept as a draft."), "success")
    return _here(clearance)


def _answered(case: Case, clearance: Clearance, asked: tuple[Check, ...], form: ReviewForm) -> Response:
    typed = Typed(
        answers={
            check.code: (_answer(form.check_fields(check.code)[0].data), form.check_fields(check.code)[1].data)
            for check in asked
        },
        note=form.note.data,
        sections=form.sections.data,
    )
    version = form.version.data
    if form.do.data == "save":
        operations.save_draft(clearance, actor=viewer(), version=version, typed=typed)
        flash(_("Your draft is saved. Nobody but those who hold this role sees it."), "success")
        return _here(clearance)
    verdict, seen = Verdict(form.do.data), form.seen.data
    operations.give(clearance, actor=viewer(), seen=seen, version=version, verdict=verdict, typed=typed)
    flash(_("Your answer is recorded. You may take it back until the proposal has moved."), "success")
    return redirect(url_for("projects.show", reference=case.project.reference), 303)


def _answer(value: str | None) -> CheckAnswer | None:
    return CheckAnswer(value) if value else None


def _form(case: Case, clearance: Clearance, asked: tuple[Check, ...]) -> ReviewForm:
    drafted = {one.check_code: one for one in clearance.answers}
    data = {"seen": case.seen, "version": clearance.version, "note": clearance.note, "sections": clearance.sections}
    for code, one in drafted.items():
        data |= {f"{code}-answer": one.answer.value if one.answer else None, f"{code}-note": one.note}
    form = review_form((check.code, check.question.say()) for check in asked)(data=data)
    sections = case.project.edition.handbook.sections_for(case.project.funding.value, case.project.facts)
    form.sections.choices = shown((one.code, one.title.say()) for one in sections)
    return form


def _page(case: Case, clearance: Clearance, asked: tuple[Check, ...], form: ReviewForm) -> str:
    project = case.project
    rounds = queries.rounds(project)
    frozen, before = rounds[0], _looked_at(clearance, rounds[1:])
    held = chair(viewer(), Action.REVIEW, clearance)
    handbook = project.edition.handbook
    changed = changed_sections(before.round.snapshot, frozen.snapshot) if before else None
    read = parts(frozen.snapshot, handbook, queries.names(), internal=True, changed=changed)
    return render_template(
        "endorsement/clearance.html",
        project=project,
        clearance=clearance,
        role=queries.seat_names().seat(clearance),
        form=form,
        taking=taking(project, case.round, viewer(), action=_desk_action(clearance), seat=clearance.seat),
        checks=[(check, *form.check_fields(check.code)) for check in asked],
        writing=clearance.is_open or form.is_submitted(),
        here=project.status is REVIEWED_IN.get(clearance.role, Status.REVIEW),
        moves=moves_of(project, viewer()) if clearance.role is Role.FUND else [],
        behalf_of=held.absent if held else None,
        titles={one.code: one.title.say() for one in handbook.sections},
        round=frozen,
        version=Version(frozen.number, read, before.round.number if before else None),
    )


def _desk_action(clearance: Clearance) -> Action:
    return Action.FUND_REVIEW if clearance.role is Role.FUND else Action.REVIEW


def _looked_at(clearance: Clearance, earlier: list) -> Clearance | None:
    """The last answer of this role on an earlier round: what changed since then is marked."""
    answered = (one.clearance(clearance.seat) for one in earlier)
    return next((one for one in answered if one is not None and not one.is_open), None)


def _here(clearance: Clearance) -> Response:
    seat = clearance.seat.lower()
    return redirect(url_for("clearances.show", reference=clearance.project.reference, seat=seat), 303)
