"""Offices and the Regional Office each belongs to, from when until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from prima.db import Key, Model
from prima.lists import Country, RegionalOffice
from prima.searched import Searched


class OfficeKind(StrEnum):
    COUNTRY = "country"
    REGIONAL = "regional"
    HEADQUARTERS = "headquarters"


class Office(Searched, Model):
    """A country office, a Regional Office or headquarters; `time_zone` is an IANA name."""

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    sort_key: Mapped[str]
    kind: Mapped[OfficeKind]
    country_code: Mapped[str | None] = mapped_column(ForeignKey("country.code"))
    time_zone: Mapped[str] = mapped_column(default="UTC")
    retired: Mapped[bool] = mapped_column(default=False)

    country: Mapped[Country | None] = relationship(lazy="raise")
    links: Mapped[list[OfficeLink]] = relationship(
        back_populates="office", lazy="raise", order_by="OfficeLink.valid_from"
    )

    def region_on(self, day: date) -> str | None:
        """The code of the Regional Office it belongs to on a day; None for headquarters."""
        return region_on(self.links, day)


class OfficeLink(Model):
    """Which Regional Office an office belongs to; the last day is included.

    The first link of an office has no first day: what came before the oldest structure we know is not known.
    """

    __table_args__ = (CheckConstraint("valid_to is null or valid_to >= valid_from", name="period"),)

    id: Mapped[Key]
    office_id: Mapped[int] = mapped_column(ForeignKey("office.id"), index=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("regional_office.code"), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    office: Mapped[Office] = relationship(back_populates="links", lazy="raise")
    region: Mapped[RegionalOffice] = relationship(lazy="raise")


def region_on(links: Iterable[OfficeLink], day: date) -> str | None:
    for link in links:
        if (link.valid_from is None or link.valid_from <= day) and (link.valid_to is None or day <= link.valid_to):
            return link.region_code
    return None
