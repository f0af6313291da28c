"""What one types: setting PRIMA up, people, imports and exports, proofs."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import with_appcontext

from prima.db import db
from prima.handbook import published
from prima.reference import reader


@click.command("setup")
@with_appcontext
def setup() -> None:
    """Load the lists and publish the Handbook editions that ship with PRIMA. Safe to run again."""
    changed = reader.load(db.session)
    for file in sorted(published.EDITIONS.glob("*.toml")):
        row, new = published.publish(db.session, file)
        click.echo(f"Edition {row.code}: {'published' if new else 'already published'}.")
    db.session.commit()
    click.echo(f"Lists: {sum(changed.values())} rows new or changed.")


def init_app(app: Flask) -> None:
    app.cli.add_command(setup)
