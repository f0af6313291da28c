"""Filters become conditions of SQL: the lists they choose from, and the projects they choose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    any_,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from prima import clock, kept
from prima.connections import there_of_each
from prima.db import Model, db
from prima.lists import (
    ActivityType,
    AreaOfWork,
    Country,
    CountryAlias,
    CrossCuttingTheme,
    Donor,
    GenderMarker,
    MigrationGovernance,
    ProjectType,
    RegionalOffice,
    SdgTarget,
    StatusName,
)
from prima.permissions import Action, can
from prima.places import Office, OfficeLink
from prima.projects.models import (
    ALLOCATIONS,
    Bookmark,
    Coverage,
    Dimension,
    Extension,
    FundingRound,
    GovernanceMark,
    Milestone,
    Part,
    Party,
    Project,
    SdgMark,
    ThemeMark,
)
from prima.projects.models.project import BY_END
from prima.projects.stages import RUNNING
from prima.projects.visibility import out_of_sight, region_link, visible_projects
from prima.reporting.calendar import EVALUATION, EXTENSION_REQUEST
from prima.reporting.models import AreaByActivity, Deadline, Unmarked
from prima.reporting.models.deadlines import OPEN_UNTIL
from prima.reporting.portfolio.filters import (
    FUNDINGS,
    LABELS,
    NONE,
    TYPED,
    WRITTEN,
    YES,
    Choice,
    Choices,
    Filters,
    parse,
    quoted,
    stages,
)
from prima.reporting.portfolio.keeping import whose
from prima.reporting.queries import is_missed, is_overdue, owes
from prima.reporting.search.matching import mentions, mentions_one_by_one
from prima.users import User, folded

LISTS: dict[str, tuple[Any, Any]] = {
    "region": (RegionalOffice, RegionalOffice.region),
    "status": (StatusName, StatusName.name),
    "area": (AreaOfWork, AreaOfWork.name),
    "activity": (ActivityType, ActivityType.name),
    "type": (ProjectType, ProjectType.name),
    "marker": (GenderMarker, GenderMarker.name),
    "sdg": (SdgTarget, SdgTarget.code + " " + SdgTarget.name),
    "migof": (MigrationGovernance, MigrationGovernance.code + " " + MigrationGovernance.name),
    "theme": (CrossCuttingTheme, CrossCuttingTheme.name),
}
PLACES: dict[str, Any] = {"country": Country, "office": Office, "donor": Donor}
NAMES: dict[str, tuple[type[Model], ...]] = {"country": (Country, CountryAlias), "office": (Office,), "donor": (Donor,)}
"""The tables in which a typed name or code is looked up."""
MARKS: dict[str, Any] = {"sdg": SdgMark, "migof": GovernanceMark, "theme": ThemeMark}
ANSWERABLE = (Part.DEVELOPER, Part.MANAGER, Part.ALTERNATE)
"""Whose projects they are when a person is asked for."""


@dataclass(frozen=True)
class Reading:
    """What a URL asks for: the filters, what was wrong with it, and the lists that filters choose from."""

    filters: Filters
    problems: list[str]
    choices: Choices
    typed: dict[str, str]
    """The words in fields that are typed, also when they were wrong."""

    def options(self, name: str) -> Markup:
        """What a filter can be chosen from, as the options of its field; the one that is asked for is selected."""
        value = getattr(self.filters, name)
        return _options(tuple(self.choices[name]), "" if value is None else str(value))

    @property
    def part_name(self) -> str:
        """What an area of work or activity type that is asked for is called."""
        for kind in ("area", "activity"):
            if code := getattr(self.filters, kind):
                return next((row.name for row in self.choices[kind] if row.code == code), _("Not stated"))
        return ""

    def said(self) -> list[tuple[str, str]]:
        """The filters in words: what each that is set is called, and what it asks for."""
        found = []
        for name, value in self.filters.args().items():
            names = {row.code: row.name for row in self.choices.get(name, ())}
            if value == NONE:
                words = _("No Regional Office") if name == "region" else _("Not stated")
            else:
                words = _("yes") if value == YES else names.get(str(value), str(value))
            found.append((str(LABELS[name]), words))
        return found


@lru_cache(maxsize=256)
def _options(choices: Sequence[Choice], chosen: str) -> Markup:
    """Drawn once: the same hundreds stand on every page with filters."""
    plain, selected = Markup('<option value="{}">{}</option>'), Markup('<option value="{}" selected>{}</option>')
    return Markup("\n").join((selected if one.code == chosen else plain).format(one.code, one.name) for one in choices)


def read(viewer: User | None, given: Mapping[str, Sequence[str]]) -> Reading:
    """Read the arguments of a URL; what they choose from is kept, save who is called as somebody typed."""
    choices = _choices(viewer, given)
    filters, problems = parse(given, choices)
    if filters.year and str(filters.year) not in {year.code for year in choices["year"]}:
        choices["year"].append(Choice(str(filters.year), str(filters.year)))
    typed = {name: next((value for value in given.get(name, ()) if value.strip()), "") for name in (*TYPED, *WRITTEN)}
    for name in TYPED - {"person"}:
        if code := getattr(filters, name):
            typed[name] = next(row.name for row in choices[name] if row.code == code)
    return Reading(filters, problems, choices, {name: quoted(text) for name, text in typed.items()})


def _choices(viewer: User | None, given: Mapping[str, Sequence[str]]) -> dict[str, list[Choice]]:
    found: dict[str, list[Choice]] = {kind: [] for kind in (*LISTS, "year", "call", *PLACES, "person")}
    for kind, choice in (*_listed(), *_of_viewer(viewer), *_typed(viewer, given)):
        found[kind].append(choice)
    found["stage"] = stages(found["status"])
    found["funding"] = [Choice(code, str(name)) for code, name in FUNDINGS.items()]
    return found


Named = tuple[tuple[str, Choice], ...]
"""Values of filters, each with the name of the filter."""


def _listed() -> Named:
    """What stands in short lists."""
    return kept.answer("lists", [table for table, _name in LISTS.values()], lambda: _asked(list(map(_list, LISTS))))


def _list(kind: str) -> Select[Any]:
    table, name = LISTS[kind]
    more = StatusName.stage if kind == "status" else literal("")
    return _arm(kind, table.code, name, table.position, more, table.retired)


def _arm(kind: str, code: Any, name: Any, position: Any = 0, more: Any = "", retired: Any = None) -> Select[Any]:
    position = literal(position) if isinstance(position, int) else position
    more = literal(more) if isinstance(more, str) else more
    return select(
        literal(kind).label("kind"),
        code.label("code"),
        name.label("name"),
        position.label("position"),
        more.label("more"),
        (false() if retired is None else retired).label("retired"),
    )


def _asked(arms: Sequence[Any]) -> Named:
    rows = db.session.execute(union_all(*arms).order_by("kind", "position", "name"))
    return tuple((kind, Choice(code, name, more, retired)) for kind, code, name, _at, more, retired in rows)


def _of_viewer(viewer: User | None) -> Named:
    """What depends on the projects that are to be seen: their years, and the Fund's calls they were submitted to."""
    every_call = viewer is None or can(viewer, Action.SEE_CALLS)
    uses = (Project, Party, OfficeLink, FundingRound)
    return kept.answer(
        ("years", every_call, whose(viewer)), uses, lambda: _asked([_years(viewer), _calls(viewer, every=every_call)])
    )


def _calls(viewer: User | None, *, every: bool) -> Select[Any]:
    name, at = FundingRound.code + ": " + FundingRound.name, -FundingRound.funding_year
    known = true() if every else FundingRound.code.in_(visible_projects(viewer, Project.funding_round_code))
    return _arm("call", FundingRound.code, name, at).where(known)


def _typed(viewer: User | None, given: Mapping[str, Sequence[str]]) -> Named:
    """What is called as somebody typed."""
    found: list[tuple[str, Choice]] = []
    for kind, table in PLACES.items():
        if words := _words(given, kind):
            found += kept.answer((kind, words), NAMES[kind], partial(_places, kind, table, words))
    if words := _words(given, "person"):
        found += _asked([_people(viewer, words)])
    return tuple(found)


def _places(kind: str, table: Any, words: frozenset[str]) -> Named:
    named = or_(table.code.in_(words), _named(table, words))
    return _asked([_arm(kind, table.code, table.name, retired=table.retired).where(named)])


def _years(viewer: User | None) -> Select[Any]:
    """The years of projects to be seen. However many there are: from year to year, and whether there is one of it."""
    first = select(func.min(Project.funding_year).label("year")).cte("years", recursive=True)
    next_one = select(func.min(Project.funding_year)).where(Project.funding_year > first.c.year).scalar_subquery()
    years = first.union_all(select(next_one).where(first.c.year.is_not(None)))
    year = cast(years.c.year, Text)
    # OFFSET 0: one is looked for in each year, where the database would rather read all projects once.
    seen = visible_projects(viewer, Project.id).where(Project.funding_year == years.c.year).offset(literal_column("0"))
    return _arm("year", year, year, -years.c.year).where(years.c.year.is_not(None), seen.correlate(years).exists())


def _words(given: Mapping[str, Sequence[str]], kind: str) -> frozenset[str]:
    return frozenset(value.strip() for value in given.get(kind, ()) if value.strip() and value.isprintable())


def _people(viewer: User | None, words: frozenset[str]) -> Any:
    """Who has that address or name; somebody from outside is told only of those in the projects they see."""
    said = or_(User.email.in_([word.casefold() for word in words]), User.sort_key.in_([folded(word) for word in words]))
    found: Any = _arm("person", User.email, User.name).where(said)
    if viewer is None or viewer.staff:
        return found
    theirs = select(Party.user_id).where(Party.project_id.in_(visible_projects(viewer, Project.id)))
    return found.where(User.id.in_(theirs))


def _named(table: Any, words: frozenset[str]) -> ColumnElement[bool]:
    """Has one of the names or aliases, whatever the case and, where a sort key is kept, the accents."""
    if table is Donor:
        return func.lower(Donor.name).in_([word.lower() for word in words])
    named: ColumnElement[bool] = table.sort_key.in_([folded(word) for word in words])
    if table is Country:
        aliases = select(CountryAlias.country_code).where(CountryAlias.alias.in_(words))
        named = or_(named, Country.code.in_(aliases))
    return named


# -- which projects ---------------------------------------------------------------------------------------------------


def chosen(viewer: User | None, filters: Filters) -> Subquery:
    """The ids of the projects that the filters choose among those the viewer may see."""
    return visible_projects(viewer, Project.id).where(*conditions(viewer, filters)).subquery("chosen")


def chosen_out_of_sight(viewer: User, filters: Filters) -> Subquery:
    """Of those the ids that the viewer sees for another reason than where they are, their status and their funding."""
    return out_of_sight(viewer).where(*conditions(viewer, filters)).subquery("beside")


def projects(viewer: User | None, filters: Filters, *columns: Any) -> Select[Any]:
    """`columns` of the chosen projects, each joined to its office and (if it has one) its Regional Office."""
    return joined(chosen(viewer, filters), *columns)


def joined(ids: Subquery, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(ids)
        .join(Project, Project.id == ids.c.id)
        .join(Office, Office.id == Project.office_id)
        .outerjoin(OfficeLink, region_link())
        .outerjoin(RegionalOffice, RegionalOffice.code == OfficeLink.region_code)
    )


def conditions(viewer: User | None, filters: Filters, *, one_by_one: bool = False) -> list[ColumnElement[bool]]:
    """On Project. One by one: what stands beside a project is looked up for each, and never for all of them at once."""
    there = there_of_each if one_by_one else _there
    found: list[ColumnElement[bool]] = []
    if filters.region == NONE:
        # Few offices are not linked on all days: only of their projects the day is asked.
        always = (OfficeLink.office_id == Office.id, OfficeLink.valid_from.is_(None), OfficeLink.valid_to.is_(None))
        found.append(Project.office_id.in_(select(Office.id).where(~exists().where(*always).correlate(Office))))
        found.append(~exists().where(region_link()).correlate(Project))
    elif filters.region:
        linked = exists().where(region_link(), OfficeLink.region_code == filters.region)
        found.append(linked.correlate(Project))
    if filters.year is not None:
        found.append(Project.funding_year == filters.year)
    for column, value in (
        (Project.status, filters.status),
        (Project.funding, filters.funding),
        (Project.donor_code, filters.donor),
    ):
        if value:
            found.append(column == value)
    for nullable, value in (
        (Project.project_type_code, filters.type),
        (Project.gender_marker_code, filters.marker),
        (Project.funding_round_code, filters.call),
    ):
        if value:
            found.append(nullable.is_(None) if value == NONE else nullable == value)
    if filters.stage:
        found.append(Project.status.in_(select(StatusName.code).where(StatusName.stage == filters.stage)))
    if filters.office:
        found.append(Project.office_id.in_(select(Office.id).where(Office.code == filters.office)))
    if filters.country:
        found.append(there(Coverage.project_id == Project.id, Coverage.country_code == filters.country))
    for dimension, value in ((Dimension.AREA, filters.area), (Dimension.ACTIVITY, filters.activity)):
        if value:
            found.append(_allocated(there, dimension, value))
    if filters.overdue:
        past = () if one_by_one else (literal_column(OPEN_UNTIL) <= clock.today(),)
        found.append(there(Deadline.project_id == Project.id, *past, is_overdue()))
    found += _marked(there, filters) + limits(filters) + _days(there, filters)
    if filters.person:
        theirs = select(Party.project_id).join(User, User.id == Party.user_id)
        now = (Party.part.in_(ANSWERABLE), Party.until_at.is_(None))
        found.append(Project.id.in_(theirs.where(User.email == filters.person, *now)))
    if filters.bookmarked:
        kept = select(Bookmark.project_id).where(Bookmark.user_id == viewer.id) if viewer else None
        found.append(Project.id.in_(kept) if kept is not None else false())
    if filters.q:
        found += mentions_one_by_one(filters.q) if one_by_one else mentions(filters.q)
    return found


There = Callable[..., ColumnElement[bool]]


def _there(*those: Any) -> ColumnElement[bool]:
    """Whether there is a row of which this is true."""
    return exists().where(*those).correlate(Project)


def _marked(there: There, filters: Filters) -> list[ColumnElement[bool]]:
    """Marked with the code; NONE: with none of the list."""
    found: list[ColumnElement[bool]] = []
    for name, mark in MARKS.items():
        code, of_it = getattr(filters, name), mark.project_id == Project.id
        if code:
            without = there(Unmarked.project_id == Project.id, Unmarked.kind == name)
            found.append(without if code == NONE else there(of_it, mark.code == code))
    return found


def limits(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.min is not None:
        found.append(Project.budget_usd >= filters.min)
    if filters.max is not None:
        found.append(Project.budget_usd <= filters.max)
    return found


def _days(there: There, filters: Filters) -> list[ColumnElement[bool]]:
    """What depends on the day."""
    today = clock.today()
    found: list[ColumnElement[bool]] = []
    if filters.ending is not None:
        soon = literal_column(BY_END).between(today, today + timedelta(days=filters.ending))
        found += [Project.status.in_(RUNNING), soon]
    if filters.extended:
        found.append(there(Extension.project_id == Project.id))
    if filters.evaluation:
        opens = func.coalesce(Deadline.from_on, Deadline.due_on)
        open_one = (Deadline.kind == EVALUATION, Deadline.is_open, opens <= today)
        if there is there_of_each:
            found += [there(Deadline.project_id == Project.id, *open_one), owes()]
        else:
            # The database counts no days of what is open, and would rather read all projects than look up these.
            these = func.array(select(Deadline.project_id).where(*open_one).scalar_subquery())
            found += [Project.id == any_(these), owes()]
    if filters.milestones:
        found.append(there(Milestone.project_id == Project.id, is_missed()))
    if filters.due is not None:
        within = (today, today + timedelta(days=filters.due))
        owed = (Deadline.project_id == Project.id, Deadline.is_open, Deadline.kind != EXTENSION_REQUEST, owes())
        by_day = () if there is there_of_each else (literal_column(OPEN_UNTIL).between(*within),)
        found.append(there(*owed, Deadline.due_on.between(*within), *by_day))
    return found


def _allocated(there: There, dimension: Dimension, code: str) -> ColumnElement[bool]:
    """Has money allocated to the code; NONE: some of its budget is allocated to nothing."""
    table = ALLOCATIONS[dimension]
    if code != NONE:
        return there(table.project_id == Project.id, table.code == code, table.amount_usd > 0)
    # A budget of nothing has cells of what is allocated beyond it. NONE as a text: so it stands in a partial index.
    is_rest = getattr(AreaByActivity, dimension.value) == literal_column(f"'{NONE}'")
    return and_(Project.budget_usd > 0, there(AreaByActivity.project_id == Project.id, is_rest))
