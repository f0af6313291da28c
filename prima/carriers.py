"""How letters leave: over SMTP, or as files where no server is set."""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

PATIENCE = 20
"""Seconds that a mail server may take for one answer."""
HERE = {"localhost", "127.0.0.1", "::1"}
CLOSING = 421
"""The server ends the connection, whatever it was asked."""
TOO_LARGE = 552


class Unreachable(Exception):
    """The mail server cannot be used at all; letters wait and lose no try."""


class Undelivered(Exception):
    """This letter was not taken.

    `forever`: asking again is of no use; `address`: it is the address that was refused; `broken`: the connection went
    with it.
    """

    def __init__(self, problem: str, *, forever: bool = False, address: bool = False, broken: bool = False):
        super().__init__(problem)
        self.forever, self.address, self.broken = forever, address, broken


class Carrier(Protocol):
    def deliver(self, number: int, recipient: str, message: bytes) -> None:
        """Hand over one letter; raises Unreachable or Undelivered."""

    def check(self) -> None:
        """Raise Unreachable when no letter could leave now."""

    def close(self) -> None: ...


class Folder:
    """Letters as files, where no server is set: one each, the same name at every try."""

    def __init__(self, folder: Path):
        self.folder = folder

    def deliver(self, number: int, _recipient: str, message: bytes) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{number}.{os.getpid()}"
            draft.write_bytes(message)
            draft.replace(self.folder / f"letter-{number:06d}.eml")
        except OSError as error:
            raise Unreachable(f"Letters cannot be written to {self.folder}: {error.strerror}.") from error

    def check(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unreachable(f"Letters cannot be written to {self.folder}: {error.strerror}.") from error
        if not os.access(self.folder, os.W_OK):
            raise Unreachable(f"Letters cannot be written to {self.folder}: give write access.")

    def close(self) -> None:
        """Nothing is held open."""


class Server:
    """One connection to the mail server for one run, encrypted whenever the server can."""

    def __init__(self, url: str, sender: str, patience: float | None = None):
        parts = urlsplit(url)
        host = parts.hostname or ""
        self.sender = parseaddr(sender)[1]
        wait = patience or PATIENCE
        try:
            if parts.scheme == "smtps":
                self.smtp: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=wait, context=trusted(host))
            else:
                self.smtp = smtplib.SMTP(host, parts.port or 587, timeout=wait)
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"The mail server {host} cannot be reached: {_text(error)}{_other(error)}") from error
        try:
            self.smtp.ehlo_or_helo_if_needed()
            if parts.scheme == "smtp" and self.smtp.has_extn("starttls"):
                self.smtp.starttls(context=trusted(host))
                self.smtp.ehlo()
            elif parts.scheme == "smtp" and parts.username and host not in HERE:
                raise Unreachable(f"The mail server {host} offers no encryption; the password is not sent to it.")
            if parts.username:
                self.smtp.login(unquote(parts.username), unquote(parts.password or ""))
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(f"The mail server {host} does not let PRIMA in: {_text(error)}") from error
        except Unreachable:
            self.close()
            raise

    def check(self) -> None:
        try:
            code, said = self.smtp.mail(self.sender)
            self.smtp.rset()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(f"The mail server broke off: {_text(error)}") from error
        if code >= 400:
            raise Unreachable(f"The mail server does not take letters from {self.sender}: {code} {_words(said)}")

    def deliver(self, _number: int, recipient: str, message: bytes) -> None:
        try:
            self.smtp.sendmail(self.sender, [recipient], message)
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(*error.recipients[recipient], address=True) from error
        except smtplib.SMTPSenderRefused as error:
            if error.smtp_code == TOO_LARGE:  # said of this letter, not of the sender
                raise _refusal(error.smtp_code, error.smtp_error) from error
            raise Unreachable(f"The mail server does not take letters from {self.sender}: {_text(error)}") from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"The mail server broke off: {_text(error)}", broken=True) from error

    def close(self) -> None:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self.smtp.quit()
        self.smtp.close()


def trusted(host: str) -> ssl.SSLContext:
    """Whose certificates are taken."""
    trust = ssl.create_default_context()
    if host in HERE:  # a server on this machine rarely has a certificate that names it
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    return trust


def _other(error: Exception) -> str:
    """What to write instead, where the other side seems to speak TLS earlier or later than was said."""
    if isinstance(error, ssl.SSLError):
        spoken = error.reason == "WRONG_VERSION_NUMBER"
        return "; it does not speak TLS from the start: write smtp:// for it" if spoken else ""
    silent = isinstance(error, TimeoutError | smtplib.SMTPServerDisconnected)
    return "; if it speaks TLS from the start, write smtps:// for it" if silent else ""


def _refusal(code: int, said: bytes | str, *, address: bool = False) -> Undelivered:
    """5xx is the last word on this letter, 4xx is not."""
    forever = code >= 500
    return Undelivered(f"{code} {_words(said)}", forever=forever, address=address and forever, broken=code == CLOSING)


def _words(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _text(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_words(error.smtp_error)}"
    return str(error) or type(error).__name__
