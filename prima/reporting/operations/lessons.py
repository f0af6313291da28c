"""Recording what a project learned, mending and withdrawing it, and taking it into the library."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from prima import clock
from prima.db import check_version, db
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.permissions import Action, can
from prima.projects.models import Project
from prima.reporting import queries
from prima.reporting.models import Lesson, LessonKind
from prima.reporting.queries.recorded import locked, project_of, sources
from prima.reporting.rights import curator
from prima.users import User, folded

FIELDS = ("kind", "title", "happened", "why", "advice", "area_code", "country_code", "stage", "tags", "deadline_id")
MOST_TAGS, LONGEST_TAG = 12, 40


def tags_of(typed: str) -> list[str]:
    """Tags as they were typed between commas: folded, each once, in their order."""
    found = list(dict.fromkeys(filter(None, (" ".join(folded(one).split()) for one in typed.split(",")))))
    if len(found) > MOST_TAGS:
        raise Invalid("tags", _("Please give at most %(most)s tags.", most=MOST_TAGS))
    if any(len(one) > LONGEST_TAG for one in found):
        raise Invalid("tags", _("A tag has at most %(most)s characters.", most=LONGEST_TAG))
    return found


def record_one(project_id: int, *, actor: User, tags: str = "", **values: Any) -> Lesson:
    """Record a lesson, a challenge or a good practice of a project."""
    project = queries.locked_project(project_id, actor)
    _may_record(project, actor)
    checked = _checked(project, None, {**values, "tags": tags_of(tags)})
    lesson = Lesson(project_id=project.id, made_by_id=actor.id, **checked)
    db.session.add(lesson)
    record(lesson, "recorded", actor=actor, **checked)
    record(project, "lesson recorded", actor=actor, lesson=lesson.id, kind=lesson.kind)
    return lesson


def revise(lesson_id: int, *, actor: User, version: int, tags: str = "", **values: Any) -> Lesson:
    """Mend what was recorded; `version` is the one that the person began with."""
    lesson, project = _opened(lesson_id, actor)
    _may_record(project, actor)
    _not_curated(lesson)
    typed = {
        name: (label, getattr(lesson, name), values[name])
        for name, label in (
            ("title", _("Title")),
            ("happened", _("What happened")),
            ("why", _("Why")),
            ("advice", _("Advice")),
        )
    }
    check_version(lesson, version, who=_("Somebody else"), typed=typed)
    checked = _checked(project, lesson, {**values, "tags": tags_of(tags)})
    before = {name: getattr(lesson, name) for name in FIELDS}
    for name, value in checked.items():
        setattr(lesson, name, value)
    lesson.version += 1
    db.session.flush()
    changed = {name: [before[name], value] for name, value in checked.items() if before[name] != value}
    if changed:
        record(lesson, "revised", actor=actor, changed=changed)
    return lesson


def withdraw(lesson_id: int, *, actor: User) -> Lesson:
    """Take it off every page; the journal keeps what was recorded."""
    lesson, project = _opened(lesson_id, actor)
    _may_record(project, actor)
    _not_curated(lesson)
    lesson.withdrawn_at = clock.now()
    lesson.version += 1
    record(lesson, "withdrawn", actor=actor)
    record(project, "lesson withdrawn", actor=actor, lesson=lesson.id)
    return lesson


def curate(lesson_id: int, *, actor: User, version: int, into: bool) -> Lesson:
    """Take it into the library, or out again; `version` is the one that the person has read."""
    lesson, project = _opened(lesson_id, actor)
    held = curator(actor, project)
    if held is None:
        raise Refused(_("Nobody of a project's team decides on its lessons; the Regional Office and the Fund do."))
    if lesson.version != version:
        raise Refused(_("This was changed after you opened it. Please read it again before you decide."))
    if into is (lesson.curated_at is not None):
        raise Refused(_("Somebody else has done this meanwhile."))
    lesson.curated_at = clock.now() if into else None
    lesson.curated_by_id = actor.id if into else None
    lesson.version += 1
    record(lesson, "curated" if into else "taken out", actor=actor, behalf_of=held.absent, title=lesson.title)
    return lesson


def _opened(lesson_id: int, actor: User) -> tuple[Lesson, Project]:
    there = project_of(lesson_id)
    if there is None:
        raise Refused(_("This was withdrawn meanwhile."))
    project = queries.locked_project(there, actor)
    lesson = locked(lesson_id)
    if lesson is None:
        raise Refused(_("This was withdrawn meanwhile."))
    return lesson, project


def _may_record(project: Project, actor: User) -> None:
    if not can(actor, Action.RECORD_LESSONS, project):
        raise Refused(_("The team records lessons while the project runs and reports, and whoever evaluates it."))


def _not_curated(lesson: Lesson) -> None:
    if lesson.curated_at is not None:
        raise Refused(_("This stands in the library. Whoever took it in can take it out, so that it can be changed."))


def _checked(project: Project, lesson: Lesson | None, values: dict[str, Any]) -> dict[str, Any]:
    """What is chosen belongs to the project and its edition, or stood there before."""
    covered = {one.country_code for one in project.coverage} | ({lesson.country_code} if lesson else set())
    if values["country_code"] is not None and values["country_code"] not in covered:
        raise Invalid("country_code", _("Please choose a country that the project covers."))
    stages = {one.code for one in project.edition.handbook.stages} | ({lesson.stage} if lesson else set())
    if values["stage"] and values["stage"] not in stages:
        raise Invalid("stage", _("Please choose a stage of the project cycle."))
    reports = {one.id for one in sources(project.id)} | ({lesson.deadline_id} if lesson else set())
    if values["deadline_id"] is not None and values["deadline_id"] not in reports:
        raise Invalid("deadline_id", _("Please choose a report of this project."))
    return {**values, "kind": LessonKind(values["kind"])}
