"""People with an account, the roles granted to them at a scope, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_login import UserMixin, current_user
from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima import clock
from prima.db import Key, Model
from prima.places import Office
from prima.searched import INDEXED, Searched
from prima.words import folded as folded


class Role(StrEnum):
    """The codes of team_roles.csv that have an account; names and duties stand in the list."""

    PDEV = "PDEV"
    PM = "PM"
    APM = "APM"
    COM = "COM"
    RMO = "RMO"
    RPDO = "RPDO"
    RTS = "RTS"
    RRMO = "RRMO"
    RME = "RME"
    RD = "RD"
    HQD = "HQD"
    LEG = "LEG"
    FUND = "FUND"
    DDG = "DDG"
    RAS = "RAS"
    EVAL = "EVAL"
    VIEW = "VIEW"
    ADMIN = "ADMIN"
    FIN = "FIN"
    MGT = "MGT"


TEAM_ROLES = (Role.PDEV, Role.PM, Role.APM)
DECIDING = frozenset(
    {Role.COM, Role.RPDO, Role.RTS, Role.RRMO, Role.RME, Role.RD, Role.HQD, Role.LEG, Role.FUND, Role.DDG, Role.RAS}
)
"""A grant of one of these is confirmed by a second administrator (Handbook: segregation of duties)."""


CONFIRMED_BY_ANOTHER = DECIDING | {Role.ADMIN}
"""Else one administrator could make a second one and confirm with that account whatever they like."""


class Scope(StrEnum):
    ORGANIZATION = "organization"
    REGION = "region"
    OFFICE = "office"


class Journaled:
    """A subject of the journal keeps how many entries it has and the digest of the last."""

    __tablename__: str
    id: Mapped[Key]
    journal_count: Mapped[int] = mapped_column(default=0)
    journal_head: Mapped[str] = mapped_column(default="")


class User(Searched, Journaled, UserMixin, Model):
    __table_args__ = (Index("ix_user_account_searched", "words", **INDEXED),)
    __tablename__ = "user_account"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sort_key: Mapped[str] = mapped_column(index=True)
    password_hash: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)
    staff: Mapped[bool] = mapped_column(default=True)
    """An external evaluator has an account and is not staff: sees the one project only."""
    demonstration: Mapped[bool] = mapped_column(default=False)
    locale: Mapped[str] = mapped_column(default="en")
    """The language of the person's letters."""
    time_zone: Mapped[str] = mapped_column(default="", server_default="")
    """An IANA name; empty: that of the person's office."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)

    grants: Mapped[list[Grant]] = relationship(
        back_populates="user", foreign_keys="Grant.user_id", lazy="raise", order_by="Grant.id"
    )
    stands_in_for: Mapped[list[Delegation]] = relationship(
        back_populates="delegate", foreign_keys="Delegation.delegate_id", lazy="raise"
    )

    @property
    def is_active(self) -> bool:
        return self.active

    def authorities(self, day: date) -> Iterator[Authority]:
        """What the person may do on a day: own grants, and those lent by delegations (which do not chain)."""
        for grant in self.grants:
            if grant.in_force:
                yield Authority.of(grant, None)
        for delegation in self.stands_in_for:
            if delegation.covers(day):
                for grant in delegation.absent.grants:
                    if grant.in_force and (delegation.role is None or delegation.role is grant.role):
                        yield Authority.of(grant, delegation.absent)


@dataclass(frozen=True)
class Authority:
    """One role at one scope; `absent` is the person in whose place it is used, if any."""

    role: Role
    scope: Scope
    region_code: str | None
    office_id: int | None
    absent: User | None
    areas: frozenset[str] = frozenset()
    """The areas of work that a thematic specialist is chosen for; none: whatever has no specialist of its own."""

    @property
    def name(self) -> tuple[Any, ...]:
        """Plain values that tell it from others."""
        return self.role, self.scope, self.region_code, self.office_id, self.absent and self.absent.id, self.areas

    @classmethod
    def of(cls, grant: Grant, absent: User | None) -> Authority:
        return cls(grant.role, grant.scope, grant.region_code, grant.office_id, absent, frozenset(grant.areas))


class Grant(Model):
    """A role given to a person at a scope. A deciding role counts once a second administrator confirmed it."""

    __table_args__ = (
        CheckConstraint("(scope = 'region') = (region_code is not null)", name="region"),
        CheckConstraint("(scope = 'office') = (office_id is not null)", name="office"),
        CheckConstraint("confirmed_by_id is null or confirmed_by_id <> granted_by_id", name="second_person"),
        CheckConstraint("granted_by_id is null or granted_by_id <> user_id", name="not_to_oneself"),
        Index("ix_grant_scope", "role", "scope", "region_code", "office_id"),
    )

    __tablename__ = "role_grant"

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[Role]
    scope: Mapped[Scope]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("regional_office.code"))
    office_id: Mapped[int | None] = mapped_column(ForeignKey("office.id"))
    areas: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=text("'{}'"))
    """Codes of the areas of work for which the person holds it; empty: for all that nobody is a specialist of."""
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    granted_at: Mapped[datetime] = mapped_column(default=clock.now)
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]
    revoked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="grants", foreign_keys=[user_id], lazy="raise")
    granted_by: Mapped[User | None] = relationship(foreign_keys=[granted_by_id], lazy="raise")
    confirmed_by: Mapped[User | None] = relationship(foreign_keys=[confirmed_by_id], lazy="raise")
    office: Mapped[Office | None] = relationship(lazy="raise")

    @property
    def waits_for_confirmation(self) -> bool:
        return self.revoked_at is None and self.role in CONFIRMED_BY_ANOTHER and self.confirmed_at is None

    @property
    def in_force(self) -> bool:
        return self.revoked_at is None and (self.role not in CONFIRMED_BY_ANOTHER or self.confirmed_at is not None)


class Delegation(Model):
    """`delegate` acts for `absent` on the days given, in one role or in all of them."""

    __table_args__ = (
        CheckConstraint("until_on >= from_on", name="period"),
        CheckConstraint("delegate_id <> absent_id", name="two_people"),
    )

    id: Mapped[Key]
    absent_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    delegate_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    role: Mapped[Role | None]
    from_on: Mapped[date]
    until_on: Mapped[date]
    reason: Mapped[str] = mapped_column(default="")
    made_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]

    absent: Mapped[User] = relationship(foreign_keys=[absent_id], lazy="raise")
    delegate: Mapped[User] = relationship(back_populates="stands_in_for", foreign_keys=[delegate_id], lazy="raise")
    made_by: Mapped[User] = relationship(foreign_keys=[made_by_id], lazy="raise")

    def covers(self, day: date) -> bool:
        return self.ended_at is None and self.from_on <= day <= self.until_on


class SignIn(Model):
    """A server-side session. The cookie holds a random token; the row holds only its hash."""

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    last_seen_at: Mapped[datetime] = mapped_column(default=clock.now)
    ended_at: Mapped[datetime | None]
    source: Mapped[str] = mapped_column(default="")
    agent: Mapped[str] = mapped_column(default="")
    desk_count: Mapped[int | None]
    """How much was on the person's desk at `desk_counted_at`: the number in the menu, counted anew once a minute."""
    desk_counted_at: Mapped[datetime | None]
    unread_count: Mapped[int | None]
    """How many letters were unread at that moment."""

    user: Mapped[User] = relationship(lazy="raise")


class SignInTry(Model):
    """A failed sign-in, counted per account (folded address, known or not) and per source."""

    __table_args__ = (Index("ix_sign_in_try_account_at", "account", "at"), Index("ix_try_source_at", "source", "at"))

    id: Mapped[Key]
    account: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=clock.now)


class PasswordLink(Model):
    """A forgotten password's link: one hour, one use; only the token's hash is stored."""

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


def viewer() -> Any:
    """The signed-in User itself (never Flask-Login's proxy, which relations refuse), or None."""
    user = current_user._get_current_object()
    return user if user.is_authenticated else None
