"""What one types: setting PRIMA up, people, imports and exports, proofs."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from prima import cli_bench, cli_demo, cli_people, cli_portfolio, cli_reporting, journal
from prima.db import db
from prima.handbook.published import HandbookEdition
from prima.projects.models import Project
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


SUBJECTS = {table.__tablename__: table for table in (HandbookEdition, Project, User)}


def init_app(app: Flask) -> None:
    app.cli.add_command(setup)
    app.cli.add_command(journal_group)
    app.cli.add_command(cli_people.commands)
    cli_reporting.init_app(app)
    for command in (*cli_portfolio.COMMANDS, *cli_demo.COMMANDS, *cli_bench.COMMANDS):
        app.cli.add_command(command)
