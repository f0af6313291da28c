"""What one types about deadlines, reminders and letters, and the scheduler itself."""

from __future__ import annotations

import threading
from datetime import datetime

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import text

from prima import mail, scheduler
from prima.db import db
from prima.handbook import published
from prima.jobs import JOBS
from prima.reporting import calendar, reminders

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("remind")
@click.option("--on", type=DAY, help="The day to remind for, everywhere; today at each office, if left out.")
@click.option("--dry-run", is_flag=True, help="List one line a letter and change nothing.")
@with_appcontext
def remind(on: datetime | None, dry_run: bool) -> None:
    """Queue the reminders that are due and were not written yet.

    A line of the list: when it is due, project, what is due, step of the ladder, to whom, why.
    """
    day = on.date() if on else None
    session = db.session()
    if dry_run:
        session.execute(text("set transaction read only"))
        count = 0
        for one in reminders.due(session, day):
            click.echo(one.line)
            count += 1
        session.rollback()
        click.echo(f"{count} letters would be written; nothing was changed.", err=True)
        return
    count = reminders.remind(session, day)
    session.commit()
    click.echo(f"{count} letters queued.")


@click.command("send-mail")
@with_appcontext
def send_mail() -> None:
    """Send the letters that wait, as the scheduler does."""
    outcome = mail.send_waiting(db.session(), mail.Post.of(current_app.config))
    left = mail.count_waiting(db.session())
    click.echo(f"{outcome.sent} sent, {outcome.put_off} put off, {outcome.dead} given up, {left} waiting.")
    if outcome.problem:
        click.echo(outcome.problem, err=True)
        raise SystemExit(1)


@click.command("scheduler")
@with_appcontext
def run_scheduler() -> None:
    """Run the jobs; a second one stands by and takes over. SIGTERM or Ctrl-C ends it."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    post = mail.Post.of(app.config)
    threading.Thread(target=lambda: say(post.said()[1]), daemon=True).start()  # a server that hangs holds up nothing
    scheduler.run(app, JOBS, say)


def say(sentence: str) -> None:
    click.echo(sentence, err=True)


@click.command("deadlines")
@click.option("--start", type=DAY, required=True, help="First day of the project.")
@click.option("--end", type=DAY, required=True, help="Last day of the project.")
@click.option("--fund", "funding", flag_value="fund", default="fund", help="A project of the Fund (unless said).")
@click.option("--donor", "funding", flag_value="donor", help="A donor-funded project.")
@with_appcontext
def deadlines(start: datetime, end: datetime, funding: str) -> None:
    """Print what the newest Handbook edition asks of a project with these dates: day, kind, period."""
    if end < start:
        raise click.UsageError("The end comes before the start.")
    rules = published.newest(db.session()).handbook.deadlines
    try:
        found = calendar.deadlines(start.date(), end.date(), rules, funding=funding)  # type: ignore[arg-type]
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for due in found:
        click.echo(calendar.line(due))


COMMANDS = (remind, send_mail, run_scheduler, deadlines)
