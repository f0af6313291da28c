"""The project itself, who has a part in it, and the trace of its moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import CheckConstraint, Computed, ForeignKey, Index, Integer, Numeric, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model, Money, Share
from prima.handbook.published import HandbookEdition
from prima.lists import Country, Donor, ProjectType
from prima.places import Office
from prima.projects.stages import CLOSE_HELD, EDITABLE, Funding, Status
from prima.rates import USD
from prima.searched import INDEXED, Searched
from prima.users import Journaled, User
from prima.words import id_words, vector, words_of

if TYPE_CHECKING:
    from prima.projects.models.budget import (
        ActivityAllocation,
        AllocationBasis,
        AreaAllocation,
        BudgetLine,
        CountryAllocation,
    )
    from prima.projects.models.changes import Change
    from prima.projects.models.classification import GenderAnswers, GovernanceMark, SdgMark, ThemeMark
    from prima.projects.models.comments import Comment
    from prima.projects.models.documents import Document
    from prima.projects.models.plans import Partner, Risk
    from prima.projects.models.proposal import Beneficiaries, Justification, Section
    from prima.projects.models.results import ActivityPlan, Indicator, Result


class Part(StrEnum):
    """What a person did or does in a project. The first three with `author` make the team."""

    DEVELOPER = "developer"
    MANAGER = "manager"
    ALTERNATE = "alternate"
    AUTHOR = "author"
    CLEARED_OFFICE = "cleared_office"
    REVIEWED = "reviewed"
    ENDORSED = "endorsed"
    FUND_REVIEWED = "fund_reviewed"
    APPROVED = "approved"
    EVALUATOR = "evaluator"


CENT = Decimal("0.01")


def _as_in_usd(context: Any) -> Decimal:
    """A budget that nobody says another currency of is in USD."""
    return context.get_current_parameters().get("budget_usd") or Decimal(0)


SEARCHED = (
    "to_tsvector('simple'::regconfig, regexp_replace(lower(NORMALIZE(((title || ' '::text) || summary), NFKD)), "
    "'[\\u0300-\\u036f]'::text, ''::text, 'g'::text))"
)
"""The words of title and summary without accents and case, as PostgreSQL writes the expression back."""
BY_NAME = "COALESCE(project.code, project.reference)"
"""What the list of projects is sorted by, as its indexes hold it: what people call a project, ..."""
BY_START, BY_START_DOWN = (f"COALESCE(project.starts_on, '{end}'::date)" for end in ("infinity", "-infinity"))
BY_END, BY_END_DOWN = (f"COALESCE(project.ends_on, '{end}'::date)" for end in ("infinity", "-infinity"))
"""... and days, of which what is not stated stands last upwards and downwards."""
TITLE_KEY = (
    "\"left\"(regexp_replace(lower(NORMALIZE(title, NFKD)), '[\\u0300-\\u036f]'::text, ''::text, 'g'::text), 100)"
)
"""The beginning of a title without accents and case."""
FIGURES = [
    "status", "office_id", "starts_on", "ends_on", "funding", "funding_year", "budget_usd", "rate",
    "gender_marker_code", "asked_elsewhere",
]  # fmt: skip
LYING = ["office_id", "funding", "starts_on", "status_since", "asked_elsewhere"]
TEAM = frozenset({Part.DEVELOPER, Part.MANAGER, Part.ALTERNATE, Part.AUTHOR})


def _own(expression: str) -> str:
    """As an index of the table itself writes it."""
    return expression.replace("project.", "")


class Project(Searched, Journaled, Model):
    """A project through its whole life. `code` is the project ID, given at activation; before, `reference` names it."""

    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="period"),
        CheckConstraint("(funding = 'donor') = (donor_code is not null)", name="donor"),
        CheckConstraint("funding_year between 1990 and 2100", name="funding_year"),
        CheckConstraint("budget_usd >= 0", name="budget"),
        CheckConstraint("currency <> 'USD' or budget = budget_usd", name="usd"),
        Index("ix_project_office_status", "office_id", "status"),
        Index("ix_project_search", "search", postgresql_using="gin"),
        Index("ix_project_searched", "words", **INDEXED),
        Index("ix_project_list", text("updated_at desc"), text("id desc")),
        Index(
            "ix_project_asked", "asked_elsewhere", postgresql_using="gin", postgresql_where="asked_elsewhere <> '{}'"
        ),
        # What sums and counts of the whole portfolio read, and who sees it: from this index alone, not from all texts.
        Index("ix_project_figures", "id", postgresql_include=FIGURES),
        # What lies on desks, where and since when, is of a few statuses.
        Index("ix_project_status", "status", "id", postgresql_include=LYING),
        Index("ix_project_by_name", text(_own(BY_NAME)), "id"),
        Index("ix_project_by_title", "title_key", "id"),
        Index("ix_project_by_year", "funding_year", "id"),
        Index("ix_project_by_budget", "budget_usd", "id"),
        Index("ix_project_by_start", text(_own(BY_START)), "id"),
        Index("ix_project_by_start_down", text(_own(BY_START_DOWN)), "id"),
        Index("ix_project_by_end", text(_own(BY_END)), "id"),
        Index("ix_project_by_end_down", text(_own(BY_END_DOWN)), "id"),
        Index("ix_project_no_marker", "id", postgresql_where="gender_marker_code is null"),
    )

    FOUND_BY = ("reference", "code", "title", "summary")

    reference: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str | None] = mapped_column(unique=True)
    status: Mapped[Status] = mapped_column(default=Status.CONCEPT)
    status_since: Mapped[datetime] = mapped_column(default=clock.now)
    edition_id: Mapped[int] = mapped_column(ForeignKey("handbook_edition.id"))

    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    project_type_code: Mapped[str | None] = mapped_column(ForeignKey("project_type.code"), index=True)
    """Empty only where the source of an imported project states none."""
    secondary_type_code: Mapped[str | None] = mapped_column(ForeignKey("project_type.code"))
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"))
    funding: Mapped[Funding]
    funding_year: Mapped[int] = mapped_column(index=True)
    fund_line_code: Mapped[str | None] = mapped_column(ForeignKey("funding_line.code"))
    focus_area_code: Mapped[str | None] = mapped_column(ForeignKey("fund_focus_area.code"))
    donor_code: Mapped[str | None] = mapped_column(ForeignKey("donor.code"), index=True)
    agreement: Mapped[str] = mapped_column(default="")
    overhead_percent: Mapped[Share | None]
    executing_agency: Mapped[str] = mapped_column(default="")
    duration_months: Mapped[int | None]
    gender_marker_code: Mapped[str | None] = mapped_column(ForeignKey("gender_marker.code"))
    version: Mapped[int] = mapped_column(default=1)
    """The version of the cover, which people edit: title to duration, and the countries."""

    currency: Mapped[str] = mapped_column(default=USD)
    """In which the budget is written (ISO 4217); the Fund's are in USD."""
    budget: Mapped[Money] = mapped_column(default=_as_in_usd)
    """The total in that currency: the sum of the lines, or what the source states for an imported project."""
    budget_usd: Mapped[Money] = mapped_column(default=Decimal(0))
    """The total in USD, at the rate that stands here; where the budget is in USD the same as `budget`."""
    rate: Mapped[Decimal | None] = mapped_column(Numeric(18, 8))
    """USD for one unit of the currency; none for USD."""
    rate_from: Mapped[date | None]
    """The day from which that rate was valid."""
    budget_version: Mapped[int] = mapped_column(default=1)

    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    first_ends_on: Mapped[date | None]
    """The end agreed at activation; `ends_on` is the current one, after extensions."""
    focal_point: Mapped[str] = mapped_column(default="")
    focal_point_contact: Mapped[str] = mapped_column(default="")
    interim_every_months: Mapped[int | None]
    evaluation_agreed: Mapped[bool] = mapped_column(default=False)

    asked_elsewhere: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    """Whose clearance was asked beside the office's and the region's: their holders see the project as those do.

    A role at headquarters by its code (LEG), one at another Regional Office with that office's (RPDO@BRU).
    """
    funding_round_code: Mapped[str | None] = mapped_column(ForeignKey("funding_round.code"), index=True)
    """The call for proposals of the Fund that it was submitted to, or that it was retained for."""

    import_key: Mapped[str | None] = mapped_column(unique=True)
    copied_from_id: Mapped[int | None] = mapped_column(ForeignKey("project.id"), index=True)
    """The project that it began as a copy of."""
    as_imported: Mapped[bool] = mapped_column(default=False)
    """Imported and not edited since: exempt from submit rules for what its source does not hold."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    search: Mapped[str] = mapped_column(TSVECTOR, Computed(SEARCHED, persisted=True), deferred=True)
    """What text search looks in; kept by the database."""
    title_key: Mapped[str] = mapped_column(Computed(TITLE_KEY, persisted=True), deferred=True)
    """What titles are sorted by; kept by the database, as to work it out takes longer than to find the project."""

    facts = cast("dict[str, Any] | None", None)
    """Of handbook.conditions.FIELDS: no column, but looked up where the edition has conditions (queries.judged)."""
    asked = cast("list[Any] | None", None)
    """The clearances of the newest round, where a page of the endorsement has read them; no column."""
    seated = cast("list[Any] | None", None)
    """Everybody who may give one of them, where they have been read with their rights; no column."""

    calls = cast("list[Any] | None", None)
    """The Fund's calls that fit it (rules.calls.Call), looked up with its row (queries.find); no column."""

    change_rules = cast("Any | None", None)
    """What its edition says of changes, or the newest that speaks of them (changing.with_rules); no column."""

    edition: Mapped[HandbookEdition] = relationship(lazy="raise")
    office: Mapped[Office] = relationship(lazy="raise")
    project_type: Mapped[ProjectType | None] = relationship(foreign_keys=[project_type_code], lazy="raise")
    donor: Mapped[Donor | None] = relationship(lazy="raise")
    coverage: Mapped[list[Coverage]] = relationship(
        back_populates="project", lazy="raise", order_by="Coverage.position", cascade="all, delete-orphan"
    )
    parties: Mapped[list[Party]] = relationship(back_populates="project", lazy="raise", order_by="Party.id")
    steps: Mapped[list[Step]] = relationship(back_populates="project", lazy="raise", order_by="Step.id")
    milestones: Mapped[list[Milestone]] = relationship(
        back_populates="project", lazy="raise", order_by="Milestone.planned_on"
    )
    extensions: Mapped[list[Extension]] = relationship(back_populates="project", lazy="raise", order_by="Extension.id")
    sections: Mapped[list[Section]] = relationship(back_populates="project", lazy="raise", order_by="Section.id")
    lines: Mapped[list[BudgetLine]] = relationship(
        back_populates="project", lazy="raise", order_by="BudgetLine.position"
    )
    areas: Mapped[list[AreaAllocation]] = relationship(back_populates="project", lazy="raise")
    activities: Mapped[list[ActivityAllocation]] = relationship(back_populates="project", lazy="raise")
    country_shares: Mapped[list[CountryAllocation]] = relationship(back_populates="project", lazy="raise")
    bases: Mapped[list[AllocationBasis]] = relationship(back_populates="project", lazy="raise")
    results: Mapped[list[Result]] = relationship(
        back_populates="project", lazy="raise", order_by="(Result.position, Result.id)"
    )
    indicators: Mapped[list[Indicator]] = relationship(
        back_populates="project", lazy="raise", order_by="(Indicator.position, Indicator.id)"
    )
    plans: Mapped[list[ActivityPlan]] = relationship(back_populates="project", lazy="raise")
    risks: Mapped[list[Risk]] = relationship(back_populates="project", lazy="raise", order_by="Risk.position")
    partners: Mapped[list[Partner]] = relationship(back_populates="project", lazy="raise", order_by="Partner.position")
    governance: Mapped[list[GovernanceMark]] = relationship(back_populates="project", lazy="raise")
    sdgs: Mapped[list[SdgMark]] = relationship(back_populates="project", lazy="raise")
    themes: Mapped[list[ThemeMark]] = relationship(back_populates="project", lazy="raise")
    gender_answers: Mapped[GenderAnswers | None] = relationship(back_populates="project", lazy="raise", uselist=False)
    comments: Mapped[list[Comment]] = relationship(back_populates="project", lazy="raise", order_by="Comment.id")
    beneficiaries: Mapped[list[Beneficiaries]] = relationship(
        back_populates="project", lazy="raise", order_by="Beneficiaries.id"
    )
    justifications: Mapped[list[Justification]] = relationship(back_populates="project", lazy="raise")
    documents: Mapped[list[Document]] = relationship(back_populates="project", lazy="raise", order_by="Document.id")
    changes: Mapped[list[Change]] = relationship(back_populates="project", lazy="raise", order_by="Change.id")

    @classmethod
    def words_in(cls, values: Mapping[str, Any]) -> str:
        """What it is called weighs more (A) than what it is about."""
        called = words_of(values["title"] or "")
        for name in (values["reference"], values["code"]):
            called += id_words(name or "")
        about = set(words_of(values["summary"] or "")).difference(called)
        return f"{vector(dict.fromkeys(called), 'A')} {vector(sorted(about), 'D')}"

    @property
    def name(self) -> str:
        """What people call it: the project ID once there is one."""
        return self.code or self.reference

    def total(self, budget: Decimal) -> None:
        """Keep the total in the budget's currency, and in USD at the rate that stands here, half up to the cent."""
        self.budget, self.budget_usd = budget, self.in_usd(budget)

    def in_usd(self, amount: Decimal) -> Decimal:
        """An amount of the budget in USD at the rate that stands here, exact, then half up to the cent."""
        with localcontext() as context:
            context.prec = 60
            return (amount * (self.rate or 1)).quantize(CENT, ROUND_HALF_UP)

    @property
    def is_editable(self) -> bool:
        return self.status in EDITABLE

    @property
    def is_close_held(self) -> bool:
        return self.status in CLOSE_HELD

    @property
    def region_code(self) -> str | None:
        """The Regional Office its management site is linked to on the start date (before activation: today)."""
        return self.office.region_on(self.starts_on or clock.today())

    @property
    def is_past_its_end(self) -> bool:
        return self.status is Status.ACTIVE and self.ends_on is not None and self.ends_on < clock.today()

    def people(self, *parts: Part) -> list[User]:
        """Those who have one of the parts now."""
        return [party.user for party in self.parties if party.part in parts and party.until_at is None]

    def on_the_team(self, user: User) -> bool:
        """Developer, manager or alternate at any time, or wrote in any section (Handbook, segregation)."""
        return any(party.user_id == user.id and party.part in TEAM for party in self.parties)


class Coverage(Model):
    """A country the project covers; a requesting State asked for it."""

    __table_args__ = (Index("ix_coverage_by_country", "country_code", "project_id"),)

    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    country_code: Mapped[str] = mapped_column(ForeignKey("country.code"), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    requesting: Mapped[bool] = mapped_column(default=False)

    project: Mapped[Project] = relationship(back_populates="coverage", lazy="raise")
    country: Mapped[Country] = relationship(lazy="raise")


class Party(Model):
    """A person's part in a project, from when until when; never removed."""

    __table_args__ = (
        UniqueConstraint("project_id", "user_id", "part"),
        # What is somebody's is read from this index alone.
        Index("ix_party_of_user", "user_id", "part", postgresql_include=["project_id", "until_at"]),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    part: Mapped[Part]
    since_at: Mapped[datetime] = mapped_column(default=clock.now)
    until_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship(back_populates="parties", lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")


class Step(Model):
    """One move of the life cycle: from where to where, by whom (for whom), when and why."""

    # Of all projects at once, dashboards read how long each stood in a status, and until it was endorsed: from these
    # indexes alone.
    __table_args__ = (
        Index("ix_step_road", "project_id", "id", postgresql_include=["source", "days"]),
        Index(
            "ix_step_endorsement",
            "project_id",
            postgresql_include=["move", "at"],
            postgresql_where="move = 'submit' or move = 'endorse'",
        ),
    )

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"))
    move: Mapped[str]
    source: Mapped[Status | None]
    target: Mapped[Status]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(default=clock.now)
    note: Mapped[str] = mapped_column(default="")
    days: Mapped[int | None] = mapped_column(Integer)
    """Whole days since the step before, that the project stood in `source`; triggers write it (migration 0018)."""

    project: Mapped[Project] = relationship(back_populates="steps", lazy="raise")
    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id], lazy="raise")
    behalf_of: Mapped[User | None] = relationship(foreign_keys=[behalf_of_id], lazy="raise")


class Milestone(Model):
    __table_args__ = (Index("ix_milestone_open_planned", "planned_on", postgresql_where="done_on is null"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    name: Mapped[str]
    planned_on: Mapped[date]
    done_on: Mapped[date | None]
    evidence: Mapped[str] = mapped_column(default="")
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship(back_populates="milestones", lazy="raise")


class Extension(Model):
    """A decided change of the end date; every earlier end stays visible."""

    __table_args__ = (CheckConstraint("new_end > old_end", name="later"),)

    id: Mapped[Key]
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), index=True)
    old_end: Mapped[date]
    new_end: Mapped[date]
    reason: Mapped[str]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Nobody known, where it was decided before the project came here."""
    decided_on: Mapped[date]
    change_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"), unique=True)
    """The change that asked for it; none where it was recorded without one."""

    project: Mapped[Project] = relationship(back_populates="extensions", lazy="raise")
    decided_by: Mapped[User | None] = relationship(lazy="raise")


class Bookmark(Model):
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("project.id"), primary_key=True)
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
