"""The indicators of a results matrix: written, taken from the library, moved and removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select

from prima.db import check_version
from prima.errors import Invalid, Refused
from prima.lists import BeneficiaryDisaggregation, CuratedIndicator
from prima.projects.models import Indicator, IndicatorSplit, Measure, Part, Project
from prima.projects.operations.drafting import last_writer, opened, session_of, written
from prima.projects.operations.matrix import shift
from prima.projects.operations.moves import take_part
from prima.users import User

EVENT = "indicators"
MOST_OF_A_RESULT = 20
FIELDS = ("text", "measure", "unit", "source", "baseline", "target", "by_sex", "by_age")
NUMBERS = ("baseline_value", "target_value")
COPIED = ("measure", "unit", "source", "by_sex", "by_age")
"""What an indicator of the library or of another project gives beside its text; baseline and target are one's own."""

Splits = Mapping[tuple[str | None, str | None], Decimal]
"""Parts of the target by sex and age group; one of the two may be left out."""


def values_of(indicator: Indicator) -> dict[str, Any]:
    """What people write of an indicator."""
    return {name: getattr(indicator, name) for name in FIELDS}


def splits_of(indicator: Indicator) -> dict[tuple[str | None, str | None], Decimal]:
    return {(one.sex_code, one.age_code): one.target for one in indicator.splits}


def add_indicator(project: Project, *, actor: User, result_id: int, splits: Splits, **values: Any) -> Indicator | None:
    """The last indicator of a result; None when the result is gone. `values`: FIELDS, and NUMBERS where they are."""
    project = opened(project, actor=actor)
    if not _has(project, result_id):
        return None
    _check(values, splits)
    indicator = _new(project, result_id)
    _write(indicator, values, splits)
    session_of(project).flush()
    _wrote(project, actor, added=[indicator.id, result_id, _noted(indicator)])
    return indicator


def insert_indicator(
    project: Project, *, actor: User, result_id: int, source: CuratedIndicator | Indicator
) -> Indicator | None:
    """Take an indicator of the library, or of another project, into a result; None when the result is gone.

    The caller made sure that the actor may see the project it comes from.
    """
    values: dict[str, Any] = {name: getattr(source, name) for name in COPIED}
    if isinstance(source, CuratedIndicator):
        values |= {"text": source.name, "library_code": source.code, "copied_from_id": None}
    else:
        values |= {"text": source.text, "library_code": source.library_code, "copied_from_id": source.id}
    project = opened(project, actor=actor)
    if not _has(project, result_id):
        return None
    indicator = _new(project, result_id)
    for name, value in values.items():
        setattr(indicator, name, Measure(value) if name == "measure" else value)
    session_of(project).flush()
    _wrote(project, actor, inserted=[indicator.id, result_id, values])
    return indicator


def revise_indicator(
    project: Project, *, actor: User, indicator_id: int, version: int, splits: Splits, **values: Any
) -> Indicator | None:
    """Save an indicator; None when it is gone, raises Conflict when somebody else saved it meanwhile."""
    project = opened(project, actor=actor)
    indicator = _of(project, indicator_id)
    if indicator is None:
        return None
    now, parts = values_of(indicator), splits_of(indicator)
    if all(now[name] == values[name] for name in FIELDS) and parts == splits:
        return indicator
    names = _names(project)
    check_version(
        indicator,
        version,
        who=last_writer(project, EVENT),
        typed={
            **{name: (name, _text(now[name]), _text(values[name])) for name in FIELDS},
            "splits": (_("Split of the target"), split_text(parts, names), split_text(splits, names)),
        },
    )
    _check(values, splits)
    before = _noted(indicator)
    _write(indicator, values, splits)
    indicator.version += 1
    session_of(project).flush()
    _wrote(project, actor, changed=[indicator.id, before, _noted(indicator)])
    return indicator


def shift_indicator(project: Project, *, actor: User, indicator_id: int, by: int) -> Indicator | None:
    """One place up (-1) or down (+1) among the indicators of its result; None when it is gone."""
    project = opened(project, actor=actor)
    indicator = _of(project, indicator_id)
    if indicator is None:
        return None
    if shift(_beside(project, indicator.result_id), indicator, by):
        _wrote(project, actor, moved=[indicator.id, by])
    return indicator


def remove_indicator(project: Project, *, actor: User, indicator_id: int) -> bool:
    """Remove an indicator with the split of its target; False when it is gone already."""
    project = opened(project, actor=actor)
    indicator = _of(project, indicator_id)
    if indicator is None:
        return False
    before = _noted(indicator)
    session_of(project).delete(indicator)
    session_of(project).flush()
    _wrote(project, actor, removed=[indicator_id, before])
    return True


def split_text(splits: Splits, names: Mapping[str, str]) -> str:
    """The parts in words: female, 0-17: 20; male, 0-17: 15."""
    return "; ".join(
        _("%(part)s: %(number)s", part=", ".join(names[code] for code in key if code), number=_text(number))
        for key, number in sorted(splits.items(), key=lambda part: str(part[0]))
    )


def _check(values: Mapping[str, Any], splits: Splits) -> None:
    if not splits:
        return
    parts = sum(splits.values(), Decimal(0))
    target = values["target_value"]
    if parts != target:
        text = _("The parts add up to %(parts)s; please make the target and its parts agree.", parts=_text(parts))
        raise Invalid("target", text)


def _write(indicator: Indicator, values: Mapping[str, Any], splits: Splits) -> None:
    for name in (*FIELDS, *NUMBERS):
        setattr(indicator, name, values[name])
    there = {(one.sex_code, one.age_code): one for one in indicator.splits}
    for (sex, age), target in splits.items():
        if (sex, age) in there:
            there[sex, age].target = target
        else:
            indicator.splits.append(IndicatorSplit(sex_code=sex, age_code=age, target=target))
    for key, one in there.items():
        if key not in splits:
            indicator.splits.remove(one)


def _new(project: Project, result_id: int) -> Indicator:
    beside = _beside(project, result_id)
    if len(beside) >= MOST_OF_A_RESULT:
        raise Refused(_("A result has at most %(most)s indicators.", most=MOST_OF_A_RESULT))
    last: int = max((one.position for one in beside), default=0)
    indicator = Indicator(project_id=project.id, result_id=result_id, position=last + 1, text="", splits=[])
    session_of(project).add(indicator)
    return indicator


def _beside(project: Project, result_id: int) -> Sequence[Indicator]:
    found = [one for one in project.indicators if one.result_id == result_id]
    return sorted(found, key=lambda one: (one.position, one.id))


def _has(project: Project, result_id: int) -> bool:
    """Objective, outcomes and outputs carry indicators."""
    return any(one.id == result_id and one.level != "activity" for one in project.results)


def _of(project: Project, indicator_id: int) -> Indicator | None:
    return next((one for one in project.indicators if one.id == indicator_id), None)


def _names(project: Project) -> dict[str, str]:
    rows = session_of(project).execute(select(BeneficiaryDisaggregation.code, BeneficiaryDisaggregation.name))
    return {row.code: row.name for row in rows}


def _noted(indicator: Indicator) -> dict[str, Any]:
    parts = [[*key, number] for key, number in splits_of(indicator).items()]
    return {**values_of(indicator), "splits": parts}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return format(value.normalize() + 0, "f") if isinstance(value, Decimal) else str(value)


def _wrote(project: Project, actor: User, **data: Any) -> None:
    """Who writes in the matrix becomes an author, and decides nothing on this project from then on."""
    take_part(project, actor, Part.AUTHOR)
    written(project, EVENT, actor=actor, **data)
