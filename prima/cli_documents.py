"""What one types about filed documents: whether every file is there and unchanged, and what no document names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select, text

from prima import clock
from prima.db import db
from prima.projects import files
from prima.projects.models import Document, Project

YOUNG = timedelta(days=1)
"""Files younger than this may still wait for their row, or be looked for after a failure."""


@click.group("documents")
def commands() -> None:
    """The filed documents."""


@commands.command("verify")
@click.option("--remove-orphans", is_flag=True, help="Remove files that no document names, when older than a day.")
@with_appcontext
def verify(remove_orphans: bool) -> None:
    """Find every document whose file is missing or changed; ends with status 1 when there is one.

    Files that no document names, left by a failure, are listed too: they do no harm.
    """
    folder = Path(current_app.config["DOCUMENTS_DIR"])
    count, faults = 0, 0
    for sha256, named_by in _named().items():
        count += len(named_by)
        if not files.is_intact(place := files.path(folder, sha256), sha256):
            faults += len(named_by)
            says = "has changed" if place.is_file() else "is missing"
            for name in named_by:
                click.echo(f"{name}: its file {says} ({sha256})")
    if remove_orphans:  # nobody may be about to name one while it is removed
        db.session.execute(text("set local lock_timeout = '30s'"))
        db.session.execute(text("lock table document in share mode"))
    named = _named()
    for file in _lying(folder):
        if file.name in named:
            continue
        is_old = datetime.fromtimestamp(file.stat().st_mtime, UTC) < clock.now() - YOUNG
        if remove_orphans and is_old:
            file.unlink()
        says = "removed" if remove_orphans and is_old else "younger than a day" if not is_old else "can be removed"
        click.echo(f"No document names {file.relative_to(folder)}: {says}")
    db.session.rollback()
    click.echo(f"{count} documents, all as they were filed." if not faults else f"{faults} of {count} are not whole.")
    if faults:
        raise SystemExit(1)


def _named() -> dict[str, list[str]]:
    """The checksums that documents name, each with how people know those documents."""
    rows = db.session.execute(
        select(Document.sha256, Project.reference, Document.type_code, Document.version)
        .join(Project, Project.id == Document.project_id)
        .order_by(Project.reference, Document.type_code, Document.version)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.sha256, []).append(f"{row.reference} {row.type_code} version {row.version}")
    return found


def _lying(folder: Path) -> Iterator[Path]:
    """The files that PRIMA put into the store, those on their way too; nothing else that lies there."""
    yield from sorted(folder.glob(f"{files.COMING}*"))
    yield from sorted(
        file for file in folder.glob("??/*") if len(file.name) == 64 and file.name[:2] == file.parent.name
    )
