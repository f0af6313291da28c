"""How fast letters are queued, and sent to a mail server on this machine: the work, and the floor beside it."""

from __future__ import annotations

import smtplib
import socket
from typing import Any

from flask import Flask
from sqlalchemy import delete, insert, update
from werkzeug.utils import ImportStringError, import_string

from prima import clock, mail
from prima.db import db
from prima.outbox import Draft, Letter, LetterState, keep_latest, queue_all

CAUSE = "bench:{}"
AT_ONCE = 500
BODY = "The interim report of this project is due in three days.\n\n- the part “Achievements”\n- the figures\n" * 4


class NoServer(Exception):
    """The package that brings the server belongs to the tests and is not installed."""


class Sink:
    """Takes every letter and keeps none."""

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        return "250 OK"


class Loopback:
    """A mail server that starts when it is first needed, with `count` letters that are sent to it again and again."""

    def __init__(self, app: Flask, count: int):
        self.app, self.count = app, count
        self.server: Any = None
        self.messages: list[tuple[str, bytes]] = []

    def begin(self) -> mail.Post:
        if self.server is None:
            try:
                controller = import_string("aiosmtpd.controller:Controller")
            except ImportStringError:
                raise NoServer("the package aiosmtpd is not installed") from None
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            self.server = controller(Sink(), hostname="127.0.0.1", port=port)
            self.server.start()
            self._write()
        url = f"smtp://127.0.0.1:{self.server.port}"
        return mail.Post(url, self.app.config["MAIL_FROM"], self.app.config["BASE_URL"], self.app.config["INSTANCE"])

    def _write(self) -> None:
        """The letters, committed as sent: each run lets them wait again."""
        with self.app.app_context():
            session = db.session()
            rows = [
                {**row(number), "state": LetterState.SENT, "queued_at": clock.now(), "next_try_at": clock.now()}
                for number in range(self.count)
            ]
            session.execute(delete(Letter).where(ours()))  # of a run that was broken off
            session.execute(insert(Letter), rows)
            session.commit()
            post = self.begin()
            for letter in session.query(Letter).filter(ours()):
                self.messages.append((letter.recipient, mail.compose(letter, post)))
            session.rollback()

    def send(self) -> int:
        """Have all the letters wait, and send them as the scheduler does."""
        post = self.begin()
        with self.app.app_context():
            session = db.session()
            waiting = {"state": LetterState.WAITING, "tries": 0, "next_try_at": clock.now()}
            session.execute(update(Letter).where(ours()).values(**waiting))
            session.commit()
            with mail.own_session(db.engine) as own:
                outcome = mail.send_waiting(own, post)
            if outcome.sent < self.count:
                raise NoServer(f"{outcome.sent} of {self.count} letters were sent: {outcome.problem or outcome}")
            return outcome.sent

    def bare(self) -> int:
        """The same messages by smtplib alone."""
        post = self.begin()
        with smtplib.SMTP("127.0.0.1", self.server.port) as smtp:
            for recipient, text in self.messages:
                smtp.sendmail(post.sender, [recipient], text)
        return len(self.messages)

    def end(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None
            with self.app.app_context():
                db.session.execute(delete(Letter).where(ours()))
                db.session.commit()


def ours() -> Any:
    return Letter.cause.startswith(CAUSE.format(""))


def row(number: int) -> dict[str, Any]:
    return {
        "cause": CAUSE.format(number),
        "kind": "remind:before-3",
        "recipient": f"person{number}@prima.example",
        "subject": "Interim narrative report, due in 3 days, on 4 Oct 2024",
        "body": BODY,
        "path": "/projects/P-2024-00001/reports/1",
    }


def queued(count: int) -> int:
    """Write so many letters as the job of reminders does, in one transaction that is undone."""
    new = 0
    for start in range(0, count, AT_ONCE):
        rows = [row(number) for number in range(start, min(start + AT_ONCE, count))]
        new += queue_all(db.session(), [Draft(to=one.pop("recipient"), due_on=clock.today(), **one) for one in rows])
    keep_latest(db.session(), "remind:")
    db.session.rollback()
    return new


def inserted(count: int) -> int:
    """The same rows by the driver alone, one statement each."""
    rows = [row(number) for number in range(count)]
    driver = db.session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor:
        for one in rows:
            cursor.execute(
                "insert into letter (cause, kind, due_on, recipient, subject, body, path, state, queued_at,"
                " next_try_at, tries, problem) values (%(cause)s, %(kind)s, current_date, %(recipient)s, %(subject)s,"
                " %(body)s, %(path)s, 'waiting', now(), now(), 0, '')",
                one,
            )
    db.session.rollback()
    return count
