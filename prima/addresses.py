"""Which texts are e-mail addresses that a letter can be sent to: one line, one mailbox, no display name."""

from __future__ import annotations

import re

PLAIN = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def usable(text: str) -> bool:
    """Whether the whole text is one address; a line break, a second address or a name beside it is none."""
    return PLAIN.fullmatch(text) is not None and ".." not in text
