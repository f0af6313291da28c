"""What one types about the search: its words compared with the texts, and mended."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from prima import searched
from prima.db import db


@click.group("search")
def commands() -> None:
    """What the search finds projects by."""


@commands.command("rebuild")
@with_appcontext
def rebuild() -> None:
    """Write the words of every row anew that were not those of its text, as after a change past the application."""
    for table in searched.tables():
        mended = 0
        for number in searched.rebuild(db.session(), table):
            mended += number
            db.session.commit()
        click.echo(f"{table.__tablename__}: {mended} mended.")


COMMANDS = (commands,)
