"""What runs by itself, and how often. Each job is harmless if it runs twice."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from prima import anchors, clock, journal, mail, sessions
from prima.db import db
from prima.reporting import reminders
from prima.reporting.operations.searches import tell_weekly
from prima.scheduler import Job, Stop, Unfinished


def remind(session: Session, _stop: Stop) -> str:
    """Whatever became due while nobody ran is caught up: the state says what was not written yet."""
    return _("%(count)s letters queued", count=reminders.remind(session, clock.today()))


def tell_of_searches(session: Session, _stop: Stop) -> str:
    """On Monday where the person is, or as soon afterwards as somebody runs."""
    return _("%(count)s letters queued", count=tell_weekly(session))


def send_mail(_session: Session, stop: Stop) -> str:
    with mail.own_session(db.engine) as session:
        outcome = mail.send_waiting(session, mail.Post.of(current_app.config), stop)
    if outcome.problem:
        raise Unfinished(outcome.problem)
    return str(outcome)


def clean_up(_session: Session, _stop: Stop) -> None:
    """Failed sign-ins stop counting after a while; dead links and old sessions go."""
    sessions.tidy()


def anchor(session: Session, _stop: Stop) -> None:
    """Today's anchor of the journal, unless it stands; while somebody writes for long, the next minute tries again."""
    anchors.make(session, journal.subjects(), to=current_app.config["OVERSIGHT_EMAIL"])


JOBS = (
    Job("remind", remind, at=timedelta(hours=1)),
    Job("send mail", send_mail, at=timedelta(seconds=20)),
    Job("clean up", clean_up, at=timedelta(minutes=30)),
    Job("anchor the journal", anchor, at=timedelta(minutes=1)),
    Job("tell of saved searches", tell_of_searches, at=timedelta(hours=1)),
)
