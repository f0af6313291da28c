"""What one types to take over spending from a spreadsheet of finance."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from flask.cli import with_appcontext

from prima.cli_portfolio import person
from prima.config import MEGABYTE, MOST_BYTES_OF_A_FILE
from prima.db import db
from prima.filters import money
from prima.reporting import operations
from prima.reporting.operations.spending import Prepared, Progress, read
from prima.reporting.spending import Moved, Stated
from prima.reporting.statement import Wrong
from prima.spreadsheets.reading import Unreadable


@click.group("spending")
def commands() -> None:
    """What finance states of projects: spent and committed by budget line."""


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@click.option(
    "--as", "email", metavar="E-MAIL", help="As this person, within their rights; without it, as the operator."
)
@with_appcontext
def import_command(file: Path, dry_run: bool, email: str | None) -> None:
    """Take over a spreadsheet (.xlsx or CSV): each project that it names, whole, from its start.

    All of it or, with a sentence for each cell that is wrong and status 1, nothing. The same file changes nothing.
    """
    actor = person(email) if email else None
    try:
        data = _contents(file)
        with progress("Reading") as step:
            _found, prepared = read(data, actor=actor, file_name=file.name, lock=not dry_run, progress=step)
        for line in told(prepared):
            click.echo(line)
        source = None
        if not (dry_run or prepared.is_known):
            with progress("Writing") as step:
                source = operations.take_over(prepared, actor=actor, progress=step)
    except Wrong as wrong:
        db.session.rollback()
        for sentence in wrong.sentences:
            click.echo(sentence, err=True)
        raise click.ClickException(f"{file.name} is not as it should be; nothing was written.") from None
    except (OSError, Unreadable) as error:
        db.session.rollback()
        raise click.ClickException(f"{file.name}: {getattr(error, 'strerror', None) or error}") from None
    if source is None:
        db.session.rollback()
    else:
        db.session.commit()
    click.echo(outcome(prepared, dry_run))


def outcome(prepared: Prepared, dry_run: bool) -> str:
    if prepared.is_known:
        return "Nothing was changed: this file was taken over before, and its figures stand."
    rows, projects = f"{len(prepared.rows):,} rows", f"{len(prepared.stated):,} projects"
    return (
        f"{rows} of {projects} would be taken over; nothing was written."
        if dry_run
        else f"{rows} of {projects} taken over."
    )


def told(prepared: Prepared) -> Iterator[str]:
    """What would change, a line each; what strikes stands at its end."""
    yield from prepared.notices
    for one in prepared.stated:
        yield f"{one.name}, {one.currency}: {change('spent', one.before.spent, one.figures.spent)}, " + change(
            "committed", one.before.committed, one.figures.committed
        )
        yield from (line(one, moved) for moved in one.lines if moved.is_changed or strikes(moved))


def line(one: Stated, moved: Moved) -> str:
    figures = moved.line.figures
    return (
        f"  {moved.line.code}, approved {money(figures.approved)}: "
        f"{change('spent', moved.before.spent, moved.after.spent)}, "
        f"{change('committed', moved.before.committed, moved.after.committed)}{strikes(moved)}"
    )


def change(what: str, before: object, after: object) -> str:
    return f"{what} {money(before)}" if before == after else f"{what} {money(before)} -> {money(after)}"  # type: ignore[arg-type]


def strikes(moved: Moved) -> str:
    found = [
        words
        for words, holds in (
            ("OVERSPENT", moved.is_overspent),
            ("went down", moved.went_down),
            ("no longer stated", moved.disappears),
        )
        if holds
    ]
    return f" [{', '.join(found)}]" if found else ""


@contextmanager
def progress(what: str) -> Iterator[Progress]:
    """Rows done of all rows, on a terminal; nothing where nobody looks."""
    if not looked_at():
        yield lambda _done, _of: None
        return

    def say(done: int, of: int) -> None:
        click.echo(f"\r{what}: {100 * done // max(of, 1)} %", err=True, nl=False)

    say(0, 1)
    try:
        yield say
    finally:
        click.echo(err=True)


def looked_at() -> bool:
    return sys.stderr.isatty()


def _contents(file: Path) -> bytes:
    if file.stat().st_size > MOST_BYTES_OF_A_FILE:
        raise click.ClickException(f"{file.name} is larger than {MOST_BYTES_OF_A_FILE // MEGABYTE} MB.")
    return file.read_bytes()
