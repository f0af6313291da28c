"""What one types about an endorsement: whether its record is whole."""

from __future__ import annotations

import re

import click
from flask.cli import with_appcontext

from prima import journal
from prima.db import db
from prima.endorsement import queries
from prima.endorsement.proof import findings
from prima.endorsement.record import checksum
from prima.projects.queries import find, locked


@click.group("endorsement")
def commands() -> None:
    """The record of endorsement."""


@commands.command("verify")
@click.argument("reference")
@click.option("--checksum", "stated", default="", metavar="HEX", help="The checksum that a record was printed with.")
@with_appcontext
def verify(reference: str, stated: str) -> None:
    """Hold a project's record of endorsement against its frozen versions, the journal, and a printed checksum.

    One line a finding; ends with status 1 when there is one, with 2 when nothing goes by this reference.
    """
    if stated and not re.fullmatch("[0-9a-fA-F]{64}", stated):
        raise click.BadParameter("it has 64 digits and letters from a to f.", param_hint="--checksum")
    known = find(reference) if "\0" not in reference else None
    if known is None:
        raise click.UsageError(f"No project goes by the reference {reference}.")
    found, now = verified(known.id)
    db.session.rollback()
    if stated and stated.lower() != now:
        found.append("The checksum given is not that of the record as it stands: it was changed, or has gone on since.")
    for one in found:
        click.echo(one)
    click.echo(f"Checksum of the record: {now}")
    click.echo("The record is whole." if not found else f"{len(found)} findings.")
    if found:
        raise SystemExit(1)


def verified(project_id: int) -> tuple[list[str], str]:
    """What is found, and the checksum of the record; under the project's lock, which ends with the transaction."""
    project = locked(project_id)
    rounds = queries.rounds(project, fresh=True)
    entries = journal.entries(db.session(), project.__tablename__, project.id)
    found = [*journal.faults_of(db.session(), project), *findings(rounds, entries)]
    return found, checksum(project.reference, rounds)
