"""A real mail server for tests, which takes letters or behaves as badly as it is told."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

TAKEN = "250 OK"
DROP = "drop"
"""Take the letter and break the connection instead of answering."""


@dataclass
class Inbox:
    """What the server took, and how it answers."""

    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    """By address, what is answered to RCPT, once each, in order."""
    verdicts: dict[str, list[str]] = field(default_factory=dict)
    """By address, what is answered to the letter itself (or DROP), once each, in order."""
    senders: list[str] = field(default_factory=list)
    """What is answered to MAIL, once each, in order."""
    slow: float = 0
    """Seconds before each answer to RCPT and DATA."""
    on_taken: Callable[[str], object] = lambda _recipient: None
    """Told of each letter before the sender hears that it was taken."""
    encrypted: list[bool] = field(default_factory=list)
    connections: int = 0
    url: str = ""

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        self.connections += session.host_name is None
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        if self.senders:
            return self.senders.pop(0)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return TAKEN

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        await asyncio.sleep(self.slow)
        waiting = self.answers.get(address)
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return TAKEN

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.slow)
        recipient = envelope.rcpt_tos[0]
        waiting = self.verdicts.get(recipient)
        verdict = waiting.pop(0) if waiting else TAKEN
        if verdict in (TAKEN, DROP):
            self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
            self.taken.append((recipient, message_from_bytes(envelope.content, policy=policy.default)))
            self.on_taken(recipient)
        if verdict == DROP:
            server.transport.abort()
        return verdict

    def of(self, recipient: str) -> list[EmailMessage]:
        return [message for address, message in self.taken if address == recipient]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def an_inbox(
    *, starttls: ssl.SSLContext | None = None, smtps: ssl.SSLContext | None = None, password: str = ""
) -> Iterator[Inbox]:
    """`password`, over TLS: whoever says another one, or none, is not let in."""
    made = Inbox()

    def judge(_server, _session, _envelope, _mechanism, said) -> AuthResult:
        return AuthResult(success=said.password == password.encode(), handled=False)

    controller = Controller(
        made, hostname="127.0.0.1", port=free_port(), tls_context=starttls, require_starttls=bool(starttls),
        ssl_context=smtps, auth_required=bool(password), authenticator=judge,
    )  # fmt: skip
    controller.start()
    made.url = f"{'smtps' if smtps else 'smtp'}://127.0.0.1:{controller.port}"
    try:
        yield made
    finally:
        controller.stop()


@contextmanager
def a_silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"smtp://127.0.0.1:{server.getsockname()[1]}"
