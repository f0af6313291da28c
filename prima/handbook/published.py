"""Published Handbook editions: immutable rows that running code reads; the files are only their source."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from prima import clock
from prima.db import Json, Model
from prima.errors import Refused
from prima.handbook.edition import Edition, checksum, parse
from prima.users import Journaled

EDITIONS = Path(__file__).parent / "editions"
_parsed: dict[str, Edition] = {}


class HandbookEdition(Journaled, Model):
    """One edition as it was published. A project stays on the edition it began with."""

    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    valid_from: Mapped[date]
    checksum: Mapped[str] = mapped_column(unique=True)
    published_at: Mapped[datetime] = mapped_column(default=clock.now)
    content: Mapped[Json] = mapped_column(deferred=True)

    @property
    def handbook(self) -> Edition:
        """The edition's contents, parsed once per process: a published edition never changes."""
        if self.checksum not in _parsed:
            _parsed[self.checksum] = Edition.model_validate(self.content, strict=False)
        return _parsed[self.checksum]


def publish(session: Session, file: Path) -> tuple[HandbookEdition, bool]:
    """Store the edition of a file; (row, whether it is new). A published code whose file changed is refused."""
    text = file.read_text(encoding="utf-8")
    edition = parse(text, file.name)
    seal = checksum(text)
    there = session.scalar(select(HandbookEdition).where(HandbookEdition.code == edition.code))
    if there:
        if there.checksum != seal:
            raise Refused(
                f"{file.name}: edition {edition.code} is published with other contents "
                f"({there.checksum[:12]}, the file has {seal[:12]}). Give a changed edition a new code."
            )
        return there, False
    row = HandbookEdition(
        code=edition.code,
        title=str(edition.title),
        valid_from=edition.valid_from,
        checksum=seal,
        content=edition.model_dump(mode="json"),
    )
    session.add(row)
    session.flush()
    return row, True


def newest(session: Session) -> HandbookEdition:
    """The edition that new projects take."""
    row = session.scalar(
        select(HandbookEdition).order_by(HandbookEdition.valid_from.desc(), HandbookEdition.id.desc()).limit(1)
    )
    if row is None:
        raise Refused("No Handbook edition is published yet. An administrator runs `flask setup` first.")
    return row
