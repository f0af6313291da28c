"""Sends waiting letters: over SMTP, or to files where no server is set. One letter, one transaction."""

from __future__ import annotations

import hashlib
import os
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from prima import clock
from prima.outbox import Letter, LetterState

TRIES = 20
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)
PATIENCE = 20
"""Seconds that a mail server may take for one answer."""
AT_ONCE = 500
"""Letters of one run; the next run goes on."""
HERE = {"localhost", "127.0.0.1", "::1"}


class Unreachable(Exception):
    """The mail server cannot be used at all; letters wait and lose no try."""


class Undelivered(Exception):
    """This letter was not taken; `forever`: asking again is of no use, `broken`: the connection went with it."""

    def __init__(self, problem: str, *, forever: bool = False, broken: bool = False):
        super().__init__(problem)
        self.forever, self.broken = forever, broken


@dataclass(frozen=True)
class Post:
    """How letters leave: the settings of the installation."""

    url: str
    sender: str
    base_url: str
    folder: Path

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Post:
        return cls(config["SMTP_URL"], config["MAIL_FROM"], config["BASE_URL"], Path(config["INSTANCE"]) / "mail")

    def open(self) -> Way:
        return Server(self.url, self.sender) if self.url else Folder(self.folder)


@dataclass
class Outcome:
    sent: int = 0
    put_off: int = 0
    dead: int = 0
    problem: str = ""


class Way(Protocol):
    def deliver(self, letter: Letter, message: EmailMessage) -> None: ...

    def close(self) -> None: ...


def send_waiting(session: Session, post: Post, stop: Callable[[], bool] = lambda: False) -> Outcome:
    """Send what waits, oldest first; each letter is committed by itself, so that none goes twice or is lost."""
    outcome = Outcome()
    way: Way | None = None
    try:
        for _number in range(AT_ONCE):
            letter = None if stop() else _next(session)
            if letter is None:
                break
            try:
                way = way or post.open()
                way.deliver(letter, compose(letter, post))
            except Unreachable as error:
                outcome.problem = str(error)
                break
            except Undelivered as error:
                _put_off(letter, error)
                outcome.dead += letter.state is LetterState.DEAD
                outcome.put_off += letter.state is LetterState.WAITING
                if error.broken:
                    outcome.problem = str(error)
                    session.commit()
                    break
            else:
                letter.state, letter.sent_at, letter.problem = LetterState.SENT, clock.now(), ""
                letter.tries += 1
                outcome.sent += 1
            session.commit()
    finally:
        session.rollback()
        if way:
            way.close()
    return outcome


def count_waiting(session: Session) -> int:
    return session.scalar(select(func.count()).where(Letter.state == LetterState.WAITING)) or 0


def _next(session: Session) -> Letter | None:
    """The next letter that is due, kept from other senders until its transaction ends."""
    return session.scalar(
        select(Letter)
        .where(Letter.state == LetterState.WAITING, Letter.next_try_at <= clock.now())
        .order_by(Letter.next_try_at, Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def _put_off(letter: Letter, error: Undelivered) -> None:
    letter.tries += 1
    letter.problem = str(error)[:500]
    letter.next_try_at = clock.now() + wait_after(letter.tries)
    if error.forever or letter.tries >= TRIES:
        letter.state = LetterState.DEAD


def wait_after(tries: int) -> timedelta:
    """One minute, then twice as long each time, up to six hours."""
    return min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)


def compose(letter: Letter, post: Post) -> EmailMessage:
    """The letter as plain text; the same letter has the same Message-ID however often it is tried."""
    name, sender = parseaddr(post.sender)
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(name, addr_spec=sender)
        message["To"] = Address(addr_spec=letter.recipient)
        message["Subject"] = " ".join(letter.subject.split())
    except (ValueError, IndexError) as error:
        raise Undelivered(_("The address cannot be used: %(error)s", error=error), forever=True) from error
    message["Date"] = format_datetime(letter.queued_at)
    seed = f"{letter.cause}\n{letter.kind}\n{letter.due_on}\n{letter.recipient}\n{letter.queued_at.timestamp()}"
    digest = hashlib.sha256(seed.encode()).hexdigest()[:16]
    message["Message-ID"] = f"<letter-{letter.id}.{digest}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    footer = _("PRIMA sent this letter by itself; please do not answer it.")
    link = f"{post.base_url}{letter.path}\n\n" if letter.path else ""
    message.set_content(f"{letter.body.rstrip()}\n\n{link}-- \n{footer}\n", charset="utf-8")
    return message


class Folder:
    """Letters as files, where no server is set: one each, the same name at every try."""

    def __init__(self, folder: Path):
        self.folder = folder

    def deliver(self, letter: Letter, message: EmailMessage) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{letter.id}.{os.getpid()}"
            draft.write_bytes(message.as_bytes())
            draft.replace(self.folder / f"letter-{letter.id:06d}.eml")
        except OSError as error:
            raise Unreachable(f"Letters cannot be written to {self.folder}: {error.strerror}.") from error

    def close(self) -> None:
        """Nothing is held open."""


class Server:
    """One connection to the mail server for one run, encrypted whenever the server can."""

    def __init__(self, url: str, sender: str):
        parts = urlsplit(url)
        host = parts.hostname or ""
        self.sender = parseaddr(sender)[1]
        trust = ssl.create_default_context()
        if host in HERE:  # a server on this machine rarely has a certificate that names it
            trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        try:
            if parts.scheme == "smtps":
                self.smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=PATIENCE, context=trust)
            else:
                self.smtp = smtplib.SMTP(host, parts.port or 587, timeout=PATIENCE)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"The mail server {host} cannot be reached: {error}") from error
        try:
            self.smtp.ehlo()
            if parts.scheme == "smtp" and self.smtp.has_extn("starttls"):
                self.smtp.starttls(context=trust)
                self.smtp.ehlo()
            elif parts.scheme == "smtp" and parts.username and host not in HERE:
                raise Unreachable(f"The mail server {host} offers no encryption; the password is not sent to it.")
            if parts.username:
                self.smtp.login(unquote(parts.username), unquote(parts.password or ""))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(f"The mail server {host} does not let PRIMA in: {error}") from error
        except Unreachable:
            self.close()
            raise

    def deliver(self, letter: Letter, message: EmailMessage) -> None:
        try:
            self.smtp.send_message(message, self.sender, [letter.recipient])
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(*error.recipients[letter.recipient]) from error
        except smtplib.SMTPSenderRefused as error:
            raise Unreachable(f"The mail server does not take letters from {self.sender}: {_text(error)}") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Undelivered(f"The mail server does not know such addresses: {error}", forever=True) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"The mail server broke off: {error}", broken=True) from error

    def close(self) -> None:
        try:
            self.smtp.quit()
        except (OSError, smtplib.SMTPException):
            self.smtp.close()


def _refusal(code: int, said: bytes | str) -> Undelivered:
    """5xx is the last word on this letter, 4xx is not."""
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return Undelivered(f"{code} {words}", forever=code >= 500)


def _text(error: smtplib.SMTPResponseException) -> str:
    return error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else str(error.smtp_error)
