"""The record of endorsement: who cleared what, when, for whom, on which frozen version; and that version itself."""

from __future__ import annotations

from flask import Blueprint, render_template

from prima.endorsement import queries
from prima.endorsement.overview import rows_of
from prima.endorsement.queries import Case
from prima.endorsement.reading import Version, parts
from prima.permissions import Action, can, guard
from prima.projects.snapshot import changed_sections, seal
from prima.users import viewer

bp = Blueprint("record", __name__, url_prefix="/projects/<reference>/endorsement")


@bp.get("")
@guard(Action.VIEW_PROJECT, queries.case)
def show(case: Case) -> str:
    project = case.project
    internal = can(viewer(), Action.VIEW_INTERNAL, project)
    names = queries.seat_names()
    titles = {one.code: one.title.say() for one in project.edition.handbook.sections}
    rounds = [
        (one, rows_of(one, names, titles, internal=internal), seal(one.snapshot) == one.sha256)
        for one in queries.rounds(project)
    ]
    return render_template("endorsement/record.html", project=project, rounds=rounds, internal=internal)


@bp.get("/<int:number>")
@guard(Action.VIEW_PROJECT, queries.round_of)
def version_of(case: Case) -> str:
    """The proposal as it was frozen for a round, what changed since the round before marked."""
    project, frozen = case.project, case.round
    assert frozen is not None
    before = next((one for one in queries.rounds(project) if one.number == frozen.number - 1), None)
    read = parts(
        frozen.snapshot,
        project.edition.handbook,
        queries.names(),
        internal=can(viewer(), Action.VIEW_INTERNAL, project),
        changed=changed_sections(before.snapshot, frozen.snapshot) if before else None,
    )
    shown = Version(frozen.number, read, before.number if before else None)
    return render_template("endorsement/version.html", project=project, round=frozen, version=shown)
