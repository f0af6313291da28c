"""The portfolio as an Excel workbook: projects, the totals by region and area of the very same rows, milestones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any

from flask_babel import gettext as _

from prima.projects.stages import Funding
from prima.reporting.library import Found
from prima.reporting.portfolio import Exported
from prima.spreadsheets import Column, Kind, Sheet

REGION, FUNDING = 5, 9
FACTS = (
    ("Reference", Kind.TEXT),
    ("Project ID", Kind.TEXT),
    ("Title", Kind.TEXT),
    ("Status", Kind.TEXT),
    ("Stage", Kind.TEXT),
    ("Regional Office", Kind.TEXT),
    ("Country", Kind.TEXT),
    ("Office", Kind.TEXT),
    ("Project type", Kind.TEXT),
    ("Funding", Kind.TEXT),
    ("Donor", Kind.TEXT),
    ("Funding year", Kind.NUMBER),
    ("Start", Kind.DAY),
    ("End", Kind.DAY),
    ("Budget (USD)", Kind.MONEY),
)
"""The headings are read by other programs, so they are not translated."""
MILESTONES = (
    ("Reference", Kind.TEXT),
    ("Project ID", Kind.TEXT),
    ("Title", Kind.TEXT),
    ("Milestone", Kind.TEXT),
    ("Planned day", Kind.DAY),
    ("Done on", Kind.DAY),
    ("Evidence", Kind.TEXT),
    ("State", Kind.TEXT),
)
ZERO = Decimal(0)


class Counting:
    """Passes the rows on and adds up their areas by region, so that both sheets hold the same figures."""

    def __init__(self, exported: Exported) -> None:
        self.exported = exported
        self.areas = slice(len(FACTS), len(FACTS) + len(exported.areas))
        self.sums: dict[str | None, list[Decimal]] = defaultdict(lambda: [ZERO] * len(exported.areas))

    def rows(self) -> Iterator[Sequence[Any]]:
        for row in self.exported.rows:
            sums = self.sums[row[REGION]]
            for place, amount in enumerate(row[self.areas]):
                if amount:
                    sums[place] += amount
            yield row

    def totals(self) -> Iterator[list[Any]]:
        """By region in the order of the list, and all of them; right once the rows are gone through."""
        for region in (*self.exported.regions, None):
            if region in self.sums:
                yield [region or _("No Regional Office"), *self.sums[region], sum(self.sums[region], ZERO)]
        everything = [sum(amounts, ZERO) for amounts in zip(*self.sums.values(), strict=True)]
        everything = everything or [ZERO] * len(self.exported.areas)
        yield ["All", *everything, sum(everything, ZERO)]


def portfolio(exported: Exported) -> tuple[Sheet, ...]:
    """The sheets `Projects`, `Totals` and `Milestones`; what is not stated stays blank."""
    counting = Counting(exported)
    amounts = [*exported.areas, *exported.activities]
    projects = (
        *(Column(heading, _reader(place), kind) for place, (heading, kind) in enumerate(FACTS)),
        *(
            Column(f"{name} (USD)", itemgetter(place), Kind.MONEY)
            for place, name in enumerate(amounts, start=len(FACTS))
        ),
    )
    totals = (
        Column("Regional Office", itemgetter(0)),
        *(
            Column(name, itemgetter(place), Kind.MONEY)
            for place, name in enumerate([*exported.areas, "Total"], start=1)
        ),
    )
    milestones = [Column(heading, itemgetter(place), kind) for place, (heading, kind) in enumerate(MILESTONES)]
    return (
        Sheet("Projects", projects, counting.rows()),
        Sheet("Totals", totals, counting.totals()),
        Sheet("Milestones", milestones, exported.milestones),
    )


def _reader(place: int) -> Any:
    if place != FUNDING:
        return itemgetter(place)
    words = {Funding.FUND: "Fund", Funding.DONOR: "Donor"}
    return lambda row: words[row[FUNDING]]


LESSONS = (
    ("Kind", Kind.TEXT),
    ("Title", Kind.TEXT),
    ("What happened", Kind.TEXT),
    ("Why", Kind.TEXT),
    ("Advice", Kind.TEXT),
    ("Theme", Kind.TEXT),
    ("Country", Kind.TEXT),
    ("Stage", Kind.TEXT),
    ("Tags", Kind.TEXT),
    ("Project", Kind.TEXT),
    ("Project title", Kind.TEXT),
    ("Office", Kind.TEXT),
    ("Recorded", Kind.DAY),
    ("In the library", Kind.TEXT),
)


def lessons(found: Iterable[Found], kinds: Mapping[str, str], stages: Mapping[str, str]) -> Sheet:
    """The sheet `Lessons`, in the order of the list."""
    rows = (
        (
            kinds[one.kind], one.title, one.happened, one.why, one.advice, one.theme, one.country,
            stages.get(one.stage, one.stage), ", ".join(one.tags), one.project, one.project_title, one.office,
            one.made_at.date(), "yes" if one.curated else "no",
        )
        for one in found
    )  # fmt: skip
    return Sheet("Lessons", [Column(name, itemgetter(place), kind) for place, (name, kind) in enumerate(LESSONS)], rows)
