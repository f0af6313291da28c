"""The deadline engine: what is due when by a project's dates and the edition's numbers, and what a decision changes.

Months are counted from the project's start (or its end), never from the previous period, and clamp to the month's last
day. Nothing here reads a clock or a row: the same input always gives the same deadlines.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from prima.handbook.edition import DeadlineRules, Funding, Ladder
from prima.months import add_months

DAY = timedelta(days=1)
INTERIM = ("INT_N", "INT_F")
FINAL = ("FIN_N", "FIN_F")
FRAMEWORK = ("RMF", "WPL")
EVALUATION = "EVA"
RESPONSE = "MRS"  # follows the evaluation, so always after the end
EXTENSION_REQUEST = "EXT_REQ"  # a last day for asking, not a report: when it has passed, nothing is owed
DURING = (*FRAMEWORK, *INTERIM)  # due while the project runs
COMPUTED = (*DURING, *FINAL, EVALUATION, EXTENSION_REQUEST)


def N_(sentence: str) -> str:
    """Mark a sentence for translation; the page that shows it translates it."""
    return sentence


LATE_CREATED = N_("The decision came after the day this would have been due; its time is counted from the decision.")
AFTER_THE_END = N_("The project now ends before this would have been due.")
NO_LONGER_ASKED = N_("The project's new dates no longer ask for this.")
PASSED = N_("The last day for this had passed when the decision was taken.")


@dataclass(frozen=True, kw_only=True)
class Due:
    """One deadline by the rules. `from_on` opens a window that `due_on` closes; `why` explains an unusual date."""

    kind: str
    due_on: date
    period_from: date | None = None
    period_to: date | None = None
    from_on: date | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A deadline that stands; one that fell away earlier is not passed in. `ref` leads the caller back to its row.

    `submitted`: handed in at least once, even if returned since.
    """

    kind: str
    due_on: date
    period_from: date | None = None
    period_to: date | None = None
    from_on: date | None = None
    submitted: bool = False
    ad_hoc: bool = False  # added or agreed by hand: no rule recomputes it
    ref: int | None = None


@dataclass(frozen=True)
class Changes:
    """What a decision does: every existing deadline stands in exactly one of keep, move and drop."""

    keep: tuple[Existing, ...]
    move: tuple[tuple[Existing, Due], ...]
    add: tuple[Due, ...]
    drop: tuple[tuple[Existing, str], ...]  # with the reason, a sentence


def lasts(start: date, end: date, months: int) -> bool:
    """Whether the project, `end` being its last day, has that many full months."""
    return add_months(start, months) - DAY <= end


def periods(start: date, end: date, every: int) -> Iterator[tuple[date, date]]:
    """First and last days of the interim periods that end before `end`; every 0 months: none."""
    number = 0
    while every and (last := add_months(start, every * (number + 1)) - DAY) < end:
        yield add_months(start, every * number), last
        number += 1


def deadlines(
    start: date,
    end: date,
    rules: DeadlineRules,
    *,
    funding: Funding,
    interim_every: int | None = None,
    evaluation: bool | None = None,
    decided_on: date | None = None,
    kept: Iterable[Existing] = (),
) -> tuple[Due, ...]:
    """What is due from a project, by date and kind; less what the `kept` (submitted) reports already answer.

    `interim_every` (0: no interim reports) and `evaluation` are the agreement's word; None leaves it to the edition.
    With `decided_on`, what would have been due before that day is due later, and says why.
    """
    plan = _plan(start, end, rules, funding, interim_every, evaluation)
    reports = tuple(kept)
    open_dues = [due for due in plan if not any(_answers(report, due) for report in reports)]
    return _ordered(due for one in open_dues if (due := _in_time(one, rules, decided_on)))


def revised(
    existing: Sequence[Existing],
    start: date,
    end: date,
    rules: DeadlineRules,
    *,
    was_end: date,
    was_start: date | None = None,
    funding: Funding,
    interim_every: int | None = None,
    evaluation: bool | None = None,
    decided_on: date,
    cancelled: bool = False,
) -> Changes:
    """What an extension, a shortening, a cancellation or new terms do to the deadlines that stand.

    Submitted and ad-hoc ones stay as they are. An open one moves only if its rule now gives another date, so that a
    date once moved by a decision is not moved back by the next one that does not concern it.
    """
    shortened = cancelled or end < was_end
    fixed = [one for one in existing if _by_hand(one)]
    reports = [one for one in fixed if one.submitted and not one.ad_hoc]
    before = set(_plan(was_start or start, was_end, rules, funding, interim_every, evaluation))
    plan = [
        due
        for due in _plan(start, end, rules, funding, interim_every, evaluation)
        if not any(_answers(report, due) for report in reports)
        and not (shortened and due.kind in DURING and due.due_on > end)
        and not (cancelled and due.kind == EXTENSION_REQUEST)
    ]
    every = rules.interim_every_months.of(funding) if interim_every is None else interim_every
    rhythm = set(periods(start, end, every))

    keep, move, add, drop = [], [], [], []
    for one in fixed:
        if shortened and one.due_on > end and one.kind != RESPONSE and not one.submitted:
            drop.append((one, AFTER_THE_END))
        else:
            keep.append(one)

    pairs, spare, wanted = _paired([one for one in existing if not _by_hand(one)], plan, rhythm)
    for one, due in pairs:
        if shortened and one.kind in DURING and one.due_on > end:
            drop.append((one, AFTER_THE_END))
        elif _period(one) == _period(due) and (one.kind in INTERIM or due in before):
            keep.append(one)  # an interim's day hangs on its period alone
        elif moved := _in_time(due, rules, decided_on):
            move.append((one, moved))
        else:
            drop.append((one, PASSED))
    for one in spare:
        if one.kind in INTERIM and one.due_on <= end and (one.period_from, one.period_to) in rhythm:
            keep.append(one)  # asked while the project was longer, and due before its new end
        else:
            drop.append((one, AFTER_THE_END if shortened and one.due_on > end else NO_LONGER_ASKED))
    for due in wanted:
        if not (shortened and due.kind in DURING) and (created := _in_time(due, rules, decided_on)):
            add.append(created)
    return Changes(tuple(keep), tuple(move), _ordered(add), tuple(drop))


def _plan(
    start: date,
    end: date,
    rules: DeadlineRules,
    funding: Funding,
    interim_every: int | None,
    evaluation: bool | None,
) -> list[Due]:
    """The dates by the rules alone, whatever was decided or submitted since."""
    if end < start:
        raise ValueError("The project's last day lies before its first; correct the dates.")
    every = rules.interim_every_months.of(funding) if interim_every is None else interim_every
    if every < 0:
        raise ValueError("The months between interim reports cannot be negative.")
    plan = [Due(kind=kind, due_on=add_months(start, rules.framework_months)) for kind in FRAMEWORK]
    try:
        if every and lasts(start, end, rules.interim_min_project_months.of(funding)):
            plan += [
                Due(kind=kind, period_from=first, period_to=last, due_on=last + timedelta(days=rules.interim_due_days))
                for first, last in periods(start, end, every)
                if (end - last).days >= rules.tail_min_days
                for kind in INTERIM
            ]
    except OverflowError as error:
        raise ValueError("This date lies outside the years that a calendar can hold (1 to 9999).") from error
    final = add_months(end, rules.final_months)
    plan += [Due(kind=kind, period_from=start, period_to=end, due_on=final) for kind in FINAL]
    plan.append(Due(kind=EXTENSION_REQUEST, due_on=add_months(end, -rules.extension_request_months)))
    if rules.evaluation.of(funding) if evaluation is None else evaluation:
        opens, closes = (add_months(end, n) for n in (rules.evaluation_from_months, rules.evaluation_to_months))
        plan.append(Due(kind=EVALUATION, from_on=opens, due_on=closes))
    return plan


def _by_hand(one: Existing) -> bool:
    """What no rule recomputes."""
    return one.submitted or one.ad_hoc or one.kind not in COMPUTED


def _answers(report: Existing, due: Due) -> bool:
    """Whether a submitted report is the one asked: it covers the period's last day, a final one the project's."""
    if report.kind != due.kind:
        return False
    if due.period_to is None:
        return True
    if report.period_to is None:
        return False
    if due.kind in FINAL:
        return report.period_to >= due.period_to
    return (report.period_from or report.period_to) <= due.period_to <= report.period_to


def _in_time(due: Due, rules: DeadlineRules, decided_on: date | None) -> Due | None:
    """A deadline created or moved into the past gets the edition's time after the decision."""
    if decided_on is None or due.due_on >= decided_on:
        return due
    if due.kind == EXTENSION_REQUEST:
        return None
    return replace(due, due_on=decided_on + timedelta(days=rules.late_created_days), why=LATE_CREATED)


def _paired(
    standing: list[Existing], plan: list[Due], rhythm: set[tuple[date, date]]
) -> tuple[list[tuple[Existing, Due]], list[Existing], list[Due]]:
    """Match what stands with what is asked: by period first, then in order; then what is left of either."""
    pairs: list[tuple[Existing, Due]] = []
    wanted = sorted(plan, key=_order)
    rest: list[Existing] = []
    for one in sorted(standing, key=_order):
        same = [due for due in wanted if _period(due) == _period(one)]
        if same:
            wanted.remove(same[0])
            pairs.append((one, same[0]))
        else:
            rest.append(one)
    spare = []
    for one in rest:
        stays = one.kind in INTERIM and (one.period_from, one.period_to) in rhythm
        other = [] if stays else [due for due in wanted if due.kind == one.kind]
        if other:
            wanted.remove(other[0])
            pairs.append((one, other[0]))
        else:
            spare.append(one)
    return pairs, spare, wanted


def _period(due: Due | Existing) -> tuple[str, date | None, date | None]:
    return due.kind, due.period_from, due.period_to


def _order(due: Due | Existing) -> tuple[date, str, date]:
    return due.due_on, due.kind, due.period_to or date.min


def _ordered(dues: Iterable[Due]) -> tuple[Due, ...]:
    return tuple(sorted(dues, key=_order))


def line(due: Due) -> str:
    """ISO date, kind and period (or window), separated by tabs."""
    if due.period_from and due.period_to:
        period = f"{due.period_from}/{due.period_to}"
    else:
        period = f"{due.from_on}/{due.due_on}" if due.from_on else "-"
    return f"{due.due_on}\t{due.kind}\t{period}"


class ReportState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    CHECKED = "checked"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    SENT = "sent"


class TimelinessKind(StrEnum):
    NOT_YET_DUE = "not-yet-due"
    DUE = "due"
    OVERDUE = "overdue"
    ON_TIME = "on-time"
    LATE = "late"


@dataclass(frozen=True)
class Timeliness:
    """`days` are left until the due date (not yet due, due), past it (overdue, late) or kept before it (on time)."""

    kind: TimelinessKind
    days: int


def timeliness(
    state: ReportState | None,
    due_on: date,
    period_to: date | None,
    first_submitted_on: date | None,
    today: date,
) -> Timeliness:
    """Computed, never stored. No state: nothing is written yet. Without a period's last day it is due on its day."""
    if state in (None, ReportState.DRAFT, ReportState.RETURNED):
        if today > due_on:
            return Timeliness(TimelinessKind.OVERDUE, (today - due_on).days)
        reached = today >= (period_to or due_on)
        return Timeliness(TimelinessKind.DUE if reached else TimelinessKind.NOT_YET_DUE, (due_on - today).days)
    if first_submitted_on is None:
        raise ValueError(f"A report that is {state} has a day on which it was first submitted.")
    late = (first_submitted_on - due_on).days
    return Timeliness(TimelinessKind.LATE if late > 0 else TimelinessKind.ON_TIME, abs(late))


OPENING = "opening"


@dataclass(frozen=True)
class Step:
    """One step of the reminder ladder: its day, and who is copied beside those who owe the report."""

    code: str  # opening, before-30, day, after-7 ...
    on: date
    copies: frozenset[str] = frozenset()  # of "region" and "fund"


def reminder_step(ladder: Ladder, due_on: date, today: date, opens_on: date | None = None) -> Step | None:
    """The latest step that `today` has reached, however many were missed before it; None before the first."""
    passed = (today - due_on).days
    offsets = [-days for days in ladder.before_days] + ([0] if ladder.on_day else [])
    if ladder.every_days and passed >= ladder.every_days:
        offsets.append(passed - passed % ladder.every_days)
    reached = [offset for offset in offsets if offset <= passed]
    opening = (opens_on - due_on).days if ladder.on_opening and opens_on is not None and opens_on <= today else None
    if opening is not None and (not reached or opening > max(reached)):
        return _step(ladder, OPENING, due_on, opening)
    if not reached:
        return None
    offset = max(reached)
    code = "day" if offset == 0 else f"before-{-offset}" if offset < 0 else f"after-{offset}"
    return _step(ladder, code, due_on, offset)


def _step(ladder: Ladder, code: str, due_on: date, offset: int) -> Step:
    from_days = {"region": ladder.region_from_day, "fund": ladder.fund_from_day}
    copies = frozenset(who for who, first in from_days.items() if first is not None and offset >= first)
    return Step(code, due_on + timedelta(days=offset), copies)
