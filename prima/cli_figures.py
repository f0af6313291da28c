"""What one types about the kept totals of the portfolio: hold them against everything else, make them anew."""

from __future__ import annotations

import click
from flask.cli import AppGroup, with_appcontext

from prima.db import db
from prima.reporting.summary import verifying
from prima.reporting.summary.folding import fold, rebuild

figures = AppGroup("figures", help="The kept totals of the portfolio.")


@figures.command("verify")
@with_appcontext
def verify() -> None:
    """Compare kept totals, live SQL and the export; a line for each difference, and status 1 if there is any."""
    db.session.execute(verifying.SNAPSHOT)
    count = 0
    for count, difference in enumerate(verifying.differences(), 1):  # noqa: B007
        click.echo(str(difference))
    db.session.rollback()
    if count:
        click.echo(f"{count} differences: flask figures rebuild makes the kept totals anew.", err=True)
        raise SystemExit(1)
    click.echo("Kept totals, live figures and the export say the same.")


@figures.command("fold")
@with_appcontext
def fold_now() -> None:
    """Add up what was written since the last time, as the scheduler does."""
    click.echo(f"{fold(db.session())} changes added up.")


@figures.command("rebuild")
@with_appcontext
def rebuild_now() -> None:
    """Make the kept totals anew from the projects, while others go on working."""
    count = rebuild(db.session())
    db.session.commit()
    click.echo(f"{count} totals made anew.")


COMMANDS = (figures,)
