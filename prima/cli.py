"""What one types: setting PRIMA up, people, imports and exports, proofs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from psycopg.errors import UndefinedTable
from sqlalchemy.exc import OperationalError, ProgrammingError

from prima import (
    anchors,
    cli_bench,
    cli_demo,
    cli_doctor,
    cli_documents,
    cli_endorsement,
    cli_figures,
    cli_handbook,
    cli_outbox,
    cli_people,
    cli_portfolio,
    cli_rates,
    cli_reporting,
    cli_search,
    cli_spending,
    embedded,
    journal,
)
from prima.db import db
from prima.errors import Refused
from prima.handbook.edition import EditionError
from prima.setup import set_up


@click.command("setup")
@with_appcontext
def setup() -> None:
    """Load the lists and publish the Handbook editions that ship with PRIMA. Safe to run again."""
    rows, editions = set_up(db.session)
    db.session.commit()
    click.echo(f"Lists: {rows} rows new or changed. Editions published: {', '.join(editions) or 'none new'}.")


@click.group("journal")
def journal_group() -> None:
    """The journal of who changed what."""


def letter(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> list[tuple[date, str]]:
    found = []
    for one in given:
        day, _sign, hashed = one.partition("=")
        try:
            found.append((date.fromisoformat(day), hashed.strip().lower()))
        except ValueError:
            raise click.BadParameter("write it like 2016-10-01=HASH, as in the letter.") from None
        if not re.fullmatch("[0-9a-f]{64}", found[-1][1]):
            raise click.BadParameter("the hash has 64 digits and letters from a to f.")
    return found


@journal_group.command("verify")
@click.option("--anchor", "mailed", multiple=True, callback=letter, metavar="DAY=HASH", help="From a mailed letter.")
@with_appcontext
def verify(mailed: list[tuple[date, str]]) -> None:
    """Find every entry that was changed, removed or reordered; ends with status 1 when there is one.

    Each row and chain is checked, then the daily anchors: these also find a removed end or subject. An anchor itself
    is held against the letter that was mailed of it with --anchor.
    """
    count = 0
    for fault in anchors.faults(db.session(), SUBJECTS, mailed):
        click.echo(fault)
        count += 1
    click.echo("The journal is whole." if not count else f"{count} faults.")
    if count:
        raise SystemExit(1)


@journal_group.command("anchor")
@with_appcontext
def anchor() -> None:
    """Make the anchor of today, unless it stands, and print it; mailed to OVERSIGHT_EMAIL when it is new."""
    made = anchors.make(db.session(), SUBJECTS, to=current_app.config["OVERSIGHT_EMAIL"])
    db.session.commit()
    for line in anchors.told(made):
        click.echo(line)


SUBJECTS = journal.subjects()


def in_a_sentence(work: Callable[..., Any]) -> Callable[..., Any]:
    """What is wrong with the database is said in a sentence, with what to do."""

    @wraps(work)
    def run(*given: Any, **values: Any) -> Any:
        try:
            return work(*given, **values)
        except (embedded.EmbeddedError, EditionError, Refused) as error:
            raise click.ClickException(str(error)) from None
        except OperationalError as error:
            reason = str(error.orig).strip().partition("\n")[0]
            raise click.ClickException(f"The database cannot be used: {reason}. Mend that and try again.") from None
        except ProgrammingError as error:
            if not isinstance(error.orig, UndefinedTable):
                raise
            raise click.ClickException("The database has no tables: run flask db upgrade, then flask setup.") from None

    return run


SAYING: set[click.Command] = set()


def add(app: Flask, command: click.Command) -> None:
    for one in list(command.commands.values()) if isinstance(command, click.Group) else [command]:
        if one.callback and one not in SAYING:  # an application made again finds the same commands
            one.callback = in_a_sentence(one.callback)
            SAYING.add(one)
    app.cli.add_command(command)


def init_app(app: Flask) -> None:
    for command in (
        setup,
        journal_group,
        cli_people.commands,
        cli_handbook.commands,
        cli_documents.commands,
        cli_endorsement.commands,
        *cli_reporting.COMMANDS,
        *cli_figures.COMMANDS,
        *cli_search.COMMANDS,
        cli_outbox.commands,
        *cli_portfolio.COMMANDS,
        cli_rates.commands,
        cli_spending.commands,
        cli_doctor.command,
        *cli_demo.COMMANDS,
        *cli_bench.COMMANDS,
    ):
        add(app, command)
