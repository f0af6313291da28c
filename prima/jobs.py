"""What runs by itself, and how often. Each job is harmless if it runs twice."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from prima import anchors, clock, journal, mail, sessions
from prima.db import db
from prima.reporting import reminders
from prima.reporting.operations import exports
from prima.scheduler import Job, Stop, Unfinished


def remind(session: Session, _stop: Stop) -> str:
    """Whatever became due while nobody ran is caught up: the state says what was not written yet."""
    return _("%(count)s letters queued", count=reminders.remind(session, clock.today()))


def send_mail(_session: Session, stop: Stop) -> str:
    with mail.own_session(db.engine) as session:
        outcome = mail.send_waiting(session, mail.Post.of(current_app.config), stop)
    if outcome.problem:
        raise Unfinished(outcome.problem)
    return str(outcome)


def make_exports(_session: Session, stop: Stop) -> str:
    """Large exports, one after the other; one that was killed with its process is begun again."""
    config = current_app.config
    workshop = exports.Workshop(db.engine, config["EXPORTS_DIR"], config["BASE_URL"])
    return _("%(count)s exports made", count=exports.make_waiting(workshop, stop))


def clean_up(session: Session, _stop: Stop) -> None:
    """Failed sign-ins stop counting after a while; dead links, old sessions and the files of old exports go."""
    sessions.tidy()
    exports.clear(session, current_app.config["EXPORTS_DIR"])


def anchor(session: Session, _stop: Stop) -> None:
    """Today's anchor of the journal, unless it stands; while somebody writes for long, the next minute tries again."""
    anchors.make(session, journal.subjects(), to=current_app.config["OVERSIGHT_EMAIL"])


JOBS = (
    Job("remind", remind, at=timedelta(hours=1)),
    Job("send mail", send_mail, at=timedelta(seconds=20)),
    Job("make exports", make_exports, at=timedelta(seconds=5), longest=timedelta(minutes=30)),
    Job("clean up", clean_up, at=timedelta(minutes=30)),
    Job("anchor the journal", anchor, at=timedelta(minutes=1)),
)
