"""The organization's lists: places, types, areas, roles, categories. Rows come from reference/*.csv, save donors."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from prima.db import Key, Model
from prima.searched import Searched


class Listed:
    """A row of a list: a code that never changes, a name, its place, and whether it is retired."""

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)
    retired: Mapped[bool] = mapped_column(default=False)


class AreaOfWork(Listed, Model):
    funding_column: Mapped[str]


class ActivityType(Listed, Model):
    pass


class ProjectType(Listed, Model):
    id_prefix: Mapped[str]
    group: Mapped[str]
    selectable: Mapped[bool]
    fund_selectable: Mapped[bool]


class StatusName(Listed, Model):
    """The name of a status and the stage it belongs to; the code is a `Status`."""

    stage: Mapped[str]
    entered_by: Mapped[str]
    left_by: Mapped[str]
    funding: Mapped[str]
    terminal: Mapped[bool]


class RoleName(Listed, Model):
    """What a role is called and does; the code is a `Role`."""

    office_level: Mapped[str]
    does: Mapped[str]
    account: Mapped[bool]


class RegionalOffice(Listed, Model):
    """A Regional Office (name) and the region it stands for."""

    city: Mapped[str]
    host_iso3: Mapped[str]
    region: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class Country(Searched, Listed, Model):
    iso2: Mapped[str]
    fund_line_2_eligible: Mapped[str]
    sort_key: Mapped[str]


class CountryLink(Model):
    """Which Regional Office covers a country, from when until when (the last day included)."""

    id: Mapped[Key]
    country_code: Mapped[str] = mapped_column(ForeignKey("country.code"), index=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("regional_office.code"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class CountryAlias(Model):
    """Another name under which sources know a country; nothing is ever matched by likeness."""

    alias: Mapped[str] = mapped_column(primary_key=True)
    country_code: Mapped[str] = mapped_column(ForeignKey("country.code"))
    also_covers: Mapped[str] = mapped_column(default="")


class BudgetCategory(Listed, Model):
    parent: Mapped[str | None]
    counts_towards_30pct: Mapped[bool]


class BeneficiaryType(Listed, Model):
    kind: Mapped[str]


class BeneficiaryDisaggregation(Listed, Model):
    """A value of sex, age, reach or measure by which beneficiaries are counted."""

    dimension: Mapped[str]


class DocumentType(Listed, Model):
    stage: Mapped[str]
    generated: Mapped[bool]
    needed_at: Mapped[str]


class FundFocusArea(Listed, Model):
    pass


class FundingLine(Listed, Model):
    who_may_apply: Mapped[str]


class GenderMarker(Listed, Model):
    needs_analysis: Mapped[str]
    outputs: Mapped[str]
    activities: Mapped[str]


class MigrationGovernance(Listed, Model):
    """A principle or objective of the Migration Governance Framework."""

    kind: Mapped[str]
    number: Mapped[int]
    paraphrase: Mapped[str]


class SdgTarget(Listed, Model):
    goal: Mapped[int]


class CrossCuttingTheme(Listed, Model):
    pass


class RiskScale(Listed, Model):
    scale: Mapped[str]
    value: Mapped[int]


class CuratedIndicator(Listed, Model):
    """An indicator of the library, ready to be taken into a results matrix; `name` is its text.

    `level` is a level of the matrix, `measure` how it is read, `aggregation` how values add up over projects
    (sum, or none where a sum means nothing); `area_code` is empty where it fits every area of work.
    """

    level: Mapped[str]
    measure: Mapped[str]
    unit: Mapped[str]
    source: Mapped[str]
    aggregation: Mapped[str]
    by_sex: Mapped[bool]
    by_age: Mapped[bool]
    area_code: Mapped[str | None] = mapped_column(ForeignKey("area_of_work.code"), index=True)


class Donor(Searched, Listed, Model):
    """A donor, kept by administrators; EU money sends a proposal through Brussels."""

    __table_args__ = (CheckConstraint("kind in ('state','eu','un','private','other','not_stated')", name="kind"),)

    kind: Mapped[str] = mapped_column(default="other")
    eu_money: Mapped[bool] = mapped_column(default=False)
