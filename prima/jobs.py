"""What runs by itself, and how often. Each job is harmless if it runs twice."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from prima import anchors, digests, journal, mail, sessions
from prima.db import db
from prima.people import queries as people
from prima.projects import names as project_names
from prima.reporting import reminders
from prima.scheduler import Job, Stop, Unfinished


def remind(session: Session, _stop: Stop) -> str:
    """Whatever became due while nobody ran is caught up: the state says what was not written yet."""
    return _("%(count)s letters queued", count=reminders.remind(session))


def write_digests(session: Session, stop: Stop) -> str:
    """One mail to each whose morning has come, of what was put off and is still so."""
    reminders.drop_settled(session)
    rules = digests.Rules(current_app.config["DIGEST_HOUR"], current_app.config["BASE_URL"])
    return _("%(count)s digests queued", count=digests.gather(session, rules, headings, stop))


def headings(user_id: int, references: set[str]) -> dict[str, str]:
    """The names of projects as the person may read them now."""
    return project_names.headings(people.person(user_id), references)


def send_mail(_session: Session, stop: Stop) -> str:
    with mail.own_session(db.engine) as session:
        outcome = mail.send_waiting(session, mail.Post.of(current_app.config), stop)
    if outcome.problem:
        raise Unfinished(outcome.problem)
    return str(outcome)


def try_mail(_session: Session, _stop: Stop) -> str:
    """Whether letters can leave, though none waits: so a wrong setting is told before the first one is late."""
    post = mail.Post.of(current_app.config)
    if problem := post.trial():
        raise Unfinished(problem)
    return post.way


def clean_up(_session: Session, _stop: Stop) -> None:
    """Failed sign-ins stop counting after a while; dead links and old sessions go."""
    sessions.tidy()


def anchor(session: Session, _stop: Stop) -> None:
    """Today's anchor of the journal, unless it stands; while somebody writes for long, the next minute tries again."""
    anchors.make(session, journal.subjects(), to=current_app.config["OVERSIGHT_EMAIL"])


JOBS = (
    Job("remind", remind, at=timedelta(hours=1)),
    Job("digests", write_digests, at=timedelta(minutes=1)),
    Job("send mail", send_mail, at=timedelta(seconds=20)),
    Job("try the mail server", try_mail, at=timedelta(minutes=10)),
    Job("clean up", clean_up, at=timedelta(minutes=30)),
    Job("anchor the journal", anchor, at=timedelta(minutes=1)),
)
