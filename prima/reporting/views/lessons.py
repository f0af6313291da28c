"""The lessons of a project: recorded, mended and withdrawn by its team and its evaluator."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields.choices import SelectChoice

from prima.filters import day
from prima.forms import BaseForm
from prima.permissions import Action, can, guard
from prima.projects import choices
from prima.projects.models import Project
from prima.projects.queries import with_shape
from prima.projects.views.drafting import outcome
from prima.reporting.forms.lessons import KINDS, LessonForm
from prima.reporting.models import Lesson
from prima.reporting.operations import lessons as operations
from prima.reporting.queries import recorded as queries
from prima.reporting.steps import deadline_name, report_type_of
from prima.users import viewer

bp = Blueprint("lessons", __name__, url_prefix="/projects")
Answer = str | Response | tuple[str, int]


def load(reference: str, lesson: int) -> Lesson | None:
    return queries.lesson(lesson, reference)


@bp.get("/<reference>/lessons")
@guard(Action.VIEW_PROJECT, with_shape)
def of_project(project: Project) -> str:
    return render_template(
        "reporting/lessons.html",
        project=project,
        lessons=queries.of_project(project.id),
        records=can(viewer(), Action.RECORD_LESSONS, project),
        kinds=KINDS,
        themes=choices.areas(),
        stages=stages(project),
    )


@bp.route("/<reference>/lessons/new", methods=["GET", "POST"])
@guard(Action.RECORD_LESSONS, with_shape)
def new(project: Project) -> Answer:
    countries = [one.country_code for one in project.coverage]
    form = LessonForm(
        data={"version": 0, "kind": "lesson", "country_code": countries[0] if len(countries) == 1 else ""}
    )
    offer(form, project, None)
    return saved(project, form, lambda: operations.record_one(project.id, actor=viewer(), **form.result), None)


@bp.route("/<reference>/lessons/<int:lesson>", methods=["GET", "POST"])
@guard(Action.RECORD_LESSONS, load)
def edit(lesson: Lesson) -> Answer:
    values = {name: getattr(lesson, name) for name in operations.FIELDS}
    begins = {**values, "kind": lesson.kind.value, "tags": ", ".join(lesson.tags), "version": lesson.version}
    form = LessonForm(data={**begins, "deadline_id": str(lesson.deadline_id or "")})
    project, number = with_shape(lesson.project.reference), lesson.id
    assert project is not None
    offer(form, project, lesson)
    return saved(
        project,
        form,
        lambda: operations.revise(number, actor=viewer(), version=form.version.data, **form.result),
        lesson,
    )


def saved(project: Project, form: LessonForm, work: Any, lesson: Lesson | None) -> Answer:
    status, number = 200, lesson.id if lesson else None
    if form.is_submitted():
        status = outcome(form, work)
        if status == 303:
            flash(_("It is recorded."), "success")
            return page_of(project)
    return render_template("reporting/lesson_form.html", project=project, form=form, number=number), status


@bp.route("/<reference>/lessons/<int:lesson>/withdraw", methods=["GET", "POST"])
@guard(Action.RECORD_LESSONS, load)
def withdraw(lesson: Lesson) -> Answer:
    form = BaseForm()
    if form.validate_on_submit():
        project = lesson.project
        operations.withdraw(lesson.id, actor=viewer())
        flash(_("It is withdrawn."), "success")
        return page_of(project)
    return render_template("reporting/lesson_withdraw.html", project=lesson.project, lesson=lesson, form=form)


def offer(form: LessonForm, project: Project, lesson: Lesson | None) -> None:
    """What the lesson can be chosen to be of."""
    held = lesson.country_code if lesson else None
    covered = [one.country_code for one in project.coverage]
    countries = queries.country_names([*covered, *([held] if held else [])])
    form.area_code.choices = chosen(choices.areas({lesson.area_code if lesson else None}))
    form.country_code.choices = chosen(countries)
    named = stages(project)
    form.stage.choices = chosen(
        named if lesson is None or lesson.stage in ("", *named) else {**named, lesson.stage: lesson.stage}
    )
    edition = project.edition.handbook
    form.deadline_id.choices = chosen(
        {
            str(one.id): f"{deadline_name(edition, one.kind, one.name)}, {day(one.period_to or one.due_on)}"
            for one in queries.sources(project.id)
            if report_type_of(edition, one.kind) or (lesson and one.id == lesson.deadline_id)
        }
    )


def chosen(names: dict[str, str]) -> list[SelectChoice]:
    return [SelectChoice("", _("Not stated")), *(SelectChoice(code, name) for code, name in names.items())]


def stages(project: Project) -> dict[str, str]:
    return {one.code: one.name.say() for one in project.edition.handbook.stages}


def page_of(project: Project) -> Response:
    return redirect(url_for("lessons.of_project", reference=project.reference), 303)
