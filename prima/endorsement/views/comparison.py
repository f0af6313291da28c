"""Two versions of a proposal held against each other: two that were frozen, or one and the proposal as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext as _

from prima.endorsement import queries
from prima.endorsement.differences import compare
from prima.endorsement.models import Round
from prima.endorsement.reading import Part, parts
from prima.filters import day
from prima.permissions import Action, can, guard
from prima.projects.models import Project
from prima.projects.snapshot import snapshot
from prima.users import viewer

bp = Blueprint("comparison", __name__, url_prefix="/projects/<reference>")
NOW = "now"


@bp.get("/compare")
@guard(Action.VIEW_PROJECT, queries.comparing)
def show(project: Project) -> str:
    rounds = queries.versions(project)
    offered = {str(one.number): _frozen_as(one) for one in reversed(rounds)}
    offered[NOW] = _("As it is now")
    usual = _usual(project, rounds)
    since, to = request.args.get("from", usual[0]), request.args.get("to", usual[1])
    if not rounds:
        return render_template("endorsement/compare.html", project=project, offered={}, since="", to="", found=None)
    if since not in offered or to not in offered:
        abort(404)
    found = None
    if since != to:
        before, after = _read(project, since, to)
        found = compare(before, after)
    return render_template(
        "endorsement/compare.html",
        project=project,
        offered=offered,
        since=since,
        to=to,
        found=found,
        headings=(_heading(since), _heading(to)),
    )


def _frozen_as(one: Round) -> str:
    return _("Round %(number)s, %(day)s", number=one.number, day=day(one.submitted_at))


def _heading(choice: str) -> str:
    return _("Now") if choice == NOW else _("Round %(number)s", number=choice)


def _usual(project: Project, rounds: Sequence[Round]) -> tuple[str, str]:
    """What most come for: what the team changes since it submitted; in review, what is new in the newest version."""
    newest = str(rounds[0].number) if rounds else NOW
    if project.is_editable or len(rounds) < 2:
        return newest, NOW
    return str(rounds[1].number), newest


def _read(project: Project, *choices: str) -> list[list[Part]]:
    """The versions as the viewer may see them."""
    frozen = queries.frozen(project, (int(choice) for choice in choices if choice != NOW))
    contents: list[Mapping[str, Any]] = [
        snapshot(project) if choice == NOW else frozen[int(choice)] for choice in choices
    ]
    names, edition = queries.names(), project.edition.handbook
    internal = can(viewer(), Action.VIEW_INTERNAL, project)
    return [parts(content, edition, names, internal=internal) for content in contents]
