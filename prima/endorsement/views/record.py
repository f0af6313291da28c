"""The record of endorsement: who cleared what, when, for whom, on which frozen version; and that version itself."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, render_template, send_file
from werkzeug.wrappers import Response

from prima.endorsement import papers, queries
from prima.endorsement.page import Record, Teller
from prima.endorsement.queries import Case
from prima.endorsement.reading import Version, parts
from prima.permissions import Action, can, guard
from prima.projects.models import Project
from prima.projects.papers import WORD as MEDIA_TYPE
from prima.projects.snapshot import changed_sections
from prima.users import viewer

bp = Blueprint("record", __name__, url_prefix="/projects/<reference>/endorsement")


@bp.get("")
@guard(Action.VIEW_PROJECT, queries.case)
def show(case: Case) -> str:
    return render_template("endorsement/record.html", project=case.project, record=told(case.project))


@bp.get("/record.docx")
@guard(Action.VIEW_PROJECT, queries.case)
def paper(case: Case) -> Response:
    """The same for paper: who may not read internal parts gets it without notes and checks."""
    content = papers.record(told(case.project), case.project)
    name = f"{case.project.name}-record-of-endorsement.docx"
    return send_file(BytesIO(content), MEDIA_TYPE, as_attachment=True, download_name=name, max_age=0)


def told(project: Project) -> Record:
    internal = can(viewer(), Action.VIEW_INTERNAL, project)
    entries = queries.answers_journaled(project)
    return Teller(project, queries.rounds(project), entries, queries.seat_names(), internal=internal).told()


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
