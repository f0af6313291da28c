"""A letter as a mail message: plain text and the same in simple HTML, with nothing fetched from elsewhere."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import Row

from prima import clock
from prima.filters import day
from prima.outbox import Letter

UTF8 = Charset("utf-8")
UTF8.body_encoding = QP
ON_THE_WIRE = compat32.clone(linesep="\r\n", max_line_length=998)
HELD_UP = timedelta(days=1)
"""A letter that left so much later than it was written says when that was."""
HEAD = '<!DOCTYPE html>\n<html lang="{}">\n<head><meta charset="utf-8"><title>{}</title></head>\n<body>'
PARAGRAPHS = re.compile(r"\n\s*\n")


def compose(letter: Letter | Row[Any], *, sender: str, base_url: str) -> Message:
    """The message of a letter; the same letter has the same Message-ID however often it is tried.

    The recipient is an address that `addresses.usable` takes.
    """
    name, address = parseaddr(sender)
    message = MIMEMultipart("alternative", policy=compat32)
    message["From"] = formataddr((name, address))
    message["To"] = letter.recipient
    message["Subject"] = _one_line(letter.subject)
    message["Date"] = format_datetime(letter.queued_at)
    message["Message-ID"] = message_id(letter, address.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    link = f"{base_url}{letter.path}" if letter.path else ""
    parts = [letter.body.replace("\r\n", "\n").strip("\n"), *_held_up(letter)]
    footer = _("PRIMA sent this letter by itself; please do not answer it.")
    message.attach(_part("plain", "\n\n".join([*parts, *([link] if link else [])]) + f"\n\n-- \n{footer}\n"))
    message.attach(_part("html", _page(letter, parts, link, footer)))
    return message


def on_the_wire(message: Message) -> bytes:
    return message.as_bytes(policy=ON_THE_WIRE)


def message_id(letter: Letter | Row[Any], domain: str) -> str:
    seed = f"{letter.cause}\n{letter.kind}\n{letter.due_on}\n{letter.recipient}\n{letter.queued_at.timestamp()}"
    digest = hashlib.sha256(seed.encode()).hexdigest()[:16]
    return f"<letter-{letter.id}.{digest}@{domain}>"


def _one_line(subject: str) -> str | Header:
    """A header cannot be smuggled in: whatever breaks a line is a blank."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in subject).split())
    return line if line.isascii() else Header(line, UTF8, header_name="Subject")


def _held_up(letter: Letter | Row[Any]) -> list[str]:
    if clock.now() - letter.queued_at < HELD_UP:
        return []
    return [_("This letter was written on %(day)s and could not be sent before.", day=day(letter.queued_at.date()))]


def _part(subtype: str, text: str) -> Message:
    part = MIMENonMultipart("text", subtype)
    part.set_payload(text, UTF8)
    del part["MIME-Version"]
    return part


def _page(letter: Letter | Row[Any], parts: list[str], link: str, footer: str) -> str:
    blocks = [block for part in parts for block in PARAGRAPHS.split(part)]
    lines = [Markup("<p>{}</p>").format(Markup("<br>\n").join(block.split("\n"))) for block in blocks]
    if link:
        lines.append(Markup('<p><a href="{0}">{0}</a></p>').format(link))
    lines.append(Markup("<hr>\n<p><small>{}</small></p>").format(footer))
    language = str(get_locale() or "en").replace("_", "-")
    head = Markup(
        '<!DOCTYPE html>\n<html lang="{}">\n<head><meta charset="utf-8"><title>{}</title></head>\n<body>'
    ).format(language, letter.subject)
    return str(Markup("\n").join([head, *lines, Markup("</body>\n</html>\n")]))
