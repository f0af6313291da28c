"""What a project contributes to, and its gender marker: saved all together, under one version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_babel import gettext as _

from prima.db import Model
from prima.errors import Conflict, Difference, Invalid
from prima.projects.models import Extent, GenderAnswers, GovernanceMark, Part, Project, SdgMark, ThemeMark
from prima.projects.operations.drafting import last_writer, opened, session_of, version_of, written
from prima.projects.operations.moves import take_part
from prima.projects.rules.classification import OBJECTIVE, PRINCIPLE, marked
from prima.projects.rules.gender import NOT_APPLICABLE, suggested
from prima.users import User

EVENT = "classification"
ANSWERS = ("needs_analysis", "outputs", "activities", "main_aim", "reason")


def classify(
    project: Project,
    *,
    actor: User,
    version: int,
    principles: Iterable[str],
    objectives: Iterable[str],
    sdgs: Iterable[str],
    themes: Mapping[str, str],
    gender_marker_code: str | None,
    **answers: Any,
) -> bool:
    """Save the classification; False when nothing changed. `themes`: how each is handled. Raises Conflict.

    `answers` are those of the gender marker's questions and the reason for another code than they suggest; without
    them (an edition that asks none) they stay as they are.
    """
    project = opened(project, actor=actor)
    now = values_of(project)
    typed = {
        **now,
        **answers,
        "principles": sorted(set(principles)),
        "objectives": sorted(set(objectives)),
        "sdgs": sorted(set(sdgs)),
        "themes": dict(sorted(themes.items())),
        "gender_marker_code": gender_marker_code,
    }
    changed = {name: value for name, value in typed.items() if value != now[name]}
    if not changed:
        return False
    if version != standing(project):
        raise Conflict(last_writer(project, EVENT), standing(project), _differences(now, typed))
    _check_gender(project, typed, chosen_anew="gender_marker_code" in changed)
    _mark(project, GovernanceMark, project.governance, {code: {} for code in (*principles, *objectives)})
    _mark(project, SdgMark, project.sdgs, {code: {} for code in sdgs})
    _mark(project, ThemeMark, project.themes, {code: {"note": note} for code, note in themes.items()})
    project.gender_marker_code = gender_marker_code
    if changed.keys() & set(ANSWERS):
        _answer(project, typed)
    take_part(project, actor, Part.AUTHOR)
    written(project, EVENT, actor=actor, changed={name: [now[name], value] for name, value in changed.items()})
    return True


def values_of(project: Project) -> dict[str, Any]:
    """What people edit, by the form's names."""
    answers = project.gender_answers
    return {
        "principles": marked(project, PRINCIPLE),
        "objectives": marked(project, OBJECTIVE),
        "sdgs": sorted(mark.code for mark in project.sdgs),
        "themes": {mark.code: mark.note for mark in sorted(project.themes, key=lambda mark: mark.code)},
        "gender_marker_code": project.gender_marker_code,
        **{name: getattr(answers, name) if answers else None for name in ANSWERS},
        "reason": answers.reason if answers else "",
    }


def standing(project: Project) -> int:
    """The version of all of it together."""
    return version_of(values_of(project))


def _check_gender(project: Project, typed: dict[str, Any], *, chosen_anew: bool) -> None:
    edition = project.edition.handbook
    code = typed["gender_marker_code"]
    if code == NOT_APPLICABLE and chosen_anew and project.project_type_code not in edition.gender_not_applicable_types:
        raise Invalid(
            "gender_marker_code",
            _("The Handbook lets no project of this type go without a gender marker. Please choose another code."),
        )
    suggestion = suggested(edition.gender, typed)
    if code and suggestion and code != suggestion and not typed["reason"]:
        raise Invalid(
            "reason",
            _("The answers suggest %(code)s. Please say why another code fits better.", code=suggestion),
        )


def _mark(
    project: Project, table: Callable[..., Model], there: Iterable[Any], wanted: dict[str, dict[str, Any]]
) -> None:
    """Keep, change, add and remove marks so that those wanted stand."""
    session = session_of(project)
    held = {mark.code: mark for mark in there}
    for code, values in wanted.items():
        if code not in held:
            session.add(table(project_id=project.id, code=code, **values))
        for name, value in values.items() if code in held else ():
            setattr(held[code], name, value)
    for code in held.keys() - wanted.keys():
        session.delete(held[code])


def _answer(project: Project, typed: dict[str, Any]) -> None:
    answers = project.gender_answers
    if answers is None:
        answers = GenderAnswers(project_id=project.id, version=0)
        session_of(project).add(answers)
    for name in ANSWERS:
        setattr(answers, name, typed[name])
    answers.version += 1


def _differences(now: dict[str, Any], typed: dict[str, Any]) -> list[Difference]:
    """By the form's fields; a theme stands under its code, in whose place the view puts its name."""
    found = [
        Difference(name, _text(now[name]), _text(typed[name]), name)
        for name in typed
        if name != "themes" and now[name] != typed[name]
    ]
    theirs, mine = now["themes"], typed["themes"]
    return found + [
        Difference(code, _handled(theirs, code), _handled(mine, code), "")
        for code in sorted(theirs.keys() | mine.keys())
        if theirs.get(code) != mine.get(code)
    ]


def _handled(themes: Mapping[str, str], code: str) -> str:
    if code not in themes:
        return _("not ticked")
    return _("ticked: %(how)s", how=themes[code]) if themes[code] else _("ticked")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(Extent.YES if value else Extent.NO)
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)
