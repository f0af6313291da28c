"""Fund management keeps its calls for proposals; a proposal is put into one, waits for another, or leaves it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import exists, select, text

from prima import clock
from prima.db import check_version, db
from prima.errors import Invalid, Refused
from prima.journal import record
from prima.permissions import Action, can
from prima.projects import funding_rounds, rights
from prima.projects.models import FundingRound, Project
from prima.projects.rules import calls
from prima.projects.stages import Funding
from prima.users import User

FIXED = ("funding_year", "region_code", "line_code")
"""What decides which proposals fit a round: it stays as it is once one is in it."""


def add_round(*, actor: User, code: str, **values: Any) -> FundingRound:
    """`values`: name, funding_year, region_code and line_code (None for all), opens_on, cut_off_on."""
    absent = _permit(actor)
    code = code.strip().upper()
    if not funding_rounds.CODE.fullmatch(code):
        raise Invalid("code", _("Use up to 30 capital letters, digits, points or hyphens, a letter or digit first."))
    _alone()
    if db.session.scalar(select(FundingRound.id).where(FundingRound.code == code)):
        raise Invalid("code", _("Another round has this code already."))
    _check(values, None)
    made = FundingRound(code=code, **values)
    db.session.add(made)
    db.session.flush()
    record(made, "funding round added", actor=actor, behalf_of=absent, code=code, **values)
    return made


def change_round(one: FundingRound, *, actor: User, version: int, **values: Any) -> None:
    absent = _permit(actor)
    _alone()
    one = _locked(one)
    check_version(one, version, who=_("Somebody in Fund management"), typed=_typed(one, values))
    _still_open(one)
    before = {name: getattr(one, name) for name in values}
    if before == values:
        return
    used = db.session.scalar(select(exists().where(Project.funding_round_code == one.code)))
    if name := next((name for name in FIXED if used and before[name] != values[name]), ""):
        raise Invalid(name, _("Proposals are in this round already: for whom it is can no longer be changed."))
    _check(values, one)
    for name, value in values.items():
        setattr(one, name, value)
    one.version += 1
    record(one, "funding round changed", actor=actor, behalf_of=absent, before=before, after=values)


def close_round(one: FundingRound, *, actor: User, version: int) -> None:
    """End a round for good: nothing more is submitted to it, or taken up in it."""
    absent = _permit(actor)
    one = _locked(one)
    _still_open(one)
    check_version(one, version, who=_("Somebody in Fund management"))
    one.closed_at = clock.now()
    one.version += 1
    record(one, "funding round closed", actor=actor, behalf_of=absent, code=one.code)


def put_into_call(project: Project, *, actor: User) -> None:
    """At its submission a proposal of the Fund goes into the open call that fits it; what is in one stays in it.

    The project is locked. The round is locked too: it may close at the same moment.
    """
    if project.funding is not Funding.FUND or project.funding_round_code:
        return
    fits = (
        FundingRound.funding_year == project.funding_year,
        FundingRound.region_code.is_(None) | (FundingRound.region_code == project.region_code),
        FundingRound.line_code.is_(None) | (FundingRound.line_code == project.fund_line_code),
    )
    day = calls.day_at(project.office)
    days = (FundingRound.closed_at.is_(None), FundingRound.opens_on <= day, FundingRound.cut_off_on >= day)
    found = db.session.scalars(
        select(FundingRound)
        .where(*fits, *days)
        .order_by(FundingRound.region_code.is_(None), FundingRound.line_code.is_(None), FundingRound.cut_off_on)
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).first()
    if found is not None:
        project.funding_round_code = found.code
        record(project, "put into a call", actor=actor, call=found.code, day=day)


def leave_call(project: Project, *, actor: User) -> None:
    """A first submission that is recalled has been in no call: it goes into the one open when it comes again."""
    if project.funding_round_code:
        left, project.funding_round_code = project.funding_round_code, None
        record(project, "left its call", actor=actor, call=left)


def wait_for(project: Project, code: str | None, *, actor: User, behalf_of: User | None) -> None:
    """A retained proposal waits for a round, or in the pool (None). The project is locked."""
    if code and code not in {one.code for one in funding_rounds.to_wait_for(project)}:
        raise Invalid("funding_round", _("This round is over, or is not for this region and line. Choose another."))
    before, project.funding_round_code = project.funding_round_code, code or None
    record(project, "retained for", actor=actor, behalf_of=behalf_of, before=before, after=code or None)


def may_be_taken_up(project: Project) -> None:
    """Refuse while the round that a retained proposal waits for has not opened, or after it was closed."""
    if not project.funding_round_code:
        return
    asked = select(FundingRound).where(FundingRound.code == project.funding_round_code).with_for_update(read=True)
    one = db.session.scalars(asked.execution_options(populate_existing=True)).one()
    if one.closed_at:
        raise Refused(_("The round %(code)s is closed. Move the proposal to another one first.", code=one.code))
    if not calls.is_up(one, calls.day_at(project.office)):
        day = format_date(one.opens_on, "d MMM y")
        raise Refused(_("The round %(code)s opens on %(day)s. Take the proposal up then.", code=one.code, day=day))


def _permit(actor: User) -> User | None:
    """Refuse who may not keep rounds; the person in whose place somebody does."""
    if not can(actor, Action.MANAGE_CALLS):
        raise Refused(_("Only Fund management keeps the calls for proposals."))
    held = rights.fund_authority(actor)
    return held.absent if held else None


def _alone() -> None:
    """Two people must not save overlapping rounds at the same moment."""
    db.session.execute(text("lock table funding_round in share row exclusive mode"))


def _locked(one: FundingRound) -> FundingRound:
    asked = select(FundingRound).where(FundingRound.id == one.id).with_for_update()
    return db.session.scalars(asked.execution_options(populate_existing=True)).one()


def _still_open(one: FundingRound) -> None:
    if one.closed_at:
        raise Refused(_("This round is closed. Nothing about it changes any more."))


def _check(values: dict[str, Any], one: FundingRound | None) -> None:
    opens_on, cut_off_on = values["opens_on"], values["cut_off_on"]
    assert isinstance(opens_on, date)
    assert isinstance(cut_off_on, date)
    if cut_off_on < opens_on:
        raise Invalid("cut_off_on", _("The cut-off is not before the day on which the round opens."))
    asked = select(FundingRound).where(FundingRound.closed_at.is_(None))
    others = [other for other in db.session.scalars(asked) if one is None or other.id != one.id]
    if other := calls.overlapping(others, values):
        raise Invalid(
            "opens_on",
            _(
                "%(round)s is for the same funding year, region and line, from %(first)s to %(last)s. "
                "Rounds may overlap only where the region or the line differs.",
                round=calls.named(other),
                first=format_date(other.opens_on, "d MMM y"),
                last=format_date(other.cut_off_on, "d MMM y"),
            ),
        )


def _typed(one: FundingRound, values: dict[str, Any]) -> dict[str, tuple[str, str, str]]:
    labels = {
        "name": _("Name"),
        "funding_year": _("Funding year"),
        "region_code": _("Region"),
        "line_code": _("Funding line"),
        "opens_on": _("Opens on"),
        "cut_off_on": _("Cut-off day"),
    }
    return {
        name: (str(label), str(getattr(one, name) or ""), str(values[name] or "")) for name, label in labels.items()
    }
