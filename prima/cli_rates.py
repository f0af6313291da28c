"""What one types to bring exchange rates in and to read those that are known."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from prima.csvfiles import BadTable
from prima.db import db
from prima.rates import USD, all_rates, import_rates, plain


@click.group("rates")
def commands() -> None:
    """Exchange rates: what a unit of a currency is worth in USD, from which day on."""


@commands.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--update", is_flag=True, help="Replace the rate of a day that has another one.")
@with_appcontext
def import_command(file: Path, update: bool) -> None:
    """Take over the rates of a CSV file: currency, valid_from, usd_per_unit. The same file again changes nothing."""
    try:
        done = import_rates(db.session(), file.read_bytes(), update=update)
    except BadTable as error:
        db.session.rollback()
        for problem in error.problems:
            click.echo(str(problem), err=True)
        number = len(error.problems)
        noun = "problem" if number == 1 else "problems"
        raise click.ClickException(f"{file.name}: {number} {noun}; nothing was imported.") from None
    except OSError as error:
        raise click.ClickException(f"{file.name}: {error.strerror or error}") from None
    db.session.commit()
    for rate, before in done.changed:
        day = rate.valid_from.isoformat()
        click.echo(f"{rate.currency} from {day}: {plain(before)} becomes {plain(rate.usd_per_unit)}.")
    click.echo(f"{len(done.added)} rates added, {len(done.changed)} changed, {done.unchanged} unchanged.")


@commands.command("list")
@with_appcontext
def list_command() -> None:
    """Show every rate, by currency, oldest first."""
    rates = all_rates(db.session())
    for rate in rates:
        click.echo(f"{rate.valid_from.isoformat()}  1 {rate.currency} = {plain(rate.usd_per_unit)} {USD}")
    if not rates:
        click.echo("No rates are known: every budget is in USD. Bring some in with flask rates import FILE.csv.")
