"""What each project of a portfolio is: its place, status, money and dates. The same number always gives the same."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from prima.demonstration.portfolio.staff import Staff
from prima.places import Office
from prima.projects.stages import Funding
from prima.projects.stages import Status as S
from prima.reporting.calendar import DAY, add_months
from prima.users import Role

# fmt: off
OF_A_THOUSAND = {
    S.CONCEPT: 40, S.DRAFT: 60, S.OFFICE_CLEAR: 15, S.REVIEW: 16, S.RETURNED: 15, S.ENDORSE: 7, S.ENDORSED: 7,
    S.FUND_REVIEW: 7, S.APPROVER: 4, S.RETAINED: 7, S.DONOR_SUBMITTED: 15, S.DONOR_CHANGES: 5, S.APPROVED: 12,
    S.ACTIVE: 460, S.SUSPENDED: 10, S.OP_CLOSED: 60, S.FIN_CLOSED: 100, S.CANCELLED: 20, S.REJECTED: 60,
    S.WITHDRAWN: 80,
}
"""How many projects of a thousand stand in each status."""
ACTIVATED = frozenset({S.ACTIVE, S.SUSPENDED, S.OP_CLOSED, S.FIN_CLOSED, S.CANCELLED})
OF_THE_FUND = frozenset({S.FUND_REVIEW, S.APPROVER, S.RETAINED})
OF_A_DONOR = frozenset({S.DONOR_SUBMITTED, S.DONOR_CHANGES})
EVERY_FOURTH_IS_THE_FUNDS = 4
MONTHS = {Funding.FUND: (12, 18, 24), Funding.DONOR: (24, 30, 36, 36, 42, 48, 48, 60)}
MARKERS = ("2b", "2a", "2a", "1", "1", "1", "0", "N/A")

SUBJECTS = (  # area of work, project type, words
    ("EPC", "CC", "camp coordination for displaced families"),
    ("EPC", "DR", "communities prepared for floods and storms"),
    ("EPC", "CS", "stable communities after conflict"),
    ("MHD", "MH", "health assessments of migrants"),
    ("MHD", "MA", "health services along migration routes"),
    ("IBM", "IB", "border posts and travel documents"),
    ("IBM", "IV", "visa services and identity checks"),
    ("MAD", "CT", "protection of victims of trafficking"),
    ("MAD", "SM", "assistance to stranded migrants"),
    ("MAD", "RT", "return and reintegration"),
    ("LHD", "LM", "fair recruitment of migrant workers"),
    ("LHD", "FM", "skills before departure"),
    ("LHD", "CE", "local investment of the diaspora"),
    ("MPR", "PO", "a national migration policy"),
    ("MPR", "PR", "data on migration"),
    ("MECC", "NC", "mobility and a changing climate"),
)
WAYS = (  # activity type, words
    ("TRN", "training of officials"), ("TEC", "technical assistance"), ("RES", "a study"), ("COO", "coordination"),
    ("DIR", "direct assistance"), ("EQP", "systems and equipment"), ("DIA", "regional dialogue"), ("WSH", "workshops"),
    ("AWR", "public information"), ("LEG", "legal drafting"),
)
# fmt: on


@dataclass(slots=True)
class Plan:
    """One project. Money is in cents; `since_on` is the day on which it came to its status."""

    id: int
    status: S
    funding: Funding
    office: Office
    region: str
    countries: tuple[str, ...]
    title: str
    type: str
    area: int
    activity: int
    donor: int
    marker: str
    budget: int
    months: int
    year: int
    created_on: date
    since_on: date
    starts_on: date | None
    ends_on: date | None
    first_ends_on: date | None
    developer: int
    manager: int
    alternate: int
    head: int
    director: int

    @property
    def is_activated(self) -> bool:
        return self.status in ACTIVATED


@dataclass(frozen=True)
class Places:
    """Offices with a Regional Office, the types that exist, and how many donors there are."""

    offices: Sequence[Office]
    neighbours: dict[str, list[str]]
    """The countries of each Regional Office."""
    types: frozenset[str]
    donors: int


def portions(total: int, shares: Sequence[int]) -> list[int]:
    """`total` divided in proportion, exactly: the largest remainders are rounded up."""
    whole = sum(shares)
    found = [total * share // whole for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda place: (-(total * shares[place] % whole), place))
    for place in by_remainder[: total - sum(found)]:
        found[place] += 1
    return found


def plans(projects: int, places: Places, staff: Staff, today: date) -> list[Plan]:
    source = random.Random(2016)  # nosec B311
    weights = [1 + 12 * source.random() ** 4 for _ in places.offices]
    offices = source.choices(places.offices, weights, k=projects)
    kinds = list(_kinds(projects))
    source.shuffle(kinds)
    return [
        _plan(number, status, funding, share, office, places, staff, today, source)
        for number, ((status, funding, share), office) in enumerate(zip(kinds, offices, strict=True), 1)
    ]


def _kinds(projects: int) -> Iterator[tuple[S, Funding, float]]:
    """Status, funding, and how far through the status's dates: spread evenly, so that any number looks alike."""
    for status, number in zip(OF_A_THOUSAND, portions(projects, list(OF_A_THOUSAND.values())), strict=True):
        for place in range(number):
            fund = status in OF_THE_FUND or (
                status not in OF_A_DONOR and place % EVERY_FOURTH_IS_THE_FUNDS == EVERY_FOURTH_IS_THE_FUNDS - 1
            )
            yield status, Funding.FUND if fund else Funding.DONOR, (place + 0.5) / number


def _plan(
    number: int,
    status: S,
    funding: Funding,
    share: float,
    office: Office,
    places: Places,
    staff: Staff,
    today: date,
    source: random.Random,
) -> Plan:
    region = office.region_on(today) or ""
    months = source.choice(MONTHS[funding])
    starts_on, first_ends_on, since_on = _dates(status, months, share, today, source)
    ends_on = since_on if status is S.CANCELLED else first_ends_on
    created_on = (starts_on or since_on) - timedelta(days=source.randrange(120, 320))
    regional = office.country_code is None or source.random() < 0.15
    countries = [office.country_code] if office.country_code else []
    if regional:
        here = places.neighbours[region]
        countries += source.sample(here, min(len(here), source.randrange(1, 5)))
    subject, way = source.randrange(len(SUBJECTS)), source.randrange(len(WAYS))
    _area, kind, words = SUBJECTS[subject]
    phase = source.randrange(1, 5)
    team = source.randrange(len(staff.of(Role.PDEV, office.id)))
    return Plan(
        id=number,
        status=status,
        funding=funding,
        office=office,
        region=region,
        countries=tuple(dict.fromkeys(countries)),
        title=f"{office.name}: {words}, {WAYS[way][1]}" + (f", phase {phase}" if phase > 1 else ""),
        type=kind if kind in places.types else min(places.types),
        area=subject,
        activity=way,
        donor=source.randrange(places.donors),
        marker=source.choice(MARKERS),
        budget=_budget(funding, regional, source),
        months=months,
        year=(starts_on or since_on).year,
        created_on=created_on,
        since_on=since_on,
        starts_on=starts_on,
        ends_on=ends_on,
        first_ends_on=first_ends_on,
        developer=staff.of(Role.PDEV, office.id)[team],
        manager=staff.of(Role.PM, office.id)[team],
        alternate=staff.of(Role.APM, office.id)[team],
        head=staff.of(Role.COM, office.id)[0],
        director=staff.of(Role.RD, region)[0],
    )


def _dates(
    status: S, months: int, share: float, today: date, source: random.Random
) -> tuple[date | None, date | None, date]:
    """Start, agreed end, and the day of the status. The portfolio grows: more running projects are young than old."""
    if status not in ACTIVATED:
        longest = 9 * 365 if status in (S.REJECTED, S.WITHDRAWN) else 60
        return None, None, today - timedelta(days=1 + int(share * longest))
    length = months * 30.44
    if status in (S.OP_CLOSED, S.FIN_CLOSED):
        first, last = (130, 420) if status is S.OP_CLOSED else (430, 1500)
        ended = today - timedelta(days=int(first + share * (last - first)))
        starts_on = add_months(ended, -months) + DAY
        ends_on = add_months(starts_on, months) - DAY
        after = 110 if status is S.OP_CLOSED else 300 + source.randrange(100)
        return starts_on, ends_on, min(ends_on + timedelta(days=after), today - DAY)
    passed = 1.06 * share**1.3 if status is S.ACTIVE else 0.15 + 0.6 * share
    starts_on = today - timedelta(days=1 + int(passed * length))
    ends_on = add_months(starts_on, months) - DAY
    if status is S.ACTIVE:
        return starts_on, ends_on, starts_on
    return starts_on, ends_on, starts_on + (today - starts_on) * (4 + source.randrange(5)) // 10


def _budget(funding: Funding, regional: bool, source: random.Random) -> int:
    """In cents: within the Fund's limits, or a donor's, most of them small."""
    if funding is Funding.FUND:
        return source.randrange(10_000_000, 30_000_000) if regional else source.randrange(5_000_000, 20_000_000)
    return int(min(2_500_000_000, 8_000_000 * (1 + source.paretovariate(1.1))))
