"""Reads a portfolio file: places by code, name or alias, amounts by area, totals checked; all problems at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from prima import clock
from prima.csvfiles import BadTable, Line, Problem, amount, read_csv
from prima.lists import AreaOfWork, Country, CountryAlias, RegionalOffice
from prima.places import Office, OfficeKind
from prima.projects.stages import Status

REGION, NAME, TOTAL = "region", "country_or_programme", "stated_total"
REGIONAL_PROGRAMMES = "Regional programmes"
TOTALS = "total"
ALL_REGIONS = frozenset({"", "all", "all regions", TOTALS})
EVERYWHERE = "*"

Amounts = dict[str, Decimal]


@dataclass(frozen=True)
class Row:
    """One row in order: whose it is, and its amounts other than 0 by code of the area of work."""

    line: int
    name: str
    region: str
    office: Office
    countries: tuple[str, ...]
    amounts: Amounts

    @property
    def total(self) -> Decimal:
        return sum(self.amounts.values(), Decimal(0))

    @property
    def status(self) -> Status:
        """Published requirements are endorsed and look for a donor; a row without any is an idea still."""
        return Status.ENDORSED if self.amounts else Status.CONCEPT

    def key(self, year: int) -> str:
        """Year, region and place by their codes: another spelling of a country brings no second project."""
        return f"{year}|{self.region}|{self.office.code}"


@dataclass(frozen=True)
class Figures:
    """The figures of one line; a cell that holds no amount has none. `region` is a code, empty when unknown."""

    line: Line
    region: str
    cells: dict[str, Decimal]


def read(session: Session, data: bytes, areas: Sequence[AreaOfWork]) -> list[Row]:
    """The rows of the file; raises BadTable with all problems in the order of the lines."""
    columns = {area.funding_column: area for area in areas if area.funding_column}
    lines = read_csv(data, [REGION, NAME, *columns, TOTAL])
    places = Places(session)
    problems: list[Problem] = []
    figures: list[Figures] = []
    totals: list[Figures] = []
    rows: list[Row] = []
    first: dict[str, int] = {}
    for line in lines:
        cells = _amounts(line, [*columns, TOTAL], problems)
        if is_totals(line):
            everywhere = line.values[REGION].casefold() in ALL_REGIONS
            totals.append(Figures(line, EVERYWHERE if everywhere else places.region(line, problems), cells))
            continue
        problems += _unequal(line, cells, list(columns))
        region = places.region(line, problems)
        figures.append(Figures(line, region, cells))
        office = places.office(line, region, problems)
        if office is None:
            continue
        if earlier := first.get(office.code):
            problems.append(Problem(line.number, NAME, line.values[NAME], f"Line {earlier} holds the same place."))
        first.setdefault(office.code, line.number)
        amounts = {area.code: cells[column] for column, area in columns.items() if cells.get(column)}
        rows.append(Row(line.number, line.values[NAME], region, office, places.covered(line), amounts))
    for one in totals:
        inside = [row for row in figures if one.region in (EVERYWHERE, row.region)]
        problems += _wrong_totals(one, inside, [*columns, TOTAL])
    if not rows and not problems:
        problems.append(Problem(1, "", "", "There is no row of a country or programme below the headings."))
    if problems:
        raise BadTable(sorted(problems, key=lambda problem: problem.line))
    return rows


def is_totals(line: Line) -> bool:
    """A row named Total, in the column of names or, that one being empty, in the column of regions."""
    return (line.values[NAME] or line.values[REGION]).casefold() == TOTALS


def _amounts(line: Line, columns: Iterable[str], problems: list[Problem]) -> dict[str, Decimal]:
    found = {}
    for column in columns:
        try:
            found[column] = amount(line.values[column])
        except ValueError as error:
            problems.append(Problem(line.number, column, line.values[column], str(error)))
    return found


def _unequal(line: Line, cells: dict[str, Decimal], columns: list[str]) -> Iterator[Problem]:
    """A row whose areas do not add up to its stated total."""
    if len(cells) == len(columns) + 1:
        added, stated = sum((cells[column] for column in columns), Decimal(0)), cells[TOTAL]
        if added != stated:
            reason = (
                f"The areas of “{line.values[NAME]}” add up to {added:,}, the row states {stated:,}: "
                f"the difference is {abs(stated - added):,}."
            )
            yield Problem(line.number, TOTAL, line.values[TOTAL], reason)


def _wrong_totals(totals: Figures, inside: list[Figures], columns: Iterable[str]) -> Iterator[Problem]:
    """The cells of a row of totals that do not add up; a column with an unreadable cell cannot be checked."""
    if not totals.region:
        return
    for column in columns:
        if column not in totals.cells or any(column not in row.cells for row in inside):
            continue
        added, stated = sum((row.cells[column] for row in inside), Decimal(0)), totals.cells[column]
        if added != stated:
            reason = (
                f"The {len(inside)} rows add up to {added:,}, this row of totals states {stated:,}: "
                f"the difference is {abs(stated - added):,}."
            )
            yield Problem(totals.line.number, column, totals.line.values[column], reason)


class Places:
    """Finds regions and offices by code, name or alias, exactly as written."""

    def __init__(self, session: Session) -> None:
        self.regions: dict[str, str] = {}
        self.names: dict[str, str] = {}
        for region in session.scalars(select(RegionalOffice)):
            self.regions |= dict.fromkeys((region.code, region.region, region.name), region.code)
            self.names[region.code] = region.region
        offices = session.scalars(select(Office).where(Office.retired.is_(False)).options(selectinload(Office.links)))
        self.regional: dict[str, Office] = {}
        self.in_country: dict[str, Office] = {}
        for office in offices:
            if office.kind is OfficeKind.REGIONAL:
                self.regional[office.code] = office
            elif office.kind is OfficeKind.COUNTRY and office.country_code:
                self.in_country[office.country_code] = office
        self.countries: dict[str, tuple[str, ...]] = {}
        for country in session.scalars(select(Country)):
            self.countries |= dict.fromkeys((country.code, country.name), (country.code,))
        for alias in session.scalars(select(CountryAlias)):
            self.countries[alias.alias] = (alias.country_code, *alias.also_covers.split())
        self.today = clock.today()

    def region(self, line: Line, problems: list[Problem]) -> str:
        """The region's code; empty, and a problem, when there is none."""
        written = line.values[REGION]
        code = self.regions.get(written, "")
        if not code:
            reason = "There is no region of this name or code." if written else "The region is missing."
            problems.append(Problem(line.number, REGION, written, reason))
        return code

    def office(self, line: Line, region: str, problems: list[Problem]) -> Office | None:
        """The country office of a country; the Regional Office of regional programmes."""
        name = line.values[NAME]
        if name == REGIONAL_PROGRAMMES:
            office = self.regional.get(f"RO-{region}")
            if region and office is None:
                problems.append(Problem(line.number, REGION, line.values[REGION], "This Regional Office is closed."))
        else:
            office = self._country_office(line, problems)
        if not region or office is None:
            return None
        linked = office.region_on(self.today)
        if linked == region:
            return office
        where = f"“{self.names[linked]}”" if linked else "no Regional Office"
        reason = f"The office of “{name}” stands under {where} today, so its figures would count there."
        problems.append(Problem(line.number, REGION, line.values[REGION], reason))
        return None

    def covered(self, line: Line) -> tuple[str, ...]:
        """The codes of the countries that a row covers; none for regional programmes."""
        return self.countries.get(line.values[NAME], ())

    def _country_office(self, line: Line, problems: list[Problem]) -> Office | None:
        name, countries = line.values[NAME], self.covered(line)
        office = self.in_country.get(countries[0]) if countries else None
        if office is None:
            reason = "No country has this name, code or alias. Add it to the aliases if it is one."
            if countries:
                reason = "This country has no country office."
            if not name:
                reason = "The country or programme is missing."
            problems.append(Problem(line.number, NAME, name, reason))
        return office
