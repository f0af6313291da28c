"""Everything a database needs before the first person signs in: the lists and the Handbook editions."""

from __future__ import annotations

from sqlalchemy.orm import Session

from prima.handbook import published
from prima.reference import reader


def set_up(session: Session) -> tuple[int, list[str]]:
    """Load the lists and publish the editions that ship; (rows new or changed, editions newly published)."""
    changed = reader.load(session)
    new = []
    for file in sorted(published.EDITIONS.glob("*.toml")):
        row, is_new = published.publish(session, file)
        if is_new:
            new.append(row.code)
    return sum(changed.values()), new
