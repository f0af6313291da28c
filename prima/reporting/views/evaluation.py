"""The ex-post evaluation of a project: one page that tells it, and a page for each thing that somebody writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as Answered
from wtforms.fields.choices import SelectChoice

from prima.filters import day
from prima.forms import BaseForm
from prima.permissions import Action, can, guard
from prima.projects.forms.rows import Options
from prima.projects.models import Document, Project
from prima.projects.operations.rows import RowsConflict
from prima.projects.page import need_url
from prima.projects.views.drafting import both_rows, limit_rows, outcome, rows_of, shown
from prima.reporting.evaluating import (
    FOLLOW_UPS,
    NOT_ANSWERED,
    RESPONSES,
    TAKEN_ON,
    is_late,
    rating_field,
    to_hand_in,
    to_respond,
    why_field,
)
from prima.reporting.forms.evaluation import (
    FindingsForm,
    FollowUpForm,
    RecommendationsForm,
    ResponseForm,
    TermsForm,
    ratings_form,
)
from prima.reporting.models import Deadline, Evaluation, Recommendation, Response
from prima.reporting.operations import evaluation as operations
from prima.reporting.overview import line_of, today_at
from prima.reporting.queries.evaluation import response_to, terms_filed, window
from prima.reporting.steps import DONE, WRITABLE
from prima.users import User, viewer

bp = Blueprint("evaluation", __name__, url_prefix="/projects")
Answer = str | Answered | tuple[str, int]
EMPTY_ROWS = 2
Chip = tuple[str, str]


@dataclass(frozen=True)
class Asked:
    """A recommendation with the deadline of its evaluation."""

    project: Project
    deadline: Deadline
    recommendation: Recommendation


@dataclass(frozen=True)
class Judged:
    """A criterion with the word and the reason."""

    criterion: str
    rating: Chip | None
    why: str


@dataclass(frozen=True)
class Recommended:
    """A recommendation as the page shows it; the addresses are empty for whoever may not."""

    row: Recommendation
    response: Chip
    follow_up: Chip | None
    late: bool
    respond_url: str
    follow_url: str


def load(reference: str, recommendation: int) -> Asked | None:
    deadline = window(reference)
    rows = deadline.evaluation.recommendations if deadline and deadline.evaluation else []
    found = next((one for one in rows if one.id == recommendation), None)
    return Asked(deadline.project, deadline, found) if deadline and found else None


@bp.get("/<reference>/evaluation")
@guard(Action.VIEW_PROJECT, window)
def show(deadline: Deadline) -> str:
    project, evaluation, user = deadline.project, deadline.evaluation, viewer()
    evaluates, open_now = can(user, Action.EVALUATE, project), is_open(deadline)
    answer = response_to(project.id) if evaluation else None
    responds = may_respond(user, project, answer)
    told = evaluation is not None and (evaluation.received_on is not None or evaluates)
    return render_template(
        "reporting/evaluation.html",
        project=project,
        line=line_of(project, deadline),
        evaluation=evaluation,
        told=told,
        ratings=judged(project, evaluation) if evaluation and told else [],
        criteria=names(project),
        recommendations=[
            recommended(user, project, one, responds) for one in (evaluation.recommendations if evaluation else [])
        ],
        facts=facts(deadline, answer),
        document=evaluation.terms_document if evaluation else None,
        answer=line_of(project, answer) if answer else None,
        names_evaluator=can(user, Action.NAME_EVALUATOR, project) and not is_accepted(deadline),
        writes=evaluates and open_now,
        writes_report=can(user, Action.WRITE_EVALUATION, project) and open_now,
        responds=responds,
        lacking=[
            (str(need.text), need_url(project, need)) for need in needs(deadline, evaluates and open_now, responds)
        ],
    )


def is_open(deadline: Deadline) -> bool:
    """Its report can still be written."""
    return deadline.report is None or deadline.report.state in WRITABLE


def is_accepted(deadline: Deadline) -> bool:
    return deadline.report is not None and deadline.report.state in DONE


def may_respond(user: User, project: Project, answer: Deadline | None) -> bool:
    return answer is not None and is_open(answer) and can(user, Action.WRITE_REPORT, project)


def needs(deadline: Deadline, writes: bool, responds: bool) -> list[Any]:
    if writes:
        return list(to_hand_in(deadline))
    return list(to_respond(deadline)) if responds else []


def facts(deadline: Deadline, answer: Deadline | None) -> list[tuple[str, Any]]:
    evaluation = deadline.evaluation
    found: list[tuple[str, Any]] = [
        (
            _("Window"),
            f"{day(deadline.from_on)} – {day(deadline.due_on)}" if deadline.from_on else day(deadline.due_on),
        ),
        (_("Evaluator"), evaluation.evaluator.name if evaluation and evaluation.evaluator else None),
        (_("Starts on"), day(evaluation.starts_on) if evaluation and evaluation.starts_on else None),
        (_("Report received"), day(evaluation.received_on) if evaluation and evaluation.received_on else None),
    ]
    if answer:
        found.append((_("Management response due"), day(answer.due_on)))
    return found


def names(project: Project) -> dict[str, str]:
    return {one.code: one.name.say() for one in operations.rules_of(project).criteria}


def judged(project: Project, evaluation: Evaluation) -> list[Judged]:
    words = {one.code: (one.name.say(), one.tone) for one in operations.rules_of(project).ratings}
    said = names(project)
    return [
        Judged(said.get(one.criterion, one.criterion), words.get(one.rating) if one.rating else None, one.why)
        for one in evaluation.ratings
    ]


def recommended(user: User, project: Project, row: Recommendation, responds: bool) -> Recommended:
    where: dict[str, Any] = {"reference": project.reference, "recommendation": row.id}
    taken_on = row.response in TAKEN_ON
    follows = taken_on and operations.may_follow(user, project, row)
    return Recommended(
        row,
        chip(RESPONSES[row.response] if row.response else NOT_ANSWERED),
        chip(FOLLOW_UPS[row.follow_up]) if taken_on else None,
        is_late(row, today_at(project)),
        url_for("evaluation.respond", **where) if responds else "",
        url_for("evaluation.follow", **where) if follows else "",
    )


def chip(words: tuple[Any, str]) -> Chip:
    return str(words[0]), words[1]


# -- who evaluates ----------------------------------------------------------------------------------------------------


@bp.route("/<reference>/evaluation/terms", methods=["GET", "POST"])
@guard(Action.NAME_EVALUATOR, window)
def terms(deadline: Deadline) -> Answer:
    evaluation = deadline.evaluation
    begins: dict[str, Any] = {"version": 0}
    if evaluation:
        begins = {
            "version": evaluation.version,
            "evaluator": evaluation.evaluator.email if evaluation.evaluator else "",
            "terms": evaluation.terms,
            "terms_document_id": str(evaluation.terms_document_id or ""),
            "starts_on": evaluation.starts_on,
        }
    form = TermsForm(data=begins)
    filed = terms_filed(deadline.project_id)
    form.terms_document_id.choices = [
        SelectChoice("", _("Not stated")),
        *(SelectChoice(str(one.id), named(one)) for one in filed),
    ]
    status = 200
    if form.is_submitted():
        number = deadline.id
        status = outcome(form, lambda: operations.set_terms(number, actor=viewer(), **versioned(form, form.result)))
        if status == 303:
            flash(_("The terms of the evaluation are saved."), "success")
            return page_of(deadline.project)
    return render_template("reporting/evaluation_terms.html", project=deadline.project, form=form), status


def named(document: Document) -> str:
    return _("%(title)s, version %(number)s", title=document.title, number=document.version)


def versioned(form: Any, values: dict[str, Any]) -> dict[str, Any]:
    return {**values, "version": form.version.data}


# -- what the evaluator writes ----------------------------------------------------------------------------------------


@bp.route("/<reference>/evaluation/ratings", methods=["GET", "POST"])
@guard(Action.EVALUATE, window)
def ratings(deadline: Deadline) -> Answer:
    project, evaluation = deadline.project, deadline.evaluation
    criteria = list(names(project).items())
    words = [(one.code, one.name.say()) for one in operations.rules_of(project).ratings]
    data: dict[str, Any] = {"version": evaluation.version if evaluation else 0}
    for one in evaluation.ratings if evaluation else ():
        data |= {rating_field(one.criterion): one.rating, why_field(one.criterion): one.why}
    form = ratings_form([(rating_field(code), why_field(code), name) for code, name in criteria], words, data)
    status = 200
    if form.is_submitted():
        number = deadline.id
        status = outcome(
            form, lambda: operations.rate(number, actor=viewer(), **versioned(form, rated(form, criteria)))
        )
        if status == 303:
            flash(_("The ratings are saved."), "success")
            return page_of(project)
    rows = [(form[rating_field(code)], form[why_field(code)]) for code, _name in criteria]
    return render_template("reporting/evaluation_ratings.html", project=project, form=form, rows=rows), status


def rated(form: BaseForm, criteria: Sequence[tuple[str, str]]) -> dict[str, Any]:
    typed = form.data
    return {"ratings": {code: (typed[rating_field(code)], typed[why_field(code)] or "") for code, _name in criteria}}


@bp.route("/<reference>/evaluation/findings", methods=["GET", "POST"])
@guard(Action.EVALUATE, window)
def findings(deadline: Deadline) -> Answer:
    evaluation = deadline.evaluation
    rows = [
        shown(operations.values_of(one, operations.FINDING), one) for one in (evaluation.findings if evaluation else [])
    ]
    offered = Options({"": _("None in particular"), **names(deadline.project)})
    return listed(
        deadline,
        "findings",
        rows,
        FindingsForm,
        {"criterion": offered},
        operations.list_findings,
        (_("Findings"), _("Finding"), _("The findings are saved.")),
    )


@bp.route("/<reference>/evaluation/recommendations", methods=["GET", "POST"])
@guard(Action.EVALUATE, window)
def recommendations(deadline: Deadline) -> Answer:
    evaluation = deadline.evaluation
    rows = [
        shown(operations.values_of(one, operations.RECOMMENDATION), one)
        for one in (evaluation.recommendations if evaluation else [])
    ]
    return listed(
        deadline,
        "recommendations",
        rows,
        RecommendationsForm,
        {},
        operations.recommend,
        (_("Recommendations"), _("Recommendation"), _("The recommendations are saved.")),
    )


def listed(
    deadline: Deadline,
    name: str,
    rows: list[dict[str, Any]],
    form_of: Any,
    choices: dict[str, Any],
    operation: Callable[..., Any],
    says: tuple[str, str, str],
) -> Answer:
    """A page of rows: `says` are its heading, what one row is called, and the message once it is saved."""
    limit_rows(operations.MOST_ROWS + 20)
    form = form_of(**{name: [*rows, *({} for _row in range(EMPTY_ROWS))]})
    entries = form[name]
    form.number(entries, choices)
    heading, one, done = says
    status, number = 200, deadline.id
    if form.is_submitted():
        try:
            status = outcome(form, lambda: operation(number, actor=viewer(), rows=rows_of(entries.entries, one)))
        except RowsConflict as conflict:
            return both_rows(conflict)
        if status == 303:
            flash(done, "success")
            return page_of(deadline.project)
    page = render_template(
        "reporting/evaluation_rows.html",
        project=deadline.project,
        form=form,
        rows=entries.entries,
        heading=heading,
        one=one,
        name=name,
    )
    return page, status


# -- the response and its follow-up -----------------------------------------------------------------------------------


@bp.route("/<reference>/evaluation/recommendations/<int:recommendation>/response", methods=["GET", "POST"])
@guard(Action.WRITE_REPORT, load)
def respond(asked: Asked) -> Answer:
    row = asked.recommendation
    form = ResponseForm(
        data={
            "version": row.version,
            "response": row.response.value if row.response else "",
            "response_text": row.response_text,
            "owner": row.owner.email if row.owner else "",
            "due_on": row.due_on,
        }
    )
    form.response.choices = [
        SelectChoice("", _("Please choose")),
        *(SelectChoice(one.value, chip(RESPONSES[one])[0]) for one in Response),
    ]
    return answered(asked, form, operations.respond, _("Response"), _("The response is saved."))


@bp.route("/<reference>/evaluation/recommendations/<int:recommendation>/follow-up", methods=["GET", "POST"])
@guard(Action.VIEW_PROJECT, load)
def follow(asked: Asked) -> Answer:
    row = asked.recommendation
    if row.response not in TAKEN_ON or not operations.may_follow(viewer(), asked.project, row):
        return page_of(asked.project)
    form = FollowUpForm(data={"version": row.version, "follow_up": row.follow_up.value, "note": row.follow_up_note})
    form.follow_up.choices = [SelectChoice(one.value, str(words)) for one, (words, _tone) in FOLLOW_UPS.items()]
    return answered(asked, form, operations.follow, _("Follow-up"), _("The follow-up is saved."))


def answered(asked: Asked, form: Any, operation: Callable[..., Any], heading: str, done: str) -> Answer:
    status, number = 200, asked.recommendation.id
    if form.is_submitted():
        status = outcome(form, lambda: operation(number, actor=viewer(), **versioned(form, form.values())))
        if status == 303:
            flash(done, "success")
            return page_of(asked.project)
    page = render_template(
        "reporting/recommendation.html", project=asked.project, row=asked.recommendation, form=form, heading=heading
    )
    return page, status


def page_of(project: Project) -> Answered:
    return redirect(url_for("evaluation.show", reference=project.reference), 303)
