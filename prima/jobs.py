"""What runs by itself, and how often. Each job is harmless if it runs twice."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from sqlalchemy import delete
from sqlalchemy.orm import Session

from prima import clock, mail
from prima.reporting import reminders
from prima.scheduler import Job, Stop
from prima.sessions import WITHIN
from prima.users import PasswordLink, SignInTry


def remind(session: Session, _stop: Stop) -> None:
    """Whatever became due while nobody ran is caught up: the state says what was not written yet."""
    reminders.remind(session, clock.today())


def send_mail(session: Session, stop: Stop) -> None:
    outcome = mail.send_waiting(session, mail.Post.of(current_app.config), stop)
    if outcome.problem:
        raise RuntimeError(outcome.problem)


def clean_up(session: Session, _stop: Stop) -> None:
    """Failed sign-ins stop counting after a while, links for a new password after their hour."""
    now = clock.now()
    session.execute(delete(SignInTry).where(SignInTry.at < now - WITHIN))
    session.execute(delete(PasswordLink).where(PasswordLink.expires_at < now - timedelta(days=1)))


JOBS = (
    Job("remind", remind, at=timedelta(hours=1)),
    Job("send mail", send_mail, at=timedelta(seconds=20)),
    Job("clean up", clean_up, at=timedelta(minutes=30)),
)
