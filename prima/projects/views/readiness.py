"""What still stands in the way of submitting, and the reasons written for what may be passed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template
from flask_babel import gettext as _

from prima.errors import Conflict
from prima.permissions import Action, can, guard
from prima.projects import operations, queries, rules
from prima.projects.forms.texts import JustificationsForm
from prima.projects.models import Project
from prima.projects.operations.justify import standing
from prima.projects.page import Button, button, need_url
from prima.projects.stages import LIFECYCLE
from prima.projects.views.drafting import Answer, drafting, frame, limit_rows, outcome, saved
from prima.users import viewer
from prima.workflow import Move

bp = Blueprint("readiness", __name__, url_prefix="/projects")
HERE = "readiness.show"
FORWARD = ("develop", "submit")
"""The moves that lead from drafting onwards."""


@bp.get("/<reference>/readiness")
@guard(Action.VIEW_PROJECT, queries.proposal)
def show(project: Project) -> str:
    texts = {one.rule_code: one.text for one in project.justifications}
    rows: list[dict[str, Any]] = [{"code": code, "text": texts.get(code, "")} for code in warnings(project)]
    return page(project, JustificationsForm(rows=rows, version=standing(project)))


@bp.post("/<reference>/readiness")
@drafting(queries.proposal)
def justify(project: Project) -> Answer:
    limit_rows()
    form = named(JustificationsForm(), project)
    texts = {entry.form.code.data: entry.form.text.data for entry in form.rows}
    try:
        status = outcome(
            form,
            lambda: operations.justify(project, actor=viewer(), version=form.version.data, texts=texts),
        )
    except Conflict as conflict:
        conflict.differences = [replace(one, label=said(project, one.label)) for one in conflict.differences]
        raise
    return saved(project, HERE) if status == 303 else (page(project, form), status)


def warnings(project: Project) -> dict[str, str]:
    """What may be passed with a reason, by code: what is unmet now, and what a reason was written for before."""
    found = {need.code: str(need.text) for need in rules.to_submit(project) if need.severity == "warn"}
    found |= {one.rule_code: "" for one in project.justifications if one.rule_code not in found}
    return {code: text for code, text in found.items() if code not in unseen(project)}


def unseen(project: Project) -> frozenset[str]:
    """The rules on what is internal, for those who may not see it."""
    if can(viewer(), Action.VIEW_INTERNAL, project):
        return frozenset()
    return rules.internal_rules(project.edition.handbook)


def said(project: Project, code: str) -> str:
    """A rule's sentence; eligibility is asked country by country."""
    edition = project.edition.handbook
    if code in {rule.code for rule in edition.rules}:
        return edition.say_rule(code, funding=project.funding.value)
    country = code.partition(".")[2]
    names = {one.country_code: one.country.name for one in project.coverage}
    return _("Eligibility of %(country)s", country=names.get(country, country))


def named(form: JustificationsForm, project: Project) -> JustificationsForm:
    """Each row asks in the words of its rule; rows of codes that nobody asks about are dropped."""
    asked = warnings(project)
    form.rows.entries = [entry for entry in form.rows.entries if entry.form.code.data in asked]
    for entry in form.rows.entries:
        code = entry.form.code.data
        rule = said(project, code)
        entry.form.text.label.text = rule
        entry.form.text.description = asked[code].partition(rule)[2].strip()
    return form


def forward(project: Project) -> Move | None:
    """The move that leads on from drafting, if this person may take it."""
    moves = LIFECYCLE.moves_from(project.status, project)
    return next((move for move in moves if move.name in FORWARD and can(viewer(), move.action, project)), None)


def page(project: Project, form: JustificationsForm) -> str:
    move = forward(project)
    missing = move.missing(project) if move else rules.to_submit(project) if project.is_editable else []
    missing = [need for need in missing if need.code not in unseen(project)]
    blocks = [(str(need.text), need_url(project, need)) for need in missing if need.severity == "block"]
    ready: Button | None = button(project, move) if move and not missing else None
    return render_template(
        "projects/readiness.html",
        **frame(project, HERE),
        form=named(form, project),
        blocks=blocks,
        ready=ready,
        move=move,
        waiting=sum(need.severity == "warn" for need in missing),
        justified={one.rule_code for one in project.justifications},
    )
