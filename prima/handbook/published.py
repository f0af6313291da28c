"""Published Handbook editions: immutable rows that running code reads; the files are only their source."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column, undefer

from prima import clock
from prima.db import Json, Model
from prima.errors import Refused
from prima.handbook.codes import unknown_codes
from prima.handbook.differences import differences
from prima.handbook.edition import Edition, EditionError, checksum, parse
from prima.journal import record
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


def read(file: Path) -> tuple[Edition, str]:
    """The edition of a file and the SHA-256 of its bytes; raises EditionError, every fault of it at once."""
    content = file.read_bytes()
    try:
        source = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditionError(
            [f"{file.name}: the file is not UTF-8 text; byte {error.start + 1} cannot be read."]
        ) from error
    edition = parse(source, file.name)
    if faults := [f"{file.name}: {key}: {reason}." for key, reason in unknown_codes(edition)]:
        raise EditionError(faults)
    return edition, checksum(content)


def publish(session: Session, file: Path) -> tuple[HandbookEdition, bool]:
    """Store the edition of a file; (row, whether it is new). A published code whose file changed is refused.

    Only the operator publishes, from the command line; the journal says so.
    """
    edition, seal = read(file)
    # Two publications at once would both find the code free.
    session.execute(text("lock table handbook_edition in share row exclusive mode"))
    if there := find(session, edition.code):
        if there.checksum != seal:
            raise Refused(_changed(file.name, there, edition, seal))
        return there, False
    row = HandbookEdition(
        code=edition.code,
        title=str(edition.title),
        valid_from=edition.valid_from,
        checksum=seal,
        content=edition.model_dump(mode="json"),
    )
    session.add(row)
    record(row, "published", actor=None, by="operator", code=row.code, valid_from=row.valid_from, sha256=seal)
    return row, True


def find(session: Session, code: str) -> HandbookEdition | None:
    """A published edition by its code."""
    return session.scalar(select(HandbookEdition).where(HandbookEdition.code == code))


def _changed(file: str, there: HandbookEdition, edition: Edition, seal: str) -> list[str]:
    found = [str(one) for one in differences(there.handbook, edition)]
    return [
        f"{file}: edition {there.code} is published with other contents ({there.checksum[:12]}, the file has "
        f"{seal[:12]}) and never changes. Give a changed edition a new code. "
        + ("Published, and in the file:" if found else "Only comments or the layout of the file differ."),
        *found,
    ]


def in_force(session: Session) -> HandbookEdition | None:
    """Of the editions that are valid today the one with the latest first day; None before the first."""
    return session.scalar(
        select(HandbookEdition)
        .where(HandbookEdition.valid_from <= clock.today())
        .order_by(HandbookEdition.valid_from.desc(), HandbookEdition.id.desc())
        .limit(1)
    )


def part(session: Session, row: HandbookEdition, name: str) -> Any:
    """A part of an edition that editions did not always have; one that is silent leaves it to the newest that speaks.

    Raises Refused where no edition in force speaks of it.
    """
    if found := spoken(session, row, name):
        return found
    raise Refused(_("No Handbook edition in force speaks of this yet. The operator publishes one by `flask setup`."))


def spoken(session: Session, row: HandbookEdition, name: str) -> Any:
    """As `part`; None where no edition in force speaks of it."""
    if found := getattr(row.handbook, name):
        return found
    return followed(session.scalars(select(HandbookEdition).options(undefer(HandbookEdition.content))), name)


def followed(rows: Iterable[HandbookEdition], name: str) -> Any:
    """What the newest edition in force that speaks of a part says; None where none does."""
    today = clock.today()
    newest = sorted(rows, key=lambda row: (row.valid_from, row.id), reverse=True)
    return next((found for row in newest if row.valid_from <= today and (found := getattr(row.handbook, name))), None)


def newest(session: Session) -> HandbookEdition:
    """The edition that new projects take."""
    row = in_force(session)
    if row is None:
        raise Refused("No Handbook edition is valid yet. The operator publishes one by `flask setup`.")
    return row
