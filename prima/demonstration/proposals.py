"""The written part of the sixty Fund projects: cover, sections, budget, allocation, beneficiaries, file, milestones."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from prima.demonstration import budget, letters, matrices, plot
from prima.demonstration.days import TODAY, moment, on, working_day
from prima.demonstration.offices import Site, in_a_sentence
from prima.demonstration.stories import Drafted, Habit, Story
from prima.demonstration.topics import (
    HEAVY_STAFF,
    MILESTONES,
    SECTIONS,
    TOPICS,
    UNKNOWN_ELIGIBILITY,
    Shares,
    Topic,
)
from prima.handbook import published
from prima.lists import Country
from prima.projects.models import (
    ActivityAllocation,
    AllocationBasis,
    AreaAllocation,
    Basis,
    Beneficiaries,
    BudgetLine,
    CountryAllocation,
    Coverage,
    Dimension,
    Justification,
    Milestone,
    Project,
    Reach,
    Section,
)
from prima.projects.operations.moves import reference_of
from prima.projects.shares import divided
from prima.projects.stages import Funding, Status
from prima.users import Role, User

DRAFTED = ("SUM", "RAT", "PAR")
"""The sections of a proposal that is still a draft."""
GENDER = {"CTR": "2b", "LAB": "2a", "HLT": "2a", "BRD": "1", "RES": "1", "DIA": "1"}
PLANNED_START = TODAY.replace(year=2017, month=2)
BY_COUNTRY = {3: (40, 30, 30), 4: (35, 25, 20, 20)}
"""What each country of a regional project is to get, in percent, by how many there are."""


@dataclass(frozen=True)
class Case:
    """A story with everything that stands around it."""

    story: Story
    site: Site
    countries: tuple[Country, ...]
    created_at: datetime
    moves: tuple[tuple[str, datetime], ...]
    words: dict[str, str]

    @property
    def topic(self) -> Topic:
        return TOPICS[self.story.focus]

    def say(self, text: str) -> str:
        """A text of the tables in this project's own words; a table's text may hold another's."""
        return text.format(**self.words)

    def at(self, move: str) -> datetime:
        """When a move was taken last."""
        return [at for name, at in self.moves if name == move][-1]


def case_of(story: Story, sites: dict[str, Site], countries: dict[str, Country], source: random.Random) -> Case:
    site = sites[story.office]
    covered = tuple(countries[code] for code in story.countries or (story.office,))
    began, moves = plot.dated(story)
    topic = TOPICS[story.focus]
    if len(covered) == 1:
        place = in_a_sentence(covered[0].name)
    else:
        *most, last = [in_a_sentence(country.name) for country in covered]
        place = f"{', '.join(most)} and {last}"
    words = {
        "country": place,
        "office": f"IOM {site.office.name}" if site.office.country_code == story.office else "the Regional Office",
        "ministry": topic.ministry,
        "months": str(story.months),
        "money": f"{story.thousands * 1000:,}",
        "title": story.title,
    }
    for name in ("problem", "people", "approach", "training", "study", "product", "equipment", "result", "stays"):
        words[name] = getattr(topic, name).format(**words)
    words["outcomes"] = _outcomes(story, words)
    created = moment(began, source)
    dated = tuple((name, moment(day, source)) for name, day in moves)
    return Case(story, site, covered, created, dated, words)


def start_of(story: Story) -> date:
    """When the project began, or is planned to."""
    return story.day if story.was_activated else PLANNED_START


def _outcomes(story: Story, words: dict[str, str]) -> str:
    """The outcomes with their outputs, as the description tells them: the matrix in sentences."""
    told = []
    outcomes = matrices.of(story).outcomes
    for number, outcome in enumerate(outcomes, 1):
        name = f"Outcome {number}" if len(outcomes) > 1 else "The outcome"
        outputs = "; ".join(
            f"({number}.{place}) {output.text.rstrip('.')}" for place, output in enumerate(outcome.outputs, 1)
        )
        told.append(f"{name}: {outcome.text} Its outputs: {outputs}.")
    return " ".join(told).format(**words)


def project_of(session: Session, case: Case) -> Project:
    """The row of the project as a concept; its moves come later."""
    story = case.story
    with on(case.created_at.date()):
        reference = reference_of(session, case.created_at.year)
    eligible = all(country.fund_line_2_eligible == "yes" for country in case.countries)
    concept = story.status is Status.CONCEPT
    unclassified = concept or story.drafted is Drafted.NEARLY
    return Project(
        reference=reference,
        status=Status.CONCEPT,
        status_since=case.created_at,
        edition_id=published.newest(session).id,
        title=story.title,
        summary=" ".join(case.say(part) for part in SECTIONS["SUM"][1:]),
        project_type_code=story.type,
        office_id=case.site.office.id,
        funding=Funding.FUND,
        funding_year=story.year,
        fund_line_code=None if concept else "L2" if eligible or story.unknown_eligibility else "L1",
        focus_area_code=story.focus,
        executing_agency="" if concept else "International Organization for Migration",
        duration_months=story.months,
        gender_marker_code=None if unclassified else GENDER.get(story.focus, "2a"),
        budget_usd=Decimal(0 if concept else story.thousands * 1000),
        created_at=case.created_at,
        updated_at=case.created_at,
    )


def parts_of(
    project: Project, case: Case, paid: dict[str, int], documents: Path, source: random.Random
) -> Iterator[Any]:
    """Cover, texts, money, beneficiaries, file and milestones, as far as the story has come.

    `paid` says which result a category of budget lines pays for.
    """
    yield from _coverage(project, case)
    if case.story.status is Status.CONCEPT:
        return
    developer = case.site.who(Role.PDEV)
    yield from _sections(project, case, developer)
    yield from _lines(project, case, paid)
    yield from _allocations(project, case)
    yield from _beneficiaries(project, case)
    if case.story.status is not Status.DRAFT:
        yield from _justifications(project, case, developer)
        yield from _request_letters(project, case, documents, developer)
    yield from _milestones(project, case, source)


def _coverage(project: Project, case: Case) -> Iterator[Coverage]:
    for position, country in enumerate(case.countries):
        asks = case.story.status is not Status.CONCEPT
        yield Coverage(project_id=project.id, country_code=country.code, position=position, requesting=asks)


def _sections(project: Project, case: Case, developer: User) -> Iterator[Section]:
    written = case.created_at + timedelta(days=20)
    for number, (code, paragraphs) in enumerate(SECTIONS.items()):
        if case.story.status is Status.DRAFT and code not in DRAFTED:
            continue
        yield Section(
            project_id=project.id,
            code=code,
            text="\n\n".join(case.say(paragraph) for paragraph in paragraphs),
            saved_at=written + timedelta(days=number, hours=number % 3),
            saved_by_id=developer.id,
        )


def _lines(project: Project, case: Case, paid: dict[str, int]) -> Iterator[BudgetLine]:
    area = case.topic.areas[0][0]
    for position, line in enumerate(budget.lines(case.story, case.topic), 1):
        yield BudgetLine(
            project_id=project.id,
            position=position,
            category_code=line.category,
            description=line.description,
            unit=line.unit,
            quantity=Decimal(line.quantity),
            units=Decimal(line.units),
            unit_cost=line.unit_cost,
            amount=line.amount,
            area_code=area,
            activity_type_code=line.activity_type,
            result_id=paid.get(line.category),
        )


def _allocations(project: Project, case: Case) -> Iterator[Any]:
    """By area and activity type as the topic says, and by country where a project covers several."""
    dimensions: list[tuple[Dimension, Any, Shares]] = [
        (Dimension.AREA, AreaAllocation, case.topic.areas),
        (Dimension.ACTIVITY, ActivityAllocation, case.topic.activities),
    ]
    if parts := BY_COUNTRY.get(len(case.countries)):
        codes = [country.code for country in case.countries]
        dimensions.append((Dimension.COUNTRY, CountryAllocation, tuple(zip(codes, parts, strict=True))))
    for dimension, table, shares in dimensions:
        percents = [Decimal(percent) for _, percent in shares]
        amounts = divided(project.budget_usd, percents)
        for (code, _), percent, amount in zip(shares, percents, amounts, strict=True):
            yield table(project_id=project.id, code=code, amount=amount, share=percent)
        yield AllocationBasis(project_id=project.id, dimension=dimension, basis=Basis.PERCENTAGE)


def _beneficiaries(project: Project, case: Case) -> Iterator[Beneficiaries]:
    for group in case.topic.groups:
        yield Beneficiaries(
            project_id=project.id,
            type_code=group.type,
            reach=Reach(group.reach),
            sex_code=group.sex,
            age_code=group.age,
            planned=group.planned * case.story.thousands // 100,
        )


def _justifications(project: Project, case: Case, developer: User) -> Iterator[Justification]:
    """Why a warning of the rules may be passed."""
    reasons = {}
    if case.story.heavy_staff:
        reasons["STAFF_OFFICE_MAX"] = HEAVY_STAFF
    if project.fund_line_code == "L2":
        unknown = [country for country in case.countries if country.fund_line_2_eligible not in ("yes", "no")]
        reasons |= {f"ELIGIBLE.{country.code}": UNKNOWN_ELIGIBILITY for country in unknown}
    for code, text in reasons.items():
        yield Justification(
            project_id=project.id,
            rule_code=code,
            text=text,
            by_id=developer.id,
            at=case.created_at + timedelta(days=30),
        )


def _request_letters(project: Project, case: Case, documents: Path, developer: User) -> Iterator[Any]:
    """The first State's letter is the request, the others' are letters of support."""
    for number, country in enumerate(case.countries):
        first = number == 0
        at = case.created_at + timedelta(days=33 + number)
        ministry = case.topic.ministry
        yield letters.filed(
            documents,
            letters.request(country.name, ministry, project.title, at),
            f"{'request' if first else 'support'}-letter-{country.code.lower()}.pdf",
            project_id=project.id,
            type_code="LTR" if first else "LSUP",
            version=max(number, 1),
            country_code=country.code,
            title=f"{'Request letter' if first else 'Letter of support'}, {ministry}, {country.name}",
            by=developer,
            at=at,
        )


def focal_point_letter(project: Project, case: Case, documents: Path, by: User, at: datetime) -> Any:
    country = case.countries[0]
    return letters.filed(
        documents,
        letters.focal_point(country.name, case.topic.ministry, project.title, at),
        f"focal-point-{country.code.lower()}.pdf",
        project_id=project.id,
        type_code="FPT",
        country_code=country.code,
        title=f"Focal point, {case.topic.ministry}, {country.name}",
        by=by,
        at=at,
    )


def _milestones(project: Project, case: Case, source: random.Random) -> Iterator[Milestone]:
    """Milestones along the duration; those of running projects are done a little after their day."""
    story = case.story
    start = start_of(story)
    stop = story.ended_on or TODAY
    for share, name, evidence in MILESTONES:
        planned = working_day(start + timedelta(days=round(share * story.months * 30.4)))
        done = working_day(planned + timedelta(days=source.randrange(13)))
        late = story.habit is Habit.NOTHING and share > 0.2
        if not story.was_activated or done >= stop or late:
            yield Milestone(project_id=project.id, name=name, planned_on=planned)
        else:
            yield Milestone(project_id=project.id, name=name, planned_on=planned, done_on=done, evidence=evidence)
