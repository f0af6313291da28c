"""What one types to bring a portfolio in and to take it out again."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlencode

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from prima import clock, sessions
from prima.csvfiles import BadTable
from prima.db import db
from prima.errors import Refused
from prima.handbook import published
from prima.lists import AreaOfWork
from prima.projects.operations.importing import Change, Outcome, import_portfolio
from prima.reporting import portfolio, workbooks
from prima.reporting.models import ExportFormat
from prima.reporting.operations import exports
from prima.reporting.operations.history import import_history
from prima.reporting.operations.history_file import BadHistory
from prima.spreadsheets import Unwritable, write
from prima.users import User

YEAR_AT_THE_END = re.compile(r"(?:19|20)[0-9]{2}$")
YEARS = click.IntRange(1990, 2099)


@click.command("import-portfolio")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--year", type=YEARS, help="The funding year; without it, the last four digits of the file's name.")
@click.option("--update", is_flag=True, help="Take over the amounts that changed since the last import.")
@with_appcontext
def import_command(file: Path, year: int | None, update: bool) -> None:
    """Make each row of a CSV file a donor-funded project. The same file again changes nothing."""
    if year is None:
        digits = YEAR_AT_THE_END.search(file.stem)
        if digits is None:
            raise click.UsageError(f"{file.name} does not end in a year: say which with --year 2016.")
        year = int(digits[0])
    with whole(file):
        outcome = import_portfolio(db.session(), file.read_bytes(), year, actor=None, update=update)
    db.session.commit()
    for line in report(outcome):
        click.echo(line)


@contextmanager
def whole(file: Path) -> Iterator[None]:
    """All of a file or nothing: what is wrong with it is said, each fault on a line."""
    try:
        yield
    except (BadTable, BadHistory) as error:
        db.session.rollback()
        faults = error.problems if isinstance(error, BadTable) else error.faults
        for fault in faults:
            click.echo(str(fault), err=True)
        number = len(faults)
        raise click.ClickException(
            f"{file.name}: {number} {plural(number, 'problem')}; nothing was imported."
        ) from None
    except (OSError, Refused) as error:
        db.session.rollback()
        raise click.ClickException(f"{file.name}: {error}") from None


def report(outcome: Outcome) -> list[str]:
    """What an import did, a sentence a line."""
    lines = [change(one) for one in outcome.changes]
    lines += [f"{project} ({name}) stays as it is: {why}." for project, name, why in outcome.kept]
    lines += [f"{project} ({title}) is not in this file; it stays." for project, title in outcome.missing]
    added, changed = len(outcome.added), len({one.project for one in outcome.changes})
    lines.append(f"{added} {plural(added, 'project')} added, {outcome.unchanged} unchanged.")
    if outcome.updated:
        lines.append(f"{changed} {plural(changed, 'project')} changed.")
    elif changed:
        lines.append(f"{changed} {plural(changed, 'project')} would change: run it again with --update to do so.")
    if not (added or outcome.changes or outcome.kept):
        lines.append("Nothing was changed: the projects are as the file states them.")
    return lines


def change(one: Change) -> str:
    return f"Line {one.line}, {one.project} ({one.name}), {one.area}: {one.before:,} becomes {one.after:,}."


def template(target: Path) -> None:
    """Write the form for existing projects."""
    session = db.session()
    areas = [(one.code, one.name) for one in session.scalars(select(AreaOfWork).order_by(AreaOfWork.position))]
    kinds = [(one.code, one.name.en) for one in published.newest(session).handbook.reports]
    _written(target, lambda file: write(file, workbooks.history_form(areas, kinds), created=clock.now()))
    click.echo(f"{target}: the form for existing projects. Replace the row that shows how it is filled in.")


@click.command("import-projects")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--reports",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With a CSV file: the reports that were handed in, as a second CSV file.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done and change nothing.")
@click.option("--template", "wants_template", is_flag=True, help="Write an empty form to FILE instead of reading it.")
@with_appcontext
def import_projects(file: Path, reports: Path | None, dry_run: bool, wants_template: bool) -> None:
    """Bring in existing projects (.xlsx or .csv) with their dates, budgets by area of work, and reports done.

    All of the file or nothing of it. The same references again bring the projects to what the file states.
    """
    if wants_template:
        if file.suffix.lower() != ".xlsx":
            raise click.UsageError("The form is an Excel workbook: give a name that ends in .xlsx.")
        template(file)
        return
    if file.suffix.lower() not in (".xlsx", ".csv"):
        raise click.UsageError("Give an Excel workbook (.xlsx) or a CSV file (.csv).")
    if reports and file.suffix.lower() == ".xlsx":
        raise click.UsageError("A workbook holds the reports on its sheet “Reports”; --reports goes with a CSV file.")
    with whole(file):
        told = reports.read_bytes() if reports else None
        outcome = import_history(db.session(), file.read_bytes(), file.name, reports=told)
    for one in outcome.changes:
        click.echo(f"{one.project}, {one.what}: “{one.before}” becomes “{one.after}”.")
    for name in outcome.kept:
        click.echo(f"{name} stays as it is: people have worked on it since it came here.")
    added, changed = len(outcome.added), len({one.project for one in outcome.changes})
    click.echo(
        f"{added} {plural(added, 'project')} added, {changed} changed, {outcome.unchanged} unchanged; "
        f"{outcome.reports} {plural(outcome.reports, 'report')} noted as handed in."
    )
    if dry_run:
        db.session.rollback()
        click.echo("This was a trial: nothing was changed.")
    else:
        db.session.commit()


@click.command("export")
@click.argument("target", metavar="OUT.xlsx", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "email", metavar="E-MAIL", help="Only what this person may see; without it, everything.")
@click.option("--region", help="The code of a Regional Office.")
@click.option("--year", help="A funding year.")
@click.option("--status", help="The code of a status.")
@with_appcontext
def export_command(target: Path, email: str | None, region: str | None, year: str | None, status: str | None) -> None:
    """Write the projects into an Excel workbook."""
    viewer = person(email) if email else None
    options = {"region": region, "year": year, "status": status}
    given = {name: [value] for name, value in options.items() if value is not None}
    if empty := [name for name, (value,) in given.items() if not value.strip()]:
        raise click.ClickException(f"--{empty[0]} is empty.")
    reading = portfolio.read(viewer, given)
    if reading.problems:
        raise click.ClickException(" ".join(reading.problems))
    if target.exists() and not target.is_file():
        raise click.ClickException(f"{target} is no file that could be replaced.")
    url = f"{current_app.config['BASE_URL']}/projects?{urlencode(reading.filters.args())}"
    number = _written(
        target,
        lambda file: exports.at_once(file, viewer, reading, (), ExportFormat.EXCEL, url=url, most=None),
    )["Projects"]
    click.echo(f"{target}: {number} {plural(number, 'project')}.")


def _written(target: Path, write: Callable[[BinaryIO], dict[str, int]]) -> dict[str, int]:
    """Write a workbook beside its place and move it there whole; rows by sheet."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            written = write(file)
        draft.replace(target)
    except (OSError, Unwritable) as error:
        reason = getattr(error, "strerror", None) or error
        raise click.ClickException(f"{target} could not be written: {reason}") from None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return written


def person(email: str) -> User:
    found = db.session.scalar(
        select(User).where(User.email == email.strip().casefold()).options(*sessions.with_rights())
    )
    if found is None:
        raise click.ClickException(f"Nobody has an account with the address {email}.")
    if not found.active:
        raise click.ClickException(f"The account {email} is disabled and sees nothing.")
    return found


def plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"


COMMANDS = (import_command, import_projects, export_command)
