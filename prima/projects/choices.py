"""What people choose from: the organization's lists, names by code, in the order shown."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, or_, select

from prima import clock
from prima.db import db
from prima.lists import (
    ActivityType,
    AreaOfWork,
    BeneficiaryDisaggregation,
    BeneficiaryType,
    BudgetCategory,
    Country,
    CountryLink,
    CrossCuttingTheme,
    DocumentType,
    Donor,
    FundFocusArea,
    FundingLine,
    GenderMarker,
    MigrationGovernance,
    ProjectType,
    RegionalOffice,
    RiskScale,
    SdgTarget,
)
from prima.places import Office, OfficeLink
from prima.rates import USD, plain, rates_on
from prima.users import Role, Scope, User

Names = dict[str, str]
Groups = dict[str, Names]
"""The names of each group, by the group's name."""


def _names(table: Any, keep: Collection[str | None], *conditions: Any, order: Any = None) -> Names:
    """What is in force, and what the subject at hand already holds (`keep`) though it was retired since."""
    held = table.code.in_([code for code in keep if code])
    rows = db.session.execute(
        select(table.code, table.name)
        .where(or_(table.retired.is_(False) & (conditions[0] if conditions else True), held))
        .order_by(order if order is not None else table.position, table.code)
    )
    return {row.code: row.name for row in rows}


def project_types(keep: Collection[str | None] = ()) -> Groups:
    """Types that a person may choose, under the name of their group."""
    held = ProjectType.code.in_([code for code in keep if code])
    rows = db.session.execute(
        select(ProjectType.group, ProjectType.code, ProjectType.name)
        .where(or_(ProjectType.retired.is_(False) & ProjectType.selectable, held))
        .order_by(ProjectType.group, ProjectType.name)
    ).all()
    return {group: {row.code: row.name for row in members} for group, members in groupby(rows, lambda row: row.group)}


def countries() -> Groups:
    """Every country under its Regional Office of today, by name; those without one come last under no name."""
    today = clock.today()
    rows = db.session.execute(
        select(RegionalOffice.name.label("region"), Country.code, Country.name)
        .select_from(Country)
        .outerjoin(
            CountryLink,
            (CountryLink.country_code == Country.code)
            & (CountryLink.valid_from <= today)
            & (CountryLink.valid_to.is_(None) | (CountryLink.valid_to >= today)),
        )
        .outerjoin(RegionalOffice, RegionalOffice.code == CountryLink.region_code)
        .where(Country.retired.is_(False))
        .order_by(RegionalOffice.position.asc().nulls_last(), RegionalOffice.name, Country.sort_key)
    ).all()
    return {
        region or "": {row.code: row.name for row in members}
        for region, members in groupby(rows, lambda row: row.region)
    }


def donors(keep: Collection[str | None] = ()) -> Names:
    """Donors by name; the placeholder of imported figures only where it stands already."""
    return _names(Donor, keep, Donor.kind != "not_stated", order=func.lower(Donor.name))


def own_offices(user: User, keep: Collection[int] = ()) -> Names:
    """Management sites for a developer: the offices of the own grants, by id."""
    today = clock.today()
    ways: list[Any] = [Office.id.in_(keep)]
    for held in user.authorities(today):
        if held.role is not Role.PDEV or held.absent is not None:
            continue
        if held.scope is Scope.ORGANIZATION:
            ways.append(Office.retired.is_(False))
        elif held.scope is Scope.OFFICE:
            ways.append(Office.id == held.office_id)
        else:
            linked = select(OfficeLink.office_id).where(
                OfficeLink.region_code == held.region_code,
                OfficeLink.valid_from <= today,
                OfficeLink.valid_to.is_(None) | (OfficeLink.valid_to >= today),
            )
            ways.append(Office.id.in_(linked) & Office.retired.is_(False))
    rows = db.session.execute(select(Office.id, Office.name).where(or_(*ways)).order_by(Office.sort_key))
    return {str(number): name for number, name in rows}


def home_country(user: User) -> str | None:
    """The country of the developer's office, when there is one only."""
    offices = [int(number) for number in own_offices(user)]
    if len(offices) != 1:
        return None
    return db.session.scalar(select(Office.country_code).where(Office.id == offices[0]))


def funding_lines(keep: Collection[str | None] = ()) -> Names:
    rows = db.session.scalars(
        select(FundingLine)
        .where(or_(FundingLine.retired.is_(False), FundingLine.code.in_([code for code in keep if code])))
        .order_by(FundingLine.position, FundingLine.code)
    )
    return {row.code: f"{row.name}: {row.who_may_apply}" for row in rows}


def focus_areas(keep: Collection[str | None] = ()) -> Names:
    return _names(FundFocusArea, keep)


def gender_markers(keep: Collection[str | None] = ()) -> Names:
    return {code: f"{code}: {name}" for code, name in _names(GenderMarker, keep).items()}


def governance(keep: Collection[str | None] = ()) -> Groups:
    """What the Migration Governance Framework asks, by kind: principle and objective."""
    held = MigrationGovernance.code.in_([code for code in keep if code])
    rows = db.session.scalars(
        select(MigrationGovernance)
        .where(or_(MigrationGovernance.retired.is_(False), held))
        .order_by(MigrationGovernance.position, MigrationGovernance.code)
    )
    found: Groups = {}
    for row in rows:
        found.setdefault(row.kind, {})[row.code] = f"{row.name}: {row.paraphrase}"
    return found


def sdg_targets(keep: Collection[str | None] = ()) -> dict[int, Names]:
    """The targets of each of the Sustainable Development Goals, by its number."""
    held = SdgTarget.code.in_([code for code in keep if code])
    rows = db.session.scalars(
        select(SdgTarget).where(or_(SdgTarget.retired.is_(False), held)).order_by(SdgTarget.goal, SdgTarget.code)
    )
    found: dict[int, Names] = {}
    for row in rows:
        found.setdefault(row.goal, {})[row.code] = f"{row.code} {row.name}"
    return found


def themes(keep: Collection[str | None] = ()) -> Names:
    return _names(CrossCuttingTheme, keep)


def budget_categories(keep: Collection[str | None] = ()) -> Groups:
    """The leaves, under the name of the category they belong to."""
    rows = {
        row.code: row
        for row in db.session.scalars(select(BudgetCategory).order_by(BudgetCategory.position, BudgetCategory.code))
    }
    parents = {row.parent for row in rows.values() if row.parent}
    found: Groups = {row.name: {} for row in rows.values() if not row.parent}
    for row in rows.values():
        if row.code not in parents and (not row.retired or row.code in keep):
            found[rows[row.parent].name if row.parent else row.name][row.code] = row.name
    return {name: leaves for name, leaves in found.items() if leaves}


def counted_towards_30() -> set[str]:
    """The categories whose lines are staff and office costs."""
    return set(db.session.scalars(select(BudgetCategory.code).where(BudgetCategory.counts_towards_30pct)))


def countries_named(codes: Collection[str | None]) -> Names:
    """The names of some countries, by name."""
    wanted = [code for code in codes if code]
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Country.code, Country.name).where(Country.code.in_(wanted)).order_by(Country.sort_key)
    )
    return {row.code: row.name for row in rows}


def currencies(keep: Collection[str] = ()) -> Names:
    """USD, and every currency with a rate today, each with what it is worth."""
    found = {USD: USD}
    found |= {
        rate.currency: _(
            "%(currency)s (1 %(currency)s = %(worth)s USD)", currency=rate.currency, worth=plain(rate.usd_per_unit)
        )
        for rate in rates_on(db.session(), clock.today())
    }
    return found | {code: code for code in keep if code not in found}


def areas(keep: Collection[str | None] = ()) -> Names:
    return _names(AreaOfWork, keep)


def activity_types(keep: Collection[str | None] = ()) -> Names:
    return _names(ActivityType, keep)


def beneficiary_types(keep: Collection[str | None] = ()) -> Names:
    return _names(BeneficiaryType, keep)


def disaggregation(dimension: str) -> Names:
    """The values of `sex` or `age`."""
    return _names(BeneficiaryDisaggregation, (), BeneficiaryDisaggregation.dimension == dimension)


def risk_scales() -> dict[str, list[RiskScale]]:
    """The values of consequence, likelihood and treatment, each from the smallest."""
    rows = db.session.scalars(select(RiskScale).order_by(RiskScale.scale, RiskScale.value))
    return {scale: list(members) for scale, members in groupby(rows, lambda row: row.scale)}


def document_types() -> list[DocumentType]:
    return list(db.session.scalars(select(DocumentType).order_by(DocumentType.position, DocumentType.code)))


def colleague(email: str) -> User | None:
    """The account behind an e-mail address, if there is one."""
    return db.session.scalar(select(User).where(func.lower(User.email) == email.strip().lower()))
