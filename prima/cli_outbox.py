"""What one types about letters: seeing them, trying again, taking old ones away, noting what came back."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from prima import addresses, clock, mail, postmaster
from prima.db import db
from prima.outbox import LetterState

DAY = click.DateTime(["%Y-%m-%d"])
MOST = 1_000


@click.group("outbox")
def commands() -> None:
    """Letters that wait, were sent, or were given up."""


@commands.command("list")
@click.option(
    "--state", "states", multiple=True, type=click.Choice([one.value for one in LetterState]),
    help="Only letters in this state; may be given more than once. Waiting, dead and held (for a digest), if left out.",
)  # fmt: skip
@click.option("--since", type=DAY, help="Only letters queued on this day or later.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=MOST, show_default=True, help="At most so many.")
@with_appcontext
def list_letters(states: tuple[str, ...], since: datetime | None, limit: int) -> None:
    """One line a letter, the newest first: number, state, queued, sent, tries, kind, cause, recipient, problem."""
    wanted = [LetterState(one) for one in states] or list(postmaster.UNSENT)
    begin = since.replace(tzinfo=UTC) if since else None
    found = postmaster.listed(db.session(), wanted, since=begin, limit=limit + 1)
    for one in found[:limit]:
        sent = f"{one.sent_at:%Y-%m-%dT%H:%MZ}" if one.sent_at else "-"
        parts = (str(one.id), one.state.value, f"{one.queued_at:%Y-%m-%dT%H:%MZ}", sent, str(one.tries), one.kind,
                 one.cause, repr(one.recipient)[1:-1], one.problem)  # fmt: skip
        click.echo("\t".join(parts))
    if len(found) > limit:
        click.echo(f"There are more; these are the newest {limit}.", err=True)


@commands.command("retry")
@click.argument("numbers", nargs=-1, type=click.IntRange(1, 2**63 - 1))
@click.option("--all", "every", is_flag=True, help="Every letter that was given up or put off.")
@with_appcontext
def retry(numbers: tuple[int, ...], every: bool) -> None:
    """Send letters again that were given up or put off, at the scheduler's next run or with flask send-mail."""
    if every == bool(numbers):
        raise click.UsageError("Name letters by the numbers that flask outbox list shows, or say --all.")
    count = postmaster.retry(db.session(), None if every else numbers)
    db.session.commit()
    click.echo(f"{count} letters will be tried again.")
    if numbers and count < len(set(numbers)):
        click.echo("The others were sent already, do not exist, or go to what is no e-mail address.", err=True)
        raise SystemExit(1)


@commands.command("purge")
@click.option("--days", type=click.IntRange(1, 36_500), required=True, help="Letters sent more than so many days ago.")
@with_appcontext
def purge(days: int) -> None:
    """Take old letters away that were sent, went in a digest or were not mailed.

    Of reminders the text goes and the fact stays, so that none comes twice.
    """
    removed, emptied = postmaster.purge(db.session(), clock.ago(days=days))
    db.session.commit()
    click.echo(f"{removed} letters removed, {emptied} reminders emptied.")


@commands.command("bounced")
@click.argument("address")
@click.option("--reason", default="The letter came back.", show_default=True, help="What the answer said.")
@with_appcontext
def bounced(address: str, reason: str) -> None:
    """Mark an address whose letters came back; administrators see it until one arrives."""
    if not addresses.usable(address):
        raise click.ClickException("This is no e-mail address.")
    mail.mark(db.session(), address, " ".join(reason.split())[:500])
    db.session.commit()
    click.echo(f"{address} is marked.")
