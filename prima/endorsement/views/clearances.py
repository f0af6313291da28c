"""A reviewer's page: the frozen proposal beside the role's checks; comments, drafts, the answer, taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima.endorsement import operations, queries
from prima.endorsement.forms import RemarkForm, ReviewForm, SeenForm, review_form, shown
from prima.endorsement.models import CheckAnswer, Clearance, Round, Verdict
from prima.endorsement.operations import Typed
from prima.endorsement.operations.clearances import REVIEWED_IN, checks
from prima.endorsement.overview import moves_of, rows_of, taking, why_again
from prima.endorsement.queries import Case, Names
from prima.endorsement.rights import chair
from prima.endorsement.views.beside import begun, beside, discard, mark_read, noted, reworded
from prima.errors import Refused
from prima.handbook.edition import Check
from prima.permissions import Action, guard, require
from prima.projects.rules.gender import NOT_APPLICABLE
from prima.projects.stages import Status
from prima.users import Role, viewer

bp = Blueprint("clearances", __name__, url_prefix="/projects/<reference>/clearances")
GENDER = "gender_marker"
Answer = str | Response | tuple[str, int]


@bp.route("/<seat>", methods=["GET", "POST"])
@guard(Action.REVIEW, queries.reviewing)
def show(case: Case) -> Answer:
    clearance = _mine(case)
    asked = checks(case.project, clearance.reviewer)
    form = _form(case, clearance, asked)
    if form.validate_on_submit():
        try:
            return _answered(case, clearance, asked, form)
        except Refused as refusal:
            form.refuse(refusal)
            case, clearance = _reread(case, clearance)
            if _is_late(case, clearance, form):
                return _page(case, clearance, asked, form), 409
    if form.is_submitted():
        return _page(case, clearance, asked, form), 422
    return _page(case, clearance, asked, form, writing=begun(case.project) if clearance.is_open else None)


@bp.post("/<seat>/take-back")
@guard(Action.REVIEW, queries.reviewing)
def take_back(case: Case) -> Response:
    clearance = _mine(case)
    form = SeenForm()
    operations.take_back(clearance, actor=viewer(), seen=form.seen.data or 0)
    flash(_("Your answer is open again. What you wrote is kept as a draft; comments you sent stay sent."), "success")
    return _here(clearance)


@bp.post("/<seat>/read")
@guard(Action.REVIEW, queries.reviewing)
def read(case: Case) -> Answer:
    clearance = _mine(case)
    mark_read(clearance)
    return _here(clearance)


@bp.post("/<seat>/comments")
@guard(Action.REVIEW, queries.reviewing)
def comment(case: Case) -> Answer:
    clearance, form = _mine(case), RemarkForm()
    if noted(clearance, form, _("Your comment is kept. The developer reads it once you have answered.")):
        return _here(clearance, f"section-{(form.section.data or '').lower()}")
    return _again(case, clearance, writing=form)


@bp.post("/<seat>/comments/<int:number>")
@guard(Action.REVIEW, queries.drafting)
def reword(case: Case) -> Answer:
    clearance, form, number = _mine(case), RemarkForm(), case.comment or 0
    if reworded(clearance, number, form):
        return _here(clearance, f"comment-{number}")
    return _again(case, clearance, rewording=(number, form))


@bp.post("/<seat>/comments/<int:number>/remove")
@guard(Action.REVIEW, queries.drafting)
def remove(case: Case) -> Response:
    clearance = _mine(case)
    discard(clearance, case.comment or 0)
    return _here(clearance)


def _reread(case: Case, clearance: Clearance) -> tuple[Case, Clearance]:
    """The case as it is now: what was refused took the project's lock, and read it afresh."""
    found = queries.reviewing(case.project.reference, clearance.seat.lower())
    return (found, found.clearance) if found and found.clearance else (case, clearance)


def _is_late(case: Case, clearance: Clearance, form: ReviewForm) -> bool:
    """Whether the proposal moved on, or a colleague answered, while this was written."""
    here = case.project.status is REVIEWED_IN.get(clearance.role, Status.REVIEW)
    return not here or not clearance.is_open or form.seen.data != case.seen


def _mine(case: Case) -> Clearance:
    clearance = case.clearance
    assert clearance is not None
    require(viewer(), Action.REVIEW, clearance)
    return clearance


def _again(case: Case, clearance: Clearance, **more: Any) -> tuple[str, int]:
    """The page once more, with the comment that could not be taken."""
    fresh = queries.reviewing(case.project.reference, clearance.seat.lower())
    assert fresh is not None
    there = _mine(fresh)
    asked = checks(fresh.project, there.reviewer)
    return _page(fresh, there, asked, _form(fresh, there, asked, stored=True), **more), 422


def _answered(case: Case, clearance: Clearance, asked: tuple[Check, ...], form: ReviewForm) -> Response:
    gender: dict[str, Any] = {}
    if GENDER in {check.sets for check in asked}:
        fields = (form["gender_marker_code"], form["gender_marker_reason"])
        gender = {"gender_marker_code": fields[0].data, "gender_marker_reason": fields[1].data}
    typed = Typed(
        answers={
            check.code: (_answer(form.check_fields(check.code)[0].data), form.check_fields(check.code)[1].data)
            for check in asked
        },
        note=form.note.data,
        sections=form.sections.data,
        **gender,
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


def _form(case: Case, clearance: Clearance, asked: tuple[Check, ...], *, stored: bool = False) -> ReviewForm:
    """`stored`: as it was saved last, whatever another form of the page sent."""
    drafted = {one.check_code: one for one in clearance.answers}
    data = {"seen": case.seen, "version": clearance.version, "note": clearance.note, "sections": clearance.sections}
    data |= {name: getattr(clearance, name) for name in ("gender_marker_code", "gender_marker_reason")}
    for code, one in drafted.items():
        data |= {f"{code}-answer": one.answer.value if one.answer else None, f"{code}-note": one.note}
    sets_gender = GENDER in {check.sets for check in asked}
    made = review_form(((check.code, check.question.say()) for check in asked), gender=sets_gender)
    form = made(formdata=None, data=data) if stored else made(data=data)
    sections = case.project.edition.handbook.sections_for(case.project.funding.value, case.project.facts)
    form.sections.choices = shown((one.code, one.title.say()) for one in sections)
    if sets_gender and form.is_submitted():
        form["gender_marker_code"].choices = _markers(case, queries.names())
    return form


def _markers(case: Case, names: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    """The codes but the one that stands; N/A for the types of projects that may have it."""
    project = case.project
    may_be_none = project.project_type_code in project.edition.handbook.gender_not_applicable_types
    stands = _("I agree with the code that stands: %(code)s", code=project.gender_marker_code or _("none"))
    return [
        ("", stands),
        *(
            (code, f"{code}: {name}")
            for (kind, code), name in names.items()
            if kind == "gender" and code != project.gender_marker_code and (code != NOT_APPLICABLE or may_be_none)
        ),
    ]


def _page(
    case: Case,
    clearance: Clearance,
    asked: tuple[Check, ...],
    form: ReviewForm,
    *,
    writing: RemarkForm | None = None,
    rewording: tuple[int, RemarkForm] | None = None,
) -> str:
    project, rounds = case.project, case.rounds
    earlier, names = rounds[1:], queries.names()
    called = Names(names)
    if "gender_marker_code" in form:
        form["gender_marker_code"].choices = _markers(case, names)
    there = beside(
        project,
        rounds,
        names,
        seat=clearance.seat,
        page=url_for("clearances.show", reference=project.reference, seat=clearance.seat.lower()),
        spoke=_spoke(earlier, clearance.seat),
        may_write=clearance.is_open,
        writing=writing,
        rewording=rewording,
    )
    titles, held = there.titles, chair(viewer(), Action.REVIEW, clearance)
    justified = _justified(there.content, case, names)
    judged = {code for check in asked for code in check.judges}
    return render_template(
        "endorsement/clearance.html",
        project=project,
        clearance=clearance,
        role=called.seat(clearance),
        form=form,
        taking=taking(project, case.round, viewer(), action=_desk_action(clearance), seat=clearance.seat),
        checks=[
            (check, *form.check_fields(check.code), [justified[code] for code in check.judges if code in justified])
            for check in asked
        ],
        justified=[one for code, one in justified.items() if code not in judged],
        writing=clearance.is_open or form.is_submitted(),
        here=project.status is REVIEWED_IN.get(clearance.role, Status.REVIEW),
        moves=moves_of(project, viewer()) if clearance.role is Role.FUND else [],
        behalf_of=held.absent if held else None,
        there=there,
        again=why_again(clearance, titles),
        earlier=[(one, rows_of(one, called, titles, internal=True)) for one in earlier],
        overridden=_overridden(rounds, called),
    )


def _desk_action(clearance: Clearance) -> Action:
    return Action.FUND_REVIEW if clearance.role is Role.FUND else Action.REVIEW


def _spoke(earlier: Sequence[Round], seat: str) -> int | None:
    """The last round on which this role answered."""
    answered = (one.number for one in earlier if (there := one.clearance(seat)) and not there.is_open)
    return next(answered, None)


def _justified(
    frozen: Mapping[str, Any], case: Case, names: Mapping[tuple[str, str], str]
) -> dict[str, tuple[str, str]]:
    """What was written to pass a warning, by the rule's code: what the rule says, and the reason."""
    edition = case.project.edition.handbook
    rules = {rule.code for rule in edition.rules}
    found = {}
    for code, text in frozen["justifications"].items():
        country = code.partition(".")[2]  # eligibility, kept by country
        where = _("Eligibility of %(country)s", country=names.get(("country", country), country))
        found[code] = (edition.say_rule(code, funding=case.project.funding.value) if code in rules else where, text)
    return found


def _overridden(rounds: Sequence[Round], called: Names) -> list[tuple[Clearance, str]]:
    """The gender markers that reviewers set otherwise, the newest first; none that is only drafted."""
    given = [one for there in rounds for one in there.clearances if one.gender_marker_code and not one.is_open]
    return [(one, called.seat(one)) for one in given if one.stands is None]


def _here(clearance: Clearance, anchor: str | None = None) -> Response:
    seat = clearance.seat.lower()
    page = url_for("clearances.show", reference=clearance.project.reference, seat=seat, _anchor=anchor)
    return redirect(page, 303)
