"""The library of lessons and good practice: searched, a page each, curated, and as an Excel workbook."""

from __future__ import annotations

from collections.abc import Mapping
from tempfile import TemporaryFile
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from prima import clock
from prima.permissions import Action, can, guard
from prima.projects import choices as lists
from prima.projects.forms.rows import as_number
from prima.reporting import library, workbooks
from prima.reporting.forms.lessons import KINDS, CurationForm
from prima.reporting.models import Lesson
from prima.reporting.operations import lessons as operations
from prima.reporting.queries import recorded as queries
from prima.spreadsheets import write
from prima.users import User, folded, viewer

bp = Blueprint("library", __name__)
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FILTERS = ("q", "theme", "country", "region", "stage", "kind", "tag", "curated", "before")
YES = "yes"


def load(lesson: int) -> Lesson | None:
    """A lesson that the viewer may read: curated, for all staff, or of a project that they see."""
    found = queries.lesson(lesson)
    return found if found and reads(viewer(), found) else None


def reads(user: User, lesson: Lesson) -> bool:
    return (lesson.curated_at is not None and user.staff) or can(user, Action.VIEW_PROJECT, lesson.project)


@bp.get("/lessons")
@guard(Action.SEE_LESSONS)
def index() -> str:
    offered, stages = library.choices(), library.stage_names()
    wanted, problems = read(request.args, offered, stages)
    found, before = library.page(viewer(), wanted)
    return render_template(
        "reporting/library.html",
        wanted=wanted,
        problems=[("warning", problem) for problem in problems],
        found=found,
        offered=offered,
        stages=stages,
        kinds=KINDS,
        first_url=address(wanted) if wanted.before else None,
        next_url=address(wanted, before=before) if before else None,
        address=address,
        excel_url=url_for("library.workbook", **wanted.args()),
    )


@bp.get("/lessons.xlsx")
@guard(Action.SEE_LESSONS)
def workbook() -> Response:
    stages = library.stage_names()
    wanted, problems = read(request.args, library.choices(), stages)
    if problems:
        # A file cannot say that a filter was left out; the list does.
        return redirect(f"{url_for('library.index')}?{urlencode(request.args.to_dict())}", 303)
    names = {code: str(words) for code, words in KINDS.items()}
    file = TemporaryFile()  # noqa: SIM115 - the response closes it when it is sent
    try:
        write(file, (workbooks.lessons(library.everything(viewer(), wanted), names, stages),), created=clock.now())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    name = f"prima-lessons-{clock.today().isoformat()}.xlsx"
    return send_file(file, MEDIA_TYPE, as_attachment=True, download_name=name, max_age=0)


@bp.get("/lessons/<int:lesson>")
@guard(Action.SIGNED_IN, load, see=None)
def show(lesson: Lesson) -> str:
    project = lesson.project
    return render_template(
        "reporting/lesson.html",
        lesson=lesson,
        sees=can(viewer(), Action.VIEW_PROJECT, project),
        records=can(viewer(), Action.RECORD_LESSONS, project) and lesson.curated_at is None,
        curates=can(viewer(), Action.CURATE_LESSONS, project),
        form=CurationForm(data={"version": lesson.version}),
        kind=str(KINDS[lesson.kind]),
        theme=lists.areas({lesson.area_code}).get(lesson.area_code or "", ""),
        country=queries.country_names([lesson.country_code]).get(lesson.country_code, "")
        if lesson.country_code
        else "",
        stage=library.stage_names().get(lesson.stage, lesson.stage),
        address=address,
        anything=library.Wanted(),
    )


@bp.post('/lessons/<int:lesson>/<any(curate, "take-out"):step>')
@guard(Action.CURATE_LESSONS, lambda lesson, step: load(lesson), see=None)
def curate(lesson: Lesson) -> Response:
    form, into = CurationForm(), (request.view_args or {})["step"] == "curate"
    operations.curate(lesson.id, actor=viewer(), version=form.version.data, into=into)
    flash(_("It stands in the library now.") if into else _("It is taken out of the library."), "success")
    return redirect(url_for("library.show", lesson=lesson.id), 303)


def read(
    given: Mapping[str, str], offered: library.Choices, stages: Mapping[str, str]
) -> tuple[library.Wanted, list[str]]:
    """What the URL asks for; what it asks wrongly is told, and the rest applies."""
    problems = [
        _("“%(name)s” is no filter of this list; it was left out.", name=name[:40])
        for name in given
        if name not in FILTERS
    ][:5]
    found: dict[str, Any] = {}
    lists_of = {
        "theme": (_("Theme"), offered.themes),
        "country": (_("Country"), offered.countries),
        "region": (_("Regional Office"), offered.regions),
        "stage": (_("Stage"), stages),
        "kind": (_("Kind"), KINDS),
        "curated": (_("Curated"), {YES: ""}),
    }
    for name, (label, codes) in lists_of.items():
        value = given.get(name, "").strip()
        if value and value not in codes:
            problems.append(_("%(label)s: this is not known; the filter was left out.", label=label))
        elif value:
            found[name] = value if name != "curated" else True
    before = given.get("before", "").strip()
    if before and as_number(before) is None:
        problems.append(_("There is no such page of the list; here is its beginning."))
    words = given.get("q", "").strip()
    if len(words) > library.LONGEST_WORDS:
        problems.append(_("Only the first %(most)s characters are looked for.", most=library.LONGEST_WORDS))
    tag = " ".join(folded(given.get("tag", "")).split())
    if not tag.isprintable() or len(tag) > operations.LONGEST_TAG:
        problems.append(_("Tag: this is not known; the filter was left out."))
        tag = ""
    number = as_number(before)
    if number is not None and number >= 2**63:
        number = None
    return library.Wanted(words=words[: library.LONGEST_WORDS], tag=tag, before=number, **found), problems


def address(wanted: library.Wanted, **more: Any) -> str:
    return url_for("library.index", **wanted.args(**more))
