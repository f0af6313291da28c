"""A letter as a mail message: plain text and the same in simple HTML, with nothing fetched from elsewhere."""

from __future__ import annotations

import hashlib
import re
from binascii import b2a_qp
from datetime import timedelta
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import Row

from prima import clock
from prima.filters import day
from prima.outbox import Letter

HELD_UP = timedelta(days=1)
"""A letter that left so much later than it was written says when that was."""
HEADERS = """\
From: {sender}
To: {recipient}
Subject: {subject}
Date: {date}
Message-ID: {number}
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="{boundary}"
"""
PART = """
--{boundary}
Content-Type: text/{subtype}; charset="utf-8"
Content-Transfer-Encoding: quoted-printable

"""
PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body style="max-width: 40em; margin: 1em; font: 16px/1.5 sans-serif; overflow-wrap: anywhere">
<main dir="auto">
{blocks}
<hr>
<p><small>{footer}</small></p>
</main>
</body>
</html>
"""
"""No colours of its own: what shows it chooses light or dark. Styles stand where mail programs leave them in place."""
URL_PATH = re.compile(r"[A-Za-z0-9/_.~-]*")
PARAGRAPHS = re.compile(r"\n\s*\n")


def compose(letter: Letter | Row[Any], *, sender: str, base_url: str, zone: str = "UTC") -> bytes:
    """The message of a letter, in the language that is spoken; days are those of the zone.

    The same letter has the same Message-ID however often it is tried.

    The recipient is an address that `addresses.usable` takes. Written out here, for a message is a few lines and
    writing it by the email package takes longer than sending it.
    """
    written_by, domain = _sender(sender)
    digest = _digest(letter)
    boundary = f"=_{digest}"  # which no text in quoted-printable holds
    headers = HEADERS.format(
        sender=written_by,
        recipient=letter.recipient,
        subject=_one_line(letter.subject),
        date=format_datetime(letter.queued_at),
        number=f"<letter-{letter.id}.{digest}@{domain}>",
        boundary=boundary,
    )
    link = f"{base_url}{letter.path}" if letter.path else ""
    texts = [letter.body.replace("\r\n", "\n").replace("\r", "\n").strip("\n"), *_held_up(letter, zone)]
    footer = _("PRIMA sent this letter by itself; please do not answer it.")
    plain = "\n\n".join([*texts, *([link] if link else [])]) + f"\n\n-- \n{footer}\n"
    parts = [("plain", plain), ("html", _page(letter.subject, texts, link, footer, base_url))]
    written = [headers.encode()]
    for subtype, text in parts:
        written += [PART.format(boundary=boundary, subtype=subtype).encode(), b2a_qp(text.encode("utf-8", "replace"))]
    written.append(f"\n--{boundary}--\n".encode())
    return b"".join(written).replace(b"\n", b"\r\n")


@lru_cache(maxsize=8)
def _sender(sender: str) -> tuple[str, str]:
    """As a header, and the domain."""
    name, address = parseaddr(sender)
    return formataddr((name, address)), address.rpartition("@")[2]


def _digest(letter: Letter | Row[Any]) -> str:
    seed = f"{letter.cause}\n{letter.kind}\n{letter.due_on}\n{letter.recipient}\n{letter.queued_at.timestamp()}"
    return hashlib.sha256(seed.encode()).hexdigest()[:16]


def _one_line(subject: str) -> str:
    """A header cannot be smuggled in: whatever breaks a line is a blank."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in subject).split())
    return line if line.isascii() else Header(line, "utf-8", header_name="Subject").encode()


def is_held_up(letter: Letter | Row[Any]) -> bool:
    return clock.now() - letter.queued_at >= HELD_UP


def _held_up(letter: Letter | Row[Any], zone: str) -> list[str]:
    if not is_held_up(letter):
        return []
    written = letter.queued_at.astimezone(ZoneInfo(zone)).date()
    return [_("This letter was written on %(day)s and could not be sent before.", day=day(written))]


def _page(subject: str, texts: list[str], link: str, footer: str, base_url: str) -> str:
    blocks = [_block(block, base_url) for text in texts for block in PARAGRAPHS.split(text)]
    if link:
        blocks.append(f'<a href="{escape(link)}">{escape(link)}</a>')
    return PAGE.format(
        language=str(get_locale() or "en").replace("_", "-"),
        title=escape(" ".join(subject.split())),
        blocks="\n".join(f"<p>{block}</p>" for block in blocks),
        footer=escape(footer),
    )


def _block(text: str, base_url: str) -> str:
    """A paragraph; what is an address in PRIMA at the end of a line is a link."""
    return "<br>\n".join(_line(line, base_url) for line in text.split("\n"))


def _line(line: str, base_url: str) -> str:
    before, mark, path = line.rpartition(f"{base_url}/")
    if not base_url or not mark or (before and not before.endswith(" ")) or not URL_PATH.fullmatch(path):
        return escape(line)
    link = escape(mark + path)
    return f'{escape(before)}<a href="{link}">{link}</a>'
