"""What one types: setting PRIMA up, people, imports and exports, proofs."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from psycopg.errors import UndefinedTable
from sqlalchemy.exc import OperationalError, ProgrammingError

from prima import (
    cli_bench,
    cli_demo,
    cli_documents,
    cli_handbook,
    cli_people,
    cli_portfolio,
    cli_rates,
    cli_reporting,
    embedded,
    journal,
)
from prima.db import db
from prima.errors import Refused
from prima.handbook.edition import EditionError
from prima.handbook.published import HandbookEdition
from prima.projects.models import FundingRound, Project
from prima.setup import set_up
from prima.users import User


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


@journal_group.command("verify")
@with_appcontext
def verify() -> None:
    """Find every entry that was changed, removed or reordered; ends with status 1 when there is one."""
    faults = list(journal.faults(db.session(), SUBJECTS))
    for fault in faults:
        click.echo(fault)
    click.echo("The journal is whole." if not faults else f"{len(faults)} faults.")
    if faults:
        raise SystemExit(1)


SUBJECTS = {table.__tablename__: table for table in (FundingRound, HandbookEdition, Project, User)}


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
        *cli_reporting.COMMANDS,
        *cli_portfolio.COMMANDS,
        cli_rates.commands,
        *cli_demo.COMMANDS,
        *cli_bench.COMMANDS,
    ):
        add(app, command)
