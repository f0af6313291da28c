"""The rows of a portfolio, a function a table; every column that a model gives a default may be left out."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

from psycopg.types.json import Jsonb

from prima.demonstration.portfolio.plans import Plan
from prima.demonstration.portfolio.schedule import OPEN_FATES, Fate, Item
from prima.demonstration.portfolio.staff import Staff
from prima.handbook.published import HandbookEdition
from prima.projects.models import Part
from prima.projects.snapshot import COVER, seal
from prima.projects.stages import LIFECYCLE, Funding
from prima.projects.stages import Status as S
from prima.reporting.calendar import EXTENSION_REQUEST, ReportState
from prima.users import Role
from prima.workdays import add_working_days
from prima.workflow import Move

Rows = Iterator[tuple[Any, ...]]
Library = Mapping[str, Sequence[tuple[str, str, str, str, str]]]
"""By level of the matrix: (code, text, measure, unit, source) of the library's indicators that are numbers."""
HOUR = timedelta(hours=1)

DONORS = tuple(
    (f"PORT-{number:02d}", f"{name} {number}", kind, kind == "eu", number)
    for number, (name, kind) in enumerate(
        [("State donor", "state")] * 24
        + [("European Union programme", "eu")] * 6
        + [("United Nations fund", "un")] * 6
        + [("Private foundation", "private")] * 4,
        1,
    )
)
DONOR_COLUMNS = ("code", "name", "kind", "eu_money", "position")


def moment(day: date, number: int = 0) -> datetime:
    """A time in a working day, another for each number."""
    return datetime.combine(day, time(8), UTC) + timedelta(seconds=number % 30_000)


def amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


@dataclass(frozen=True)
class Lists:
    """The codes that projects choose from, in the order of the lists."""

    areas: Sequence[str]
    activities: Sequence[str]
    focus: Sequence[str]
    prefixes: dict[str, str]
    """The letters of a project ID by project type."""
    library: Library


# -- projects ---------------------------------------------------------------------------------------------------------

PROJECT_COLUMNS = (
    "id", "reference", "code", "status", "status_since", "edition_id", "title", "summary", "project_type_code",
    "office_id", "funding", "funding_year", "fund_line_code", "focus_area_code", "donor_code", "executing_agency",
    "duration_months", "gender_marker_code", "budget", "budget_usd", "starts_on", "ends_on", "first_ends_on",
    "focal_point", "created_at", "updated_at",
)  # fmt: skip


def project_rows(
    plans: Sequence[Plan], lists: Lists, edition: HandbookEdition, today: date, counters: dict[str, int]
) -> Rows:
    """Notes in `counters` how far references and project IDs were counted."""
    for plan in plans:
        year = plan.created_on.year
        reference = counters[f"P-{year}"] = counters.get(f"P-{year}", 0) + 1
        code = None
        if plan.is_activated:
            prefix = lists.prefixes[plan.type]
            given = counters[f"ID-{prefix}"] = counters.get(f"ID-{prefix}", 0) + 1
            code = f"{prefix}.{given:04d}"
        fund = plan.funding is Funding.FUND
        changed = max(plan.since_on, today - timedelta(days=1 + plan.id * 7 % 150)) if code else plan.since_on
        yield (
            plan.id, f"P-{year}-{reference:05d}", code, plan.status.value, moment(plan.since_on, plan.id), edition.id,
            plan.title, f"{plan.title}: what it is for and for whom.", plan.type, plan.office.id, plan.funding.value,
            plan.year, "L1" if fund else None, lists.focus[plan.area % len(lists.focus)] if fund else None,
            None if fund else DONORS[plan.donor][0], "IOM", plan.months, plan.marker, amount(plan.budget),
            amount(plan.budget), plan.starts_on, plan.ends_on, plan.first_ends_on,
            "The ministry's focal point" if code else "", moment(plan.created_on, plan.id),
            moment(changed, plan.id * 13),
        )  # fmt: skip


COVERAGE_COLUMNS = ("project_id", "country_code", "position", "requesting")


def coverage_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        for position, country in enumerate(plan.countries):
            yield plan.id, country, position, plan.funding is Funding.FUND


PARTY_COLUMNS = ("project_id", "user_id", "part", "since_at")


def party_rows(plans: Sequence[Plan]) -> Rows:
    for plan in plans:
        taken = {move.name for move in road(plan)}
        yield plan.id, plan.developer, Part.DEVELOPER.value, moment(plan.created_on)
        if plan.is_activated:
            yield plan.id, plan.manager, Part.MANAGER.value, moment(plan.since_on)
            yield plan.id, plan.alternate, Part.ALTERNATE.value, moment(plan.since_on)
        if "endorse" in taken:
            yield plan.id, plan.director, Part.ENDORSED.value, moment(plan.created_on)


# -- the road ---------------------------------------------------------------------------------------------------------


@cache
def roads(funding: Funding) -> dict[S, tuple[Move, ...]]:
    """The shortest way from a concept to each status."""
    subject = SimpleNamespace(funding=funding)
    found: dict[S, tuple[Move, ...]] = {S.CONCEPT: ()}
    waiting = deque([S.CONCEPT])
    while waiting:
        status = waiting.popleft()
        for move in LIFECYCLE.moves_from(status, subject):
            target = S(move.target)
            if target not in found and (target is not S.WITHDRAWN or status is S.DRAFT):
                found[target] = (*found[status], move)
                waiting.append(target)
    return found


def road(plan: Plan) -> tuple[Move, ...]:
    return roads(plan.funding)[plan.status]


STEP_COLUMNS = ("project_id", "move", "source", "target", "actor_id", "at", "note", "days")


def step_rows(plans: Sequence[Plan], staff: Staff) -> Rows:
    for plan in plans:
        moves = road(plan)
        before = moment(plan.created_on)
        yield plan.id, "create", None, S.CONCEPT.value, plan.developer, before, "", None
        for move, at in zip(moves, _moments(plan, moves), strict=True):
            note = "As written in the file." if move.note == "required" else ""
            source, target = str(move.source), str(move.target)
            yield plan.id, move.name, source, target, _actor(plan, move, staff), at, note, (at - before).days
            before = at


def _moments(plan: Plan, moves: Sequence[Move]) -> Iterator[datetime]:
    """Evenly from the concept to the start, and after that to the day of the status."""
    begun = next((place for place, move in enumerate(moves, 1) if move.name == "activate"), len(moves))
    first, middle, last = moment(plan.created_on), moment(plan.starts_on or plan.since_on), moment(plan.since_on)
    for place in range(1, len(moves) + 1):
        if place <= begun:
            yield first + (middle - first) * place / begun
        else:
            yield middle + (last - middle) * (place - begun) / (len(moves) - begun)


def _actor(plan: Plan, move: Move, staff: Staff) -> int | None:
    fund = plan.funding is Funding.FUND
    match move.name:
        case "develop" | "submit" | "withdraw":
            return plan.developer
        case "pass":
            return None
        case "clear" | "return":
            return plan.head
        case "endorse":
            return plan.director
        case "approve":
            return staff.of(Role.DDG)[0]
        case "to-fund" | "recommend" | "retain" | "take-up" | "refuse":
            return staff.of(Role.FUND)[0]
        case "to-donor" | "approved" | "changes" | "refused":
            return staff.of(Role.RPDO, plan.region)[0]
    return staff.of(Role.FUND)[1] if fund else staff.of(Role.RRMO, plan.region)[0]


# -- endorsement ------------------------------------------------------------------------------------------------------

ROUND_COLUMNS = ("id", "project_id", "number", "submitted_at", "submitted_by_id", "closed_at", "snapshot", "sha256")


def submitted(plans: Sequence[Plan]) -> list[Plan]:
    return [plan for plan in plans if any(move.name == "submit" for move in road(plan))]


def round_rows(plans: Sequence[Plan], edition: HandbookEdition) -> Rows:
    """One round each. Its frozen version holds the cover and nothing else."""
    for number, plan in enumerate(submitted(plans), 1):
        frozen = _frozen(plan, edition)
        back = plan.status in (S.RETURNED, S.DONOR_CHANGES)
        yield (
            number, plan.id, 1, moment(plan.created_on + timedelta(days=40)), plan.developer,
            moment(plan.since_on) if back else None, Jsonb(frozen), seal(frozen),
        )  # fmt: skip


def _frozen(plan: Plan, edition: HandbookEdition) -> dict[str, Any]:
    cover = dict.fromkeys(COVER) | {
        "title": plan.title,
        "summary": "",
        "project_type_code": plan.type,
        "funding": plan.funding.value,
        "funding_year": plan.year,
        "duration_months": plan.months,
        "gender_marker_code": plan.marker,
        "office": plan.office.code,
        "overhead_percent": None,
        "budget_usd": amount(plan.budget),
    }
    empty: dict[str, Any] = {name: [] for name in ("lines", "beneficiaries", "documents")}
    empty |= {name: {} for name in ("sections", "areas", "activities", "justifications")}
    return {"edition": edition.code, "cover": cover, "countries": list(plan.countries), **empty}


CLEARANCE_COLUMNS = (
    "round_id", "seat", "reviewer", "role", "required", "opened_at", "due_on", "verdict", "decided_by_id", "decided_at",
)  # fmt: skip
OPEN_IN_TWENTY = 20
"""For so many projects of the portfolio one clearance is open."""


def clearance_rows(plans: Sequence[Plan], edition: HandbookEdition, staff: Staff) -> Rows:
    """The reviewers' answers on every proposal that the head of office cleared. In review at least one is open."""
    always = [one for one in edition.handbook.reviewers if one.needed_when is None]
    reviewers = {funding: [one for one in always if funding.value in one.funding] for funding in Funding}
    slots = [
        (number, place)
        for number, plan in enumerate(submitted(plans), 1)
        if plan.status is S.REVIEW
        for place, _reviewer in enumerate(reviewers[plan.funding])
    ]
    first = [slot for slot in slots if slot[1] == slot[0] % 4]
    others = [slot for slot in slots if slot[1] != slot[0] % 4]
    source = random.Random(5)  # nosec B311
    wanted = len(plans) // OPEN_IN_TWENTY
    still_open = {*first[:wanted], *source.sample(others, min(len(others), max(0, wanted - len(first))))}
    for number, plan in enumerate(submitted(plans), 1):
        if not any(move.target is S.REVIEW for move in road(plan)):
            continue
        opened = plan.since_on if plan.status is S.REVIEW else plan.created_on + timedelta(days=48)
        for place, reviewer in enumerate(reviewers[plan.funding]):
            is_open = (number, place) in still_open
            yield (
                number, reviewer.key, reviewer.key, reviewer.role, reviewer.required, moment(opened),
                add_working_days(opened, reviewer.days), None if is_open else "clear",
                None if is_open else staff.of(Role(reviewer.role), plan.region)[0],
                None if is_open else moment(opened) + HOUR,
            )  # fmt: skip


# -- reporting --------------------------------------------------------------------------------------------------------

DEADLINE_COLUMNS = (
    "id", "project_id", "kind", "period_from", "period_to", "from_on", "due_on", "first_due_on", "why", "ad_hoc",
    "is_open", "fell_away_at", "done_at", "handed_in_on",
)  # fmt: skip


def deadline_rows(items: Sequence[Item], today: date) -> Rows:
    for number, item in enumerate(items, 1):
        due = item.due
        fell_away = moment(item.plan.since_on) if item.fate is Fate.FELL_AWAY else None
        done = None
        if item.fate is Fate.ACCEPTED:
            done = moment(min(_handed_in(number, item, today) + timedelta(days=9), today), number)
        yield (
            number, item.plan.id, due.kind, due.period_from, due.period_to, due.from_on, due.due_on, due.due_on,
            due.why, item.ad_hoc, item.fate in OPEN_FATES, fell_away, done, _stands_handed_in(number, item, today),
        )  # fmt: skip


REPORT_COLUMNS = (
    "deadline_id",
    "state",
    "state_since",
    "first_submitted_on",
    "submitted_by_id",
    "saved_by_id",
    "saved_at",
    "reason",
)
WRITTEN = {
    Fate.DRAFT: ReportState.DRAFT,
    Fate.RETURNED: ReportState.RETURNED,
    Fate.SUBMITTED: ReportState.SUBMITTED,
    Fate.CHECKED: ReportState.CHECKED,
    Fate.ACCEPTED: ReportState.ACCEPTED,
}


def report_rows(items: Sequence[Item], today: date) -> Rows:
    """A report for whatever was begun; one in seven of those handed in came late."""
    for number, item in enumerate(items, 1):
        state = WRITTEN.get(item.fate)
        if state is None or item.due.kind == EXTENSION_REQUEST:
            continue
        handed_in = None if state is ReportState.DRAFT else _handed_in(number, item, today)
        if state is ReportState.ACCEPTED and item.plan.funding is Funding.DONOR and number % 2:
            state = ReportState.SENT
        yield (
            number, state.value, moment(handed_in or today - timedelta(days=3), number), handed_in,
            item.plan.manager if handed_in else None, item.plan.manager,
            moment(handed_in or today - timedelta(days=3), number),
            "Please explain the difference from the plan." if state is ReportState.RETURNED else "",
        )  # fmt: skip


def _stands_handed_in(number: int, item: Item, today: date) -> date | None:
    """The day a report came in, unless it was returned."""
    if WRITTEN.get(item.fate) in (None, ReportState.DRAFT, ReportState.RETURNED) or item.due.kind == EXTENSION_REQUEST:
        return None
    return _handed_in(number, item, today)


def _handed_in(number: int, item: Item, today: date) -> date:
    days = number % 21 + 1 if number % 7 == 0 else -(number % 14)
    return min(item.due.due_on + timedelta(days=days), today - timedelta(days=1 + number % 9))
