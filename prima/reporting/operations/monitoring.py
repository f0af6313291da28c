"""Recording what an indicator reads, correcting it, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from prima import clock
from prima.db import check_version, db
from prima.errors import Invalid, Refused
from prima.filters import day, quantity
from prima.journal import record
from prima.permissions import Action, can
from prima.projects.models import Counting, Indicator, Measure, Project
from prima.projects.rules.calls import day_at
from prima.reporting import queries
from prima.reporting.models import IndicatorPart, IndicatorValue
from prima.reporting.monitoring import FIGURES, Part, goes_down, live_indicators, over
from prima.reporting.queries.monitoring import takes_records
from prima.reporting.rules import part_field
from prima.users import User

WRITTEN = ("on_day", "value", "numerator", "denominator", "words", "source", "evidence")
"""What people write of a value, beside its parts."""


def opened(project_id: int, actor: User) -> Project:
    """The project under its lock, as long as what happens can be recorded; the right is asked again there."""
    project = queries.locked_project(project_id, actor)
    if not can(actor, Action.WRITE_REPORT, project):
        raise Refused(_("Only the manager and the alternate record here."))
    if not takes_records(project):
        raise Refused(_("The project does not run any more, so nothing can be recorded on it."))
    return project


def check_day(project: Project, name: str, value: date) -> None:
    """A day on which the project ran: from its start to today at its office."""
    today = day_at(project.office)
    if project.starts_on and value < project.starts_on:
        raise Invalid(name, _("The project began on %(day)s. Please give a later day.", day=day(project.starts_on)))
    if value > today:
        raise Invalid(name, _("This day is still to come. Please give today or an earlier day."))


def record_value(
    project_id: int,
    *,
    actor: User,
    indicator_id: int,
    counting: str | None,
    parts: Mapping[Part, Decimal],
    **values: Any,
) -> IndicatorValue:
    """A further value of an indicator; the first one declares how all of them count. `values`: WRITTEN."""
    project = opened(project_id, actor)
    indicator = _of(project, indicator_id)
    if indicator not in live_indicators(project):
        raise Refused(_("This indicator was taken out by a change of results, so no value is added to it."))
    there = _values(indicator)
    _declare(indicator, counting, first=not there)
    _check(project, indicator, parts, values, there)
    value = IndicatorValue(project_id=project.id, indicator_id=indicator.id, saved_by_id=actor.id, parts=[])
    _write(value, parts, values)
    db.session.add(value)
    db.session.flush()
    record(project, "indicator value recorded", actor=actor, indicator=indicator.id, counting=indicator.counting,
           value=value.id, after=_noted(value))  # fmt: skip
    return value


def correct_value(
    project_id: int,
    *,
    actor: User,
    indicator_id: int,
    value_id: int,
    version: int,
    parts: Mapping[Part, Decimal],
    counting: str | None = None,
    **values: Any,
) -> IndicatorValue:
    """Write a value anew; raises Conflict when somebody else corrected it meanwhile, Refused when it is gone."""
    project = opened(project_id, actor)
    indicator = _of(project, indicator_id)
    there = _values(indicator)
    value = next((one for one in there if one.id == value_id), None)
    if value is None:
        raise Refused(_("Somebody removed this value meanwhile. Save to record what you typed as a new value."))
    before = _noted(value)
    if {**values, "parts": _listed(parts)} == {**before, "parts": _listed(_parts(value))}:
        return value
    check_version(value, version, who=value.saved_by.name, typed=_differences(value, parts, values))
    _declare(indicator, counting or indicator.counting, first=False)
    _check(project, indicator, parts, values, [one for one in there if one is not value])
    _write(value, parts, values)
    value.version += 1
    value.saved_at, value.saved_by_id = clock.now(), actor.id
    db.session.flush()
    record(project, "indicator value corrected", actor=actor, indicator=indicator.id, value=value.id, before=before,
           after=_noted(value))  # fmt: skip
    return value


def remove_value(project_id: int, *, actor: User, indicator_id: int, value_id: int, version: int) -> bool:
    """Take a value back; False when it is gone already. With the last one, how its values count is open again."""
    project = opened(project_id, actor)
    indicator = _of(project, indicator_id)
    there = _values(indicator)
    value = next((one for one in there if one.id == value_id), None)
    if value is None:
        return False
    if value.version != version:
        raise Refused(_("This value was corrected after you opened it. Please look at it again before you remove it."))
    before = _noted(value)
    db.session.delete(value)
    if len(there) == 1:
        indicator.counting = None
    db.session.flush()
    record(project, "indicator value removed", actor=actor, indicator=indicator.id, value=value_id, before=before)
    return True


def _of(project: Project, indicator_id: int) -> Indicator:
    found = next((one for one in project.indicators if one.id == indicator_id), None)
    if found is None:
        raise Refused(_("This indicator is gone meanwhile."))
    return found


def _values(indicator: Indicator) -> list[IndicatorValue]:
    return list(
        db.session.scalars(
            select(IndicatorValue)
            .where(IndicatorValue.indicator_id == indicator.id)
            .options(selectinload(IndicatorValue.parts), joinedload(IndicatorValue.saved_by))
        )
    )


def _declare(indicator: Indicator, counting: str | None, *, first: bool) -> None:
    """Words, and yes or no, are always to date; the first value of a figure says how it and all others count."""
    if indicator.measure not in FIGURES:
        indicator.counting = Counting.TO_DATE
        return
    if not counting:
        raise Invalid("counting", _("Please choose how the values count."))
    wanted = Counting(counting)
    if not first and indicator.counting not in (None, wanted):
        says = _("How the values count is fixed by the first one. To change it, remove the values first.")
        raise Invalid("counting", says)
    if wanted is Counting.INCREMENT and indicator.measure is Measure.NUMBER and goes_down(indicator):
        says = _("The target is below the baseline, so what comes in addition leads away from it. "
                 "Please record totals to date.")  # fmt: skip
        raise Invalid("counting", says)
    indicator.counting = wanted


def _check(
    project: Project,
    indicator: Indicator,
    parts: Mapping[Part, Decimal],
    values: Mapping[str, Any],
    others: list[IndicatorValue],
) -> None:
    check_day(project, "on_day", values["on_day"])
    if any(one.on_day == values["on_day"] for one in others):
        raise Invalid(
            "on_day", _("There is a value of this day already. Please correct that one, or give another day.")
        )
    at = "value" if indicator.measure is Measure.NUMBER else "numerator"
    if indicator.measure is Measure.PERCENTAGE and values["numerator"] > values["denominator"]:
        raise Invalid(at, _("This is more than the denominator. Please type how many of them it is true of."))
    if parts and (more := over(parts, values[at])):
        says = _("The parts add up to %(more)s more than this. Please make them agree.", more=quantity(more))
        raise Invalid(at, says)


def _write(value: IndicatorValue, parts: Mapping[Part, Decimal], values: Mapping[str, Any]) -> None:
    for name in WRITTEN:
        setattr(
            value, name, values.get(name) if name not in ("words", "source", "evidence") else values.get(name) or ""
        )
    there = {(one.sex_code, one.age_code): one for one in value.parts}
    for (sex, age), amount in parts.items():
        if (sex, age) in there:
            there[sex, age].amount = amount
        else:
            value.parts.append(IndicatorPart(sex_code=sex, age_code=age, amount=amount))
    for key, one in there.items():
        if key not in parts:
            value.parts.remove(one)


def _parts(value: IndicatorValue) -> dict[Part, Decimal]:
    return {(one.sex_code, one.age_code): one.amount for one in value.parts}


def _listed(parts: Mapping[Part, Decimal]) -> list[list[Any]]:
    return sorted(([sex or "", age or "", amount] for (sex, age), amount in parts.items()), key=lambda one: one[:2])


def _noted(value: IndicatorValue) -> dict[str, Any]:
    return {**{name: getattr(value, name) for name in WRITTEN}, "parts": _listed(_parts(value))}


def _differences(
    value: IndicatorValue, parts: Mapping[Part, Decimal], values: Mapping[str, Any]
) -> dict[str, tuple[str, str, str]]:
    """What stands now beside what was typed, by form field; the view puts its labels in."""
    found = {name: (name, _text(getattr(value, name)), _text(values.get(name))) for name in WRITTEN}
    now = _parts(value)
    for part in {**now, **parts}:
        name = part_field(*part)
        found[name] = (name, _text(now.get(part)), _text(parts.get(part)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return quantity(value)
    return "" if value is None else day(value) if isinstance(value, date) else str(value)
