"""What a change would change: kept as before and after while it is asked for, taken over when it is approved."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from prima import clock, months
from prima.errors import Invalid, Reason, Refused
from prima.filters import day, money
from prima.following import Following
from prima.projects import changing
from prima.projects.changes import EXTENSIONS, WITH_LINES, ChangeKind
from prima.projects.loading import PROPOSAL, STORY, load
from prima.projects.models import (
    ActivityPlan,
    BudgetLine,
    Change,
    Extension,
    Indicator,
    Level,
    Measure,
    Part,
    Project,
    Result,
)
from prima.projects.models.project import TEAM
from prima.projects.numbering import live, numbered
from prima.projects.operations.budget import MOST_AMOUNT, MOST_LINES, leaves, total
from prima.projects.operations.drafting import session_of
from prima.projects.operations.matrix import MOST_ROWS
from prima.projects.operations.moves import take_part
from prima.projects.operations.versions import freeze, give_codes
from prima.projects.rules.budget import PAID_FOR
from prima.projects.rules.calls import day_at
from prima.projects.shares import CENT
from prima.users import User

PICKED = ("category_code", "result_id", "area_code", "activity_type_code", "country_code")
AGAIN = _l("It has to be returned, and asked for again with this in view.")
INDICATOR = ("text", "measure", "unit", "source", "baseline", "target", "baseline_value", "target_value")
READINGS = ("baseline_value", "target_value")
BELOW = {Level.OUTCOME: Level.OUTPUT, Level.OUTPUT: Level.ACTIVITY}
"""What a change can add, by the level of the row under which it stands."""
CHANGED = ("results", "indicators", "out", "indicators_out", "new_results", "new_indicators")
"""The parts of a change of results."""
LEADING = (Part.MANAGER, Part.ALTERNATE)


@dataclass(frozen=True)
class NewAmount:
    """What was typed as the new amount of a line; `field` is where."""

    line_id: int
    amount: Decimal
    field: str


@dataclass(frozen=True)
class NewLine:
    """A line to be added: PICKED, description and amount."""

    values: Mapping[str, Any]
    field: str
    """How its fields' names begin."""


@dataclass(frozen=True)
class NewText:
    """What was typed of a row of the results matrix."""

    id: int
    text: str
    assumption: str
    field: str
    out: bool = False
    """The row is to be taken out."""


@dataclass(frozen=True)
class NewResult:
    """An output or an activity to be added; `under` is the id of a row that stands, or the `key` of another new one."""

    key: str
    under: str
    text: str
    assumption: str
    responsible: str
    months: str
    field: str


@dataclass(frozen=True)
class NewReading:
    """What was typed of an indicator: its words, its target and the parts of its target by their ids."""

    id: int
    text: str
    target: str
    target_value: Decimal | None
    splits: Mapping[int, Decimal]
    field: str
    out: bool = False


@dataclass(frozen=True)
class NewIndicator:
    """An indicator to be added to a result: the id of one that stands, or the key of a new one."""

    result_id: str
    values: Mapping[str, Any]
    field: str


@dataclass(frozen=True)
class Terms:
    """What was typed of a change, beside its reason; each kind reads its own."""

    ends_on: date | None = None
    amounts: Sequence[NewAmount] = ()
    added: Sequence[NewLine] = ()
    texts: Sequence[NewText] = ()
    new_results: Sequence[NewResult] = ()
    readings: Sequence[NewReading] = ()
    indicators: Sequence[NewIndicator] = ()
    part: str = ""
    email: str = ""
    from_on: date | None = None


@dataclass
class Both:
    """Before and after, as a change keeps them."""

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


def compared(project: Project, kind: ChangeKind, terms: Terms, following: Following) -> Both:
    """What stands and what is asked for; raises Invalid at the field that cannot be taken."""
    both = Both()
    if kind in EXTENSIONS:
        _compare_end(project, terms, both)
    if kind in WITH_LINES:
        _compare_lines(project, kind, terms, both, following)
    if kind is ChangeKind.RESULTS:
        _compare_results(project, terms, both)
    if kind is ChangeKind.MANAGER:
        _compare_people(project, terms, both)
    return both


def _compare_end(project: Project, terms: Terms, both: Both) -> None:
    assert project.ends_on
    if terms.ends_on is None or terms.ends_on <= project.ends_on:
        says = _("The new end must come after the present one, %(end)s.", end=day(project.ends_on))
        raise Invalid("ends_on", says)
    both.before["ends_on"] = project.ends_on.isoformat()
    both.after["ends_on"] = terms.ends_on.isoformat()


def _compare_lines(project: Project, kind: ChangeKind, terms: Terms, both: Both, following: Following) -> None:
    lines = {line.id: line for line in project.lines}
    spent = following.spent(project.id)
    changed: list[NewAmount] = []
    for typed in terms.amounts:
        line = lines.get(typed.line_id)
        if line is None:
            raise Invalid(typed.field, _("This line is not in the budget any more. Open the form again."))
        least = spent.get(line.id, Decimal(0))
        if typed.amount < least and typed.amount < line.amount:
            says = _("%(spent)s has been spent on this line already: it cannot be reduced below.", spent=money(least))
            raise Invalid(typed.field, says)
        if typed.amount != line.amount:
            changed.append(typed)
    if len({one.line_id for one in changed}) != len(changed):
        raise Refused(_("A line stands twice in this form. Open it again."))
    if len(lines) + len(terms.added) > MOST_LINES:
        raise Invalid("added", _("A budget has at most %(most)s lines. Please join some.", most=MOST_LINES))
    _check_new(project, terms.added)
    if not changed and not terms.added:
        raise Invalid("lines", _("No amount differs from the approved one yet. Type the new amounts."))
    after = project.budget + sum((one.amount - lines[one.line_id].amount for one in changed), Decimal(0))
    after += sum((one.values["amount"] for one in terms.added), Decimal(0))
    if kind is ChangeKind.COST_EXTENSION and after <= project.budget:
        says = _(
            "With these amounts the total is %(after)s, and it was %(before)s. A cost extension adds money: "
            "without more money ask for a no-cost extension.",
            after=money(after),
            before=money(project.budget),
        )
        raise Invalid("lines", says)
    both.before |= {"total": _text(project.budget), "lines": [_kept(lines[one.line_id]) for one in changed]}
    both.after |= {
        "total": _text(after),
        "lines": [{**_kept(lines[one.line_id]), "amount": _text(one.amount)} for one in changed],
        "added": [{**one.values, "amount": _text(one.values["amount"])} for one in terms.added],
    }


def _check_new(project: Project, added: Sequence[NewLine]) -> None:
    if not added:
        return
    categories = leaves(project)
    standing = live(project.results)
    results = {one.id for one in project.results if one.level in PAID_FOR and one.id in standing}
    for one in added:
        if one.values["category_code"] not in categories:
            raise Invalid(f"{one.field}-category_code", _("Please choose a category within this one."))
        if one.values["result_id"] is not None and one.values["result_id"] not in results:
            says = _("This output or activity is no longer in the results matrix. Please choose another.")
            raise Invalid(f"{one.field}-result_id", says)
        if not 0 < one.values["amount"] < MOST_AMOUNT:
            raise Invalid(f"{one.field}-amount", _("Please type an amount above 0."))


def _kept(line: BudgetLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "code": line.code,
        "category_code": line.category_code,
        "description": line.description,
        "amount": _text(line.amount),
    }


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def is_free(project: Project, kind: ChangeKind, both: Both) -> bool:
    """Whether a budget revision stays within what the edition leaves to the manager."""
    if kind is not ChangeKind.BUDGET or both.after["added"] or both.after["total"] != both.before["total"]:
        return False
    percent = project.change_rules.free_percent  # type: ignore[union-attr]  # looked up with the project
    approved = changing.approved_amounts(project)
    for before, after in zip(both.before["lines"], both.after["lines"], strict=True):
        standing = Decimal(before["amount"]) if approved is None else approved.get(before["code"], Decimal(0))
        if abs(Decimal(after["amount"]) - standing) * 100 > standing * percent:
            return False
    return True


def _compare_results(project: Project, terms: Terms, both: Both) -> None:
    numbers = {one.id: one.number for one in numbered(project.results)}
    results = {one.id: one for one in project.results if one.id in numbers}
    indicators = live_indicators(project, results)
    gone = _("This row is not in the results matrix any more. Open the form again.")
    before, after = both.before, both.after
    before |= {"results": [], "indicators": [], "out": [], "indicators_out": []}
    after |= {"results": [], "indicators": [], "out": [], "indicators_out": [], "new_results": [], "new_indicators": []}
    out = {text.id for text in terms.texts if text.out}
    for text in terms.texts:
        if text.id not in results:
            raise Invalid(text.field, gone)
        stands = _row(results[text.id], numbers)
        if text.out:
            _may_leave(results[text.id], results, out, numbers, text.field)
            before["out"].append(stands)
            after["out"].append(text.id)
            continue
        typed = {**stands, "text": text.text, "assumption": text.assumption}
        if typed != stands:
            before["results"].append(stands)
            after["results"].append(typed)
    for one in terms.readings:
        if one.id not in indicators:
            raise Invalid(one.field, gone)
        indicator = indicators[one.id]
        if indicator.result_id in out:
            continue  # it goes with its row
        stands = _reading(indicator, numbers)
        if one.out:
            before["indicators_out"].append(stands)
            after["indicators_out"].append(one.id)
            continue
        wanted = {split.id: one.splits.get(split.id, split.target) for split in indicator.splits}
        parts = [[key, _number(number)] for key, number in wanted.items()]
        typed = {**stands, "text": one.text, "target": one.target, "target_value": _number(one.target_value)}
        typed["splits"] = parts
        if typed == stands:
            continue
        if parts and sum(wanted.values(), Decimal(0)) != one.target_value:
            says = _("The parts of this target do not add up to it; please make the target and its parts agree.")
            raise Invalid(one.field, says)
        before["indicators"].append(stands)
        after["indicators"].append(typed)
    staying = {str(number): one for number, one in results.items() if number not in out}
    if len(staying) + len(terms.new_results) > MOST_ROWS:
        raise Invalid("new_results", _("A results matrix has at most %(most)s rows. Join some.", most=MOST_ROWS))
    added = _placed(terms.new_results, staying)
    for row in terms.new_results:
        level = added[row.key]
        if level is not Level.ACTIVITY and (row.months or row.responsible):
            name = "months" if row.months else "responsible"
            raise Invalid(f"{row.field}-{name}", _("Only an activity has this. Please leave it empty for an output."))
        number = numbers[int(row.under)] if row.under in staying else ""
        kept = {name: getattr(row, name) for name in ("key", "under", "text", "assumption", "responsible", "months")}
        after["new_results"].append({**kept, "level": level.value, "number": number})
    levels = {key: one.level for key, one in staying.items()} | added
    for new in terms.indicators:
        if levels.get(new.result_id, Level.ACTIVITY) is Level.ACTIVITY:
            raise Invalid(f"{new.field}-result_id", _("Please choose the objective, an outcome or an output."))
        values = {name: _number(value) if name in READINGS else value for name, value in new.values.items()}
        known = new.result_id in staying
        place = {"result_id": int(new.result_id), "number": numbers[int(new.result_id)]} if known else {}
        after["new_indicators"].append({"result_id": new.result_id, "number": "", **values, **place})
    if not any(after[part] for part in CHANGED):
        raise Invalid("texts", _("Nothing differs from the approved results matrix yet. Type what is to change."))


def live_indicators(project: Project, results: Container[int]) -> dict[int, Indicator]:
    """Those that stand, on rows that stand."""
    return {one.id: one for one in project.indicators if one.retired_on is None and one.result_id in results}


def _may_leave(
    row: Result, results: Mapping[int, Result], out: Container[int], numbers: Mapping[int, str], field: str
) -> None:
    """A row goes with all that stands below it, or not at all."""
    if row.level is Level.OBJECTIVE:
        raise Invalid(field, _("The objective stays: a project without one is another project."))
    if staying := [numbers[one.id] for one in results.values() if one.parent_id == row.id and one.id not in out]:
        says = ngettext(
            "%(rows)s stands below it: take it out too, or leave this row.",
            "%(rows)s stand below it: take them out too, or leave this row.",
            len(staying),
            rows=", ".join(sorted(staying)),
        )
        raise Invalid(field, says)


def _placed(new: Sequence[NewResult], staying: Mapping[str, Result]) -> dict[str, Level]:
    """The level of each new row by its key: it follows from the row under which it stands."""
    found = {row.key: BELOW[staying[row.under].level] for row in new if _carries(staying.get(row.under))}
    outputs = {key for key, level in found.items() if level is Level.OUTPUT}
    found |= {row.key: Level.ACTIVITY for row in new if row.under in outputs and row.key not in found}
    for row in new:
        if row.key not in found:
            says = _("Please choose an outcome or an output that stands, or a new output of this form.")
            raise Invalid(f"{row.field}-under", says)
    return found


def _carries(row: Result | None) -> bool:
    return row is not None and row.level in BELOW


def _row(result: Result, numbers: Mapping[int, str]) -> dict[str, Any]:
    kept = {"id": result.id, "level": result.level.value, "number": numbers[result.id]}
    return {**kept, "text": result.text, "assumption": result.assumption}


def _reading(indicator: Indicator, numbers: Mapping[int, str]) -> dict[str, Any]:
    return {
        "id": indicator.id,
        "number": numbers[indicator.result_id],
        "text": indicator.text,
        "target": indicator.target,
        "target_value": _number(indicator.target_value),
        "splits": [[one.id, _number(one.target)] for one in indicator.splits],
    }


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize() + 0:f}"


def _compare_people(project: Project, terms: Terms, both: Both) -> None:
    part = Part(terms.part)
    person = changing.account(terms.email)
    if person is None:
        says = _("Nobody with this address has an active account. Check the address, or ask an administrator.")
        raise Invalid("email", says)
    _may_lead(project, person, part)
    if terms.from_on is None or (project.starts_on and terms.from_on < project.starts_on):
        raise Invalid("from_on", _("This day comes before the project's start, %(day)s.", day=day(project.starts_on)))
    if project.ends_on and terms.from_on > project.ends_on:
        raise Invalid("from_on", _("This day comes after the project's end, %(day)s.", day=day(project.ends_on)))
    now = project.people(part)
    both.before |= {"part": part.value, "people": [one.id for one in now], "name": ", ".join(one.name for one in now)}
    both.after |= {
        "part": part.value,
        "person": person.id,
        "name": person.name,
        "email": person.email,
        "from_on": terms.from_on.isoformat(),
    }


def _may_lead(project: Project, person: User, part: Part) -> None:
    if person.id in {one.id for one in project.people(part)}:
        raise Invalid("email", _("%(name)s has this part already.", name=person.name))
    if person.id in {one.id for one in project.people(*LEADING)}:
        raise Invalid("email", _("The manager and the alternate must be two people."))
    decided = any(party.user_id == person.id and party.part not in TEAM for party in project.parties)
    if decided or changing.has_decided(project, person):
        raise Invalid("email", _("%(name)s has decided on this project, and cannot join its team.", name=person.name))


# -- approved ---------------------------------------------------------------------------------------------------------


def stale(change: Change) -> list[Reason]:
    """What stands differently since the change was asked for: it is asked again with this in view."""
    project, before = change.project, change.before
    found = []
    if "ends_on" in before and before["ends_on"] != (project.ends_on.isoformat() if project.ends_on else None):
        found.append(_("The end was changed to %(end)s meanwhile.", end=day(project.ends_on)))
    if "total" in before and Decimal(before["total"]) != project.budget:
        found.append(_("The budget was changed to %(total)s meanwhile.", total=money(project.budget)))
    amounts = {line.id: line.amount for line in project.lines}
    for line in before.get("lines", ()):
        if amounts.get(line["id"]) != Decimal(line["amount"]):
            found.append(_("The budget line “%(line)s” was changed meanwhile.", line=line["description"]))
    numbers = {one.id: one.number for one in numbered(project.results)}
    results = {one.id: one for one in project.results if one.id in numbers}
    rows = {number: _row(one, numbers) for number, one in results.items()}
    readings = {number: _reading(one, numbers) for number, one in live_indicators(project, results).items()}
    texts = [*before.get("results", ()), *before.get("out", ())]
    targets = [*before.get("indicators", ()), *before.get("indicators_out", ())]
    for kept, standing in ((texts, rows), (targets, readings)):
        for one in kept:
            now = standing.get(one["id"])
            if now is None or {**now, "number": one["number"]} != one:
                found.append(_("“%(text)s” of the results matrix was changed meanwhile.", text=one["text"]))
    out = set(change.after.get("out", ()))
    if any(one.parent_id in out and number not in out for number, one in results.items()):
        found.append(_("A row was added meanwhile below one that is to be taken out."))
    places = {one["under"] for one in change.after.get("new_results", ()) if one["under"].isdigit()}
    places |= {str(one["result_id"]) for one in change.after.get("new_indicators", ())}
    keys = {one["key"] for one in change.after.get("new_results", ())}
    if any(place not in keys and int(place) not in rows for place in places):
        found.append(_("A row to which something is added was taken out meanwhile."))
    if "people" in before and set(before["people"]) != {one.id for one in project.people(Part(before["part"]))}:
        found.append(_("The people were changed meanwhile."))
    if not found:
        return []
    return [Reason(text) for text in (*found, AGAIN)]


def take_effect(change: Change, *, actor: User, following: Following) -> dict[str, Any]:
    """Take the approved change over into the locked project, recompute what follows, and freeze the new version.

    What was done, for the journal.
    """
    project = change.project
    if reasons := stale(change):
        raise Refused(reasons)
    done: dict[str, Any] = {}
    if "total" in change.after:
        done |= _take_lines(change, following)
    if "ends_on" in change.after:
        done |= _take_end(change, actor, following)
    if change.kind is ChangeKind.RESULTS:
        done |= _take_results(change)
    if change.kind is ChangeKind.MANAGER:
        done |= _take_people(change)
    project.updated_at = clock.now()
    session = session_of(project)
    session.flush()
    load(session, [project], PROPOSAL | STORY)
    version = freeze(project, actor=actor, change_id=change.id)
    return {**done, "version": version.number, "sha256": version.sha256}


def _take_end(change: Change, actor: User, following: Following) -> dict[str, Any]:
    project, was_end = change.project, change.project.ends_on
    ends_on = date.fromisoformat(change.after["ends_on"])
    assert was_end
    session_of(project).add(
        Extension(
            project=project,
            old_end=was_end,
            new_end=ends_on,
            reason=change.reason,
            decided_by_id=actor.id,
            decided_on=day_at(project.office),
            change_id=change.id,
        )
    )
    project.ends_on = ends_on
    moved = following.recompute(project, was_end=was_end, actor=actor, change_id=change.id)
    return {
        "old_end": was_end,
        "new_end": ends_on,
        "moved": moved.moved,
        "added": moved.added,
        "dropped": moved.dropped,
    }


def _take_lines(change: Change, following: Following) -> dict[str, Any]:
    """The new amounts and lines; the total and the allocations follow. A line never falls below what was spent."""
    project, was = change.project, change.project.budget
    lines = {line.id: line for line in project.lines}
    spent = following.spent(project.id)
    for one in change.after["lines"]:
        line, amount = lines[one["id"]], Decimal(one["amount"])
        least = spent.get(line.id, Decimal(0))
        if amount < least and amount < line.amount:
            raise Refused(
                [
                    _(
                        "%(spent)s has been spent meanwhile on “%(line)s”, and this change would leave it %(amount)s.",
                        spent=money(least),
                        line=line.description,
                        amount=money(amount),
                    ),
                    str(AGAIN),
                ]
            )
        set_amount(line, amount)
        line.version += 1
    position = max((line.position for line in project.lines), default=0)
    session = session_of(project)
    known = live(project.results)
    for place, values in enumerate(change.after["added"], position + 1):
        amount = Decimal(values["amount"])
        picked = {name: values[name] for name in PICKED}
        picked["result_id"] = picked["result_id"] if picked["result_id"] in known else None
        line = BudgetLine(
            project=project,
            position=place,
            description=values["description"],
            quantity=Decimal(1),
            units=Decimal(1),
            unit_cost=amount,
            amount=amount,
            **picked,
        )
        session.add(line)
    now = total(project, keep_rate=True)
    session.flush()
    load(session, [project], PROPOSAL | STORY)
    give_codes(project)
    session.flush()
    return {"old_total": was, "new_total": now, "lines": len(change.after["lines"]), "new": len(change.after["added"])}


def set_amount(line: BudgetLine, amount: Decimal) -> None:
    """The line's amount stays quantity x number of units x unit cost: where no unit cost gives it, it is one sum."""
    count = line.quantity * line.units
    unit_cost = (amount / count).quantize(CENT) if count else Decimal(0)
    if count and unit_cost * count == amount:
        line.unit_cost = unit_cost
    else:
        line.quantity, line.units, line.unit_cost = Decimal(1), Decimal(1), amount
    line.amount = amount


def _take_results(change: Change) -> dict[str, Any]:
    """The new words, targets, rows and indicators, and what is taken out. What was recorded on an indicator stays."""
    project, after = change.project, change.after
    results = {one.id: one for one in project.results}
    indicators = {one.id: one for one in project.indicators}
    for one in after["results"]:
        result = results[one["id"]]
        result.text, result.assumption = one["text"], one["assumption"]
        result.version += 1
    for one in after["indicators"]:
        indicator = indicators[one["id"]]
        indicator.text, indicator.target = one["text"], one["target"]
        indicator.target_value = _value(one["target_value"])
        parts = {split.id: split for split in indicator.splits}
        for key, number in one["splits"]:
            parts[key].target = Decimal(number)
        indicator.version += 1
    _take_out(change, results)
    _add_results(change)
    return {name: len(after.get(part, ())) for name, part in COUNTED.items()}


COUNTED = {
    "texts": "results", "targets": "indicators", "new": "new_indicators", "new_rows": "new_results",
    "rows_out": "out", "indicators_out": "indicators_out",
}  # fmt: skip
"""What the journal counts of a change of results."""


def _take_out(change: Change, results: Mapping[int, Result]) -> None:
    """Rows with their indicators, and indicators alone; budget lines that name such a row keep it and their amounts."""
    project, today = change.project, day_at(change.project.office)
    rows, alone = set(change.after.get("out", ())), set(change.after.get("indicators_out", ()))
    for number in rows:
        results[number].retired_on = today
        results[number].version += 1
    for indicator in project.indicators:
        if indicator.retired_on is None and (indicator.result_id in rows or indicator.id in alone):
            indicator.retired_on = today
            indicator.version += 1


def _add_results(change: Change) -> None:
    """New rows after their siblings, outputs before what stands under them, then new indicators."""
    project, session = change.project, session_of(change.project)
    made: dict[str, Result] = {str(one.id): one for one in project.results}
    new = sorted(change.after.get("new_results", ()), key=lambda one: one["level"] != Level.OUTPUT)
    for one in new:
        parent = made[one["under"]].id
        row = Result(
            project=project,
            parent_id=parent,
            level=Level(one["level"]),
            position=_last(other for other in project.results if other.parent_id == parent) + 1,
            text=one["text"],
            assumption=one["assumption"],
        )
        session.add(row)
        session.flush()
        made[one["key"]] = row
        if row.level is Level.ACTIVITY:
            session.add(
                ActivityPlan(
                    project=project,
                    result_id=row.id,
                    responsible=one["responsible"],
                    months=months.read(one["months"]),
                )
            )
    for one in change.after["new_indicators"]:
        result = made[str(one["result_id"])]
        place = _last(other for other in project.indicators if other.result_id == result.id) + 1
        indicator = Indicator(project=project, result_id=result.id, position=place, splits=[])
        for name in INDICATOR:
            setattr(indicator, name, _value(one[name]) if name in READINGS else one[name])
        indicator.measure = Measure(one["measure"])
        session.add(indicator)
        session.flush()


def _last(siblings: Iterable[Result | Indicator]) -> int:
    return max((one.position for one in siblings), default=0)


def _value(number: str | None) -> Decimal | None:
    return None if number is None else Decimal(number)


def _take_people(change: Change) -> dict[str, Any]:
    project, part = change.project, Part(change.after["part"])
    from_on = date.fromisoformat(change.after["from_on"])
    if from_on > day_at(project.office):
        says = _("The hand-over is on %(day)s: approve it on that day or later, or return it.", day=day(from_on))
        raise Refused(says)
    person = changing.account(change.after["email"])
    if person is None:
        raise Refused(_("%(name)s has no active account any more.", name=change.after["name"]))
    try:
        _may_lead(project, person, part)
    except Invalid as refusal:
        raise Refused(refusal.reasons) from None
    ends = max(datetime.combine(from_on, time(), ZoneInfo(project.office.time_zone)), _began(project, part))
    ends = min(ends, clock.now())
    for party in project.parties:
        if party.part is part and party.until_at is None:
            party.until_at = ends
    joined = take_part(project, person, part)
    if joined.id is None:
        joined.since_at = ends
    return {"part": part, "left": change.before["people"], "joined": person.id, "from_on": from_on}


def _began(project: Project, part: Part) -> datetime:
    """When those who have the part now began: nobody's time ends before it began."""
    began = (party.since_at for party in project.parties if party.part is part and party.until_at is None)
    return max(began, default=clock.now())
