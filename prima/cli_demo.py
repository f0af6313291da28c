"""What one types to get the demonstration."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

from prima import demonstration
from prima.db import db
from prima.demonstration import portfolio
from prima.errors import Refused
from prima.setup import set_up


@click.command("demo")
@click.option("--projects", type=click.IntRange(1), help="Instead, so many invented projects, for measuring.")
@with_appcontext
def demo(projects: int | None) -> None:
    """Build the demonstration in a database that holds no project, and show its accounts."""
    if current_app.config["PRIMA_ENV"] == "production":
        raise click.ClickException(
            "A production has no demonstration: use a database of its own, with PRIMA_ENV=demonstration."
        )
    if projects:
        make_portfolio(projects)
        return
    built = demonstration.build_if_empty(db.session(), current_app.config)
    db.session.commit()
    click.echo("The demonstration is built." if built else "There are projects already: nothing was built.")
    click.echo(demonstration.accounts_text(current_app.config["INSTANCE"]))


def make_portfolio(projects: int) -> None:
    set_up(db.session())
    try:
        counts = portfolio.fill(db.session(), projects)
    except Refused as refusal:
        db.session.rollback()
        raise click.ClickException(str(refusal)) from None
    db.session.commit()
    for table, number in counts.items():
        click.echo(f"{number:>12,}  {table.replace('_', ' ')}")


COMMANDS = (demo,)
