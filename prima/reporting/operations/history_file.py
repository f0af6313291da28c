"""Reads a file of projects that ran before they came here: every cell that cannot be taken is named, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from openpyxl.utils import get_column_letter
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from prima.csvfiles import BadTable, Problem, amount, read_csv
from prima.handbook.edition import Edition
from prima.lists import AreaOfWork, Country, CountryAlias, Donor, ProjectType, StatusName
from prima.places import Office
from prima.projects.stages import Funding, Status
from prima.rates import USD
from prima.spreadsheets import reading
from prima.spreadsheets.tables import Cell, Holds
from prima.users import User

PROJECTS, REPORTS = "Projects", "Reports"
MOST_ROWS = 9_000
NEEDED = (
    "Reference", "Title", "Office", "Funding", "Funding year", "Project type", "Status", "Start", "End", "Budget",
)  # fmt: skip
OPTIONAL = (
    "Project ID", "Summary", "Donor", "Countries", "First end", "Currency", "Manager", "Alternate",
    "Months between interim reports", "Evaluation agreed",
)  # fmt: skip
OF_REPORTS = ("Reference", "Report", "Submitted on")
MORE_OF_REPORTS = ("Period end", "Accepted on")
STATUSES = (Status.ACTIVE, Status.SUSPENDED, Status.OP_CLOSED, Status.FIN_CLOSED, Status.CANCELLED)
"""What an existing project can be; one that is still proposed is drafted here."""
FUNDINGS = {"fund": Funding.FUND, "the fund": Funding.FUND, "donor": Funding.DONOR}
PROJECT_ID = re.compile(r"([A-Z]{2,6})[. -]?0*([1-9][0-9]{0,6})", re.IGNORECASE)
YES = {"yes": True, "no": False, "": False, "true": True, "false": False}
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LONGEST_TITLE = 300
FIRST_YEAR, LAST_YEAR = 1990, 2100
Known = TypeVar("Known")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a cell (or a row), where it stands and how it is mended."""

    place: str
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        column = f", “{self.column}”" if self.column else ""
        value = f" “{self.value[:100]}”:" if self.value else ""
        return f"{self.place}{column}:{value} {self.reason}"


class BadHistory(ValueError):
    """The file cannot be taken over; `faults` say why, in the order of its rows."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True)
class Line:
    """A row of a table by its headings, each cell with what it holds and where it stands."""

    place: str
    cells: Mapping[str, Cell]

    def text(self, column: str) -> str:
        return self.cells[column].text.strip() if column in self.cells else ""


@dataclass(frozen=True)
class Told:
    """A report that was handed in before the project came here."""

    kind: str
    period_to: date | None
    submitted_on: date
    accepted_on: date | None
    place: str


@dataclass(frozen=True)
class Past:
    """A project as the file states it."""

    place: str
    key: str
    code: str | None
    title: str
    summary: str
    office: Office
    funding: Funding
    donor_code: str | None
    funding_year: int
    project_type_code: str
    countries: tuple[str, ...]
    status: Status
    starts_on: date
    first_ends_on: date
    ends_on: date
    currency: str
    budget: Decimal
    areas: dict[str, Decimal]
    manager: User | None
    alternate: User | None
    interim_every_months: int | None
    evaluation_agreed: bool
    reports: list[Told] = field(default_factory=list)


def read(session: Session, data: bytes, name: str, reports: bytes | None, edition: Edition) -> list[Past]:
    """The projects of a workbook (sheets Projects and Reports) or of a CSV file, with the reports done in a second one.

    Raises BadHistory with every fault at once.
    """
    faults: list[Fault] = []
    areas = list(session.scalars(select(AreaOfWork).order_by(AreaOfWork.position)))
    of_areas = {word.casefold(): area.code for area in areas for word in (area.code, area.name)}
    if name.lower().endswith(".xlsx"):
        lines, told = _workbook(data, of_areas)
    else:
        lines = _csv(data, "line", NEEDED, (*OPTIONAL, *(word for area in areas for word in (area.code, area.name))))
        told = _csv(reports, "reports, line", OF_REPORTS, MORE_OF_REPORTS) if reports is not None else []
    reader = Reader(session, of_areas, edition)
    found: dict[str, Past] = {}
    codes: dict[str, str] = {}
    for line in lines:
        faults_before = len(faults)
        past = reader.project(line, faults)
        if past is None or len(faults) > faults_before:
            continue
        if there := found.get(past.key):
            faults.append(Fault(line.place, "Reference", past.key, f"{there.place} holds this reference already."))
        elif past.code and past.code in codes:
            reason = f"{codes[past.code]} holds this project ID already."
            faults.append(Fault(line.place, "Project ID", past.code, reason))
        else:
            found[past.key] = past
            if past.code:
                codes[past.code] = line.place
    named = {line.text("Reference") for line in lines}
    for line in told:
        reader.report(line, found, named, faults)
    if not lines and not faults:
        faults.append(Fault(PROJECTS, "", "", "There is no project below the headings."))
    if faults:
        raise BadHistory(faults)
    return list(found.values())


def _workbook(data: bytes, of_areas: Mapping[str, str]) -> tuple[list[Line], list[Line]]:
    try:
        names = reading.sheet_names(data)
        first = PROJECTS if any(one.casefold() == PROJECTS.casefold() for one in names) else names[0]
        lines = _table(data, first, NEEDED, OPTIONAL, of_areas)
        there = any(one.casefold() == REPORTS.casefold() for one in names)
        return lines, _table(data, REPORTS, OF_REPORTS, MORE_OF_REPORTS, {}) if there else []
    except reading.Unreadable as error:
        raise BadHistory([Fault("the file", "", "", str(error))]) from None


def _table(
    data: bytes, sheet: str, needed: Sequence[str], optional: Sequence[str], others: Mapping[str, str]
) -> list[Line]:
    rows = reading.read(data, sheet, most_rows=MOST_ROWS + 1).rows
    if not rows:
        raise BadHistory([Fault(sheet, "", "", "This sheet is empty.")])
    known = {name.casefold(): name for name in (*needed, *optional)}
    headings: dict[int, str] = {}
    faults = []
    for column, cell in enumerate(rows[0].cells):
        word = cell.text.strip()
        name = known.get(word.casefold()) or (word if word.casefold() in others else "")
        place = f"{sheet}, {get_column_letter(column + 1)}{rows[0].number}"
        if not word:
            if any(column < len(row.cells) and row.cells[column].text for row in rows[1:]):
                faults.append(Fault(place, "", "", "This column has no heading."))
        elif not name:
            faults.append(Fault(place, "", word, "This column is unknown. The template names every column."))
        elif name in headings.values():
            faults.append(Fault(place, "", word, "This column stands here twice."))
        else:
            headings[column] = name
    missing = [name for name in needed if name not in headings.values()]
    faults += [Fault(f"{sheet}, row {rows[0].number}", name, "", "This column is missing.") for name in missing]
    if faults:
        raise BadHistory(faults)
    return [
        Line(
            f"{sheet}, row {row.number}",
            {name: row.cells[column] for column, name in headings.items() if column < len(row.cells)},
        )
        for row in rows[1:]
    ]


def _csv(data: bytes, called: str, needed: Sequence[str], optional: Sequence[str]) -> list[Line]:
    try:
        lines = read_csv(data, needed, optional=optional)
    except BadTable as error:
        raise BadHistory([_as_fault(one, called) for one in error.problems]) from None
    return [Line(f"{called} {line.number}", {name: Cell(text) for name, text in line.values.items()}) for line in lines]


def _as_fault(problem: Problem, called: str) -> Fault:
    return Fault(f"{called} {problem.line}", problem.column, problem.value, problem.reason)


class Reader:
    """Turns lines into projects and reports; names are found exactly, by code, name or alias."""

    def __init__(self, session: Session, of_areas: Mapping[str, str], edition: Edition) -> None:
        self.of_areas, self.edition = of_areas, edition
        self.offices: dict[str, Office] = {}
        for office in session.scalars(select(Office).options(selectinload(Office.links))):
            self.offices |= dict.fromkeys((office.code.casefold(), office.name.casefold()), office)
        self.countries: dict[str, str] = {}
        for alias in session.scalars(select(CountryAlias)):
            self.countries[alias.alias.casefold()] = alias.country_code
        for country in session.scalars(select(Country)):
            self.countries |= dict.fromkeys((country.code.casefold(), country.name.casefold()), country.code)
        self.donors = _named(session.scalars(select(Donor)))
        self.types = _named(session.scalars(select(ProjectType)))
        self.prefixes = {one.code: one.id_prefix for one in session.scalars(select(ProjectType))}
        self.people = {one.email: one for one in session.scalars(select(User).where(User.active, User.staff))}
        self.statuses = {status.casefold(): status for status in STATUSES}
        for row in session.scalars(select(StatusName).where(StatusName.code.in_(STATUSES))):
            self.statuses[row.name.casefold()] = Status(row.code)
        self.kinds: dict[str, str] = {}
        for report in edition.reports:
            self.kinds |= dict.fromkeys((report.code.casefold(), report.name.en.casefold()), report.code)

    def project(self, line: Line, faults: list[Fault]) -> Past | None:
        said = Said(line, faults)
        key, title = said.words("Reference", 100), said.words("Title", LONGEST_TITLE)
        office = said.one_of("Office", self.offices, "There is no office of this name or code.")
        funding = said.one_of("Funding", FUNDINGS, "Write Fund or Donor.")
        year = said.whole("Funding year", FIRST_YEAR, LAST_YEAR)
        kind = said.one_of("Project type", self.types, "There is no project type of this name or code.")
        status = said.one_of("Status", self.statuses, f"Write one of {', '.join(STATUSES)}.")
        start, end = said.day("Start"), said.day("End")
        first_end = said.day("First end", optional=True) or end
        budget, areas = said.money("Budget"), self._areas(said)
        donor = said.one_of("Donor", self.donors, "There is no donor of this name or code.", optional=True)
        if funding is Funding.DONOR and not line.text("Donor"):
            said.wrong("Donor", "A donor's project names its donor.")
        elif funding is Funding.FUND and line.text("Donor"):
            said.wrong("Donor", "A project of the Fund has no donor.")
        if start and end and end < start:
            said.wrong("End", "The end comes before the start.")
        if start and first_end and first_end < start:
            said.wrong("First end", "The first end comes before the start.")
        if first_end and end and first_end > end and status is not Status.CANCELLED:
            said.wrong("First end", "The first end comes after the end: only an extension moves an end, and to later.")
        if areas and budget is not None and sum(areas.values()) != budget:
            total = sum(areas.values(), Decimal(0))
            said.wrong("Budget", f"The areas of work add up to {total:,}, the budget is {budget:,}.")
        currency = (line.text("Currency") or USD).upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            said.wrong("Currency", "Write the three capital letters of the currency, such as EUR.")
        manager, alternate = self._person(said, "Manager"), self._person(said, "Alternate")
        if manager and manager is alternate:
            said.wrong("Alternate", "The manager and the alternate are two people.")
        months = said.whole("Months between interim reports", 0, 60, optional=True)
        agreed = said.one_of("Evaluation agreed", YES, "Write yes or no.", optional=True)
        countries, code = self._countries(said), self._code(said, kind)
        if None in (office, funding, year, kind, status, start, end, budget) or not (key and title and first_end):
            return None
        assert office and funding and year and kind and status and start and end and budget is not None and first_end
        return Past(
            line.place, key, code, title, line.text("Summary"), office, funding, donor, year, kind, countries, status,
            start, first_end, end, currency, budget, areas, manager, alternate, months, bool(agreed),
        )  # fmt: skip

    def report(self, line: Line, projects: Mapping[str, Past], named: set[str], faults: list[Fault]) -> None:
        said = Said(line, faults)
        key = said.words("Reference", 100)
        if key and key not in named:
            said.wrong("Reference", "No project of this file has this reference.")
        kind = said.one_of("Report", self.kinds, "There is no report of this name or code.")
        submitted, accepted = said.day("Submitted on"), said.day("Accepted on", optional=True)
        period_to = said.day("Period end", optional=True)
        if submitted and accepted and accepted < submitted:
            said.wrong("Accepted on", "It cannot be accepted before it was submitted.")
        if key in projects and kind and submitted:
            past = projects[key]
            if any((one.kind, one.period_to) == (kind, period_to) for one in past.reports):
                said.wrong("Report", "This report stands here already.")
            else:
                past.reports.append(Told(kind, period_to, submitted, accepted, line.place))

    def _areas(self, said: Said) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for column in said.line.cells:
            code = self.of_areas.get(column.casefold())
            value = said.money(column, optional=True) if code else None
            if code and value:
                found[code] = found.get(code, Decimal(0)) + value
        return found

    def _person(self, said: Said, column: str) -> User | None:
        return said.one_of(column, self.people, "Nobody with this address has an active account.", optional=True)

    def _countries(self, said: Said) -> tuple[str, ...]:
        found: list[str] = []
        for name in filter(None, (part.strip() for part in said.line.text("Countries").split(";"))):
            code = self.countries.get(name.casefold())
            if code is None:
                said.wrong("Countries", f"No country is called “{name}”. Put a semicolon between two countries.")
            elif code not in found:
                found.append(code)
        return tuple(found)

    def _code(self, said: Said, kind: str | None) -> str | None:
        text = said.line.text("Project ID")
        if not text:
            return None
        match = PROJECT_ID.fullmatch(text)
        if match is None:
            said.wrong("Project ID", "A project ID has the prefix of its type, a point and digits: LM.0276.")
            return None
        prefix = match[1].upper()
        if kind and self.prefixes.get(kind) != prefix:
            said.wrong("Project ID", f"A project of this type has the prefix {self.prefixes.get(kind)}.")
        return f"{prefix}.{int(match[2]):04d}"


@dataclass(frozen=True)
class Said:
    """Reads the cells of one line, noting what is wrong with each."""

    line: Line
    faults: list[Fault]

    def wrong(self, column: str, reason: str) -> None:
        cell = self.line.cells.get(column)
        place = self.line.place
        if cell is not None and cell.place:
            place = f"{place.partition(',')[0]}, {cell.place}"
        self.faults.append(Fault(place, column, cell.text if cell else "", reason))

    def words(self, column: str, most: int) -> str:
        cell = self.line.cells.get(column)
        text = self.line.text(column)
        if cell is not None and cell.holds is Holds.OTHER:
            self.wrong(column, "This cell holds no text.")
            return ""
        if not text:
            self.wrong(column, "This is missing.")
        elif len(text) > most:
            self.wrong(column, f"At most {most} characters.")
        return text

    def one_of(self, column: str, known: Mapping[str, Known], reason: str, *, optional: bool = False) -> Known | None:
        text = self.line.text(column)
        if not text:
            if not optional:
                self.wrong(column, "This is missing.")
            return None
        found = known.get(text.casefold())
        if found is None:
            self.wrong(column, reason)
        return found

    def whole(self, column: str, least: int, most: int, *, optional: bool = False) -> int | None:
        text = self.line.text(column)
        if not text and optional:
            return None
        if text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most:
            return int(text)
        self.wrong(column, f"Write a whole number from {least} to {most}." if text else "This is missing.")
        return None

    def day(self, column: str, *, optional: bool = False) -> date | None:
        text = self.line.text(column)
        if not text:
            if not optional:
                self.wrong(column, "This is missing.")
            return None
        try:
            found = date.fromisoformat(text) if DAY.fullmatch(text) else None
        except ValueError:
            found = None
        if found is None:
            self.wrong(column, "Write a day such as 2016-10-31, or a date of the spreadsheet.")
        elif not FIRST_YEAR <= found.year <= LAST_YEAR:
            self.wrong(column, f"The year must lie between {FIRST_YEAR} and {LAST_YEAR}.")
            return None
        return found

    def money(self, column: str, *, optional: bool = False) -> Decimal | None:
        text = self.line.text(column)
        if not text and optional:
            return None
        cell = self.line.cells.get(column)
        try:
            if cell is not None and cell.holds is Holds.OTHER:
                raise ValueError("This cell holds no amount.")
            return amount(text)
        except (ValueError, InvalidOperation) as error:
            self.wrong(column, str(error))
            return None


def _named(rows: Iterable[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        found |= dict.fromkeys((row.code.casefold(), row.name.casefold()), row.code)
    return found
