"""What runs by itself, and how often. Each job is harmless if it runs twice."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from prima import anchors, clock, digests, journal, kept, mail, sessions
from prima.db import db
from prima.endorsement.queries import administrators
from prima.languages import words
from prima.outbox import queue
from prima.people import queries as people
from prima.projects import names as project_names
from prima.reporting import reminders
from prima.reporting.operations import exports
from prima.reporting.operations.searches import tell_weekly
from prima.reporting.summary import folding, verifying
from prima.scheduler import Job, Stop, Unfinished

MOST_DIFFERENCES = 20
"""So many are told in a letter."""


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


def tell_of_searches(session: Session, _stop: Stop) -> str:
    """On Monday where the person is, or as soon afterwards as somebody runs."""
    return _("%(count)s letters queued", count=tell_weekly(session))


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


def make_exports(_session: Session, stop: Stop) -> str:
    """Large exports, each in its turn; one that was killed with its process is begun again."""
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


def fold(session: Session, stop: Stop) -> str:
    number = folding.fold(session, stop)
    kept.tidy(session)
    session.commit()
    return _("%(count)s changes added up", count=number)


def compare(session: Session, stop: Stop) -> None:
    """Kept totals against the projects and the export; who finds a difference makes them anew, nobody does unasked."""
    session.execute(verifying.SNAPSHOT)
    found = [str(one) for one in verifying.differences(stop)]
    session.rollback()
    if stop():
        raise Unfinished(_("It was ended before all totals were compared."))
    if not found:
        return
    subject, body = words(_wrong_totals, found)
    cause = f"totals:{clock.today().isoformat()}"
    for person in administrators():
        queue(session, to=person, cause=cause, kind="totals", subject=subject, body=body)
    session.commit()
    raise Unfinished(_("%(count)s totals are not those of the projects; the first: %(one)s",
                       count=len(found), one=found[0]))  # fmt: skip


def _wrong_totals(found: list[str]) -> tuple[str, str]:
    """Subject and text of the letter to administrators."""
    begin = _(
        "Dashboards and the map show totals that are not those of the projects, %(count)s in all:", count=len(found)
    )
    end = _("Please ask whoever runs PRIMA to look why, and then to type: flask figures rebuild")
    body = "\n".join((begin, *(f"- {one}" for one in found[:MOST_DIFFERENCES]), "", end))
    return _("The totals of the portfolio are wrong"), body


JOBS = (
    Job("remind", remind, at=timedelta(hours=1)),
    Job("digests", write_digests, at=timedelta(minutes=1)),
    Job("send mail", send_mail, at=timedelta(seconds=20)),
    # Two, so that a small export need not wait until a large one of somebody else is done.
    Job("make exports", make_exports, at=timedelta(seconds=5), longest=timedelta(minutes=30)),
    Job("make further exports", make_exports, at=timedelta(seconds=5), longest=timedelta(minutes=30)),
    Job("try the mail server", try_mail, at=timedelta(minutes=10)),
    Job("clean up", clean_up, at=timedelta(minutes=30)),
    Job("anchor the journal", anchor, at=timedelta(minutes=1)),
    Job("add up totals", fold, at=timedelta(seconds=30)),
    Job("compare totals", compare, at=timedelta(days=1)),
    Job("tell of saved searches", tell_of_searches, at=timedelta(hours=1)),
)
