"""A calendar as calendar programs read it: iCalendar (RFC 5545), one all-day event a deadline.

The same events always give the same bytes: no moment of writing stands in them, so an unchanged calendar keeps its tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, vDate, vDatetime, vDuration, vInt, vText, vUri
from icalendar import Event as VEvent

from prima.reporting.agenda import Event

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""What no text of a calendar may hold, and what some programs take for the end of a line."""
DAY = timedelta(days=1)
ASK_AGAIN = timedelta(hours=4)
"""How often a program is asked to read the calendar anew."""


def write(name: str, events: Iterable[Event], *, base_url: str) -> bytes:
    """`base_url` is the address of this installation: its host tells these events from those of others."""
    whole = Calendar()
    whole["PRODID"] = vText("-//PRIMA//Deadlines//EN")
    whole["VERSION"] = vText("2.0")
    whole["CALSCALE"] = vText("GREGORIAN")
    whole["X-WR-CALNAME"] = _text(f"PRIMA: {name}")
    often = vDuration(ASK_AGAIN)
    whole["X-PUBLISHED-TTL"] = often
    renewed = vDuration(ASK_AGAIN)
    renewed.params["VALUE"] = "DURATION"
    whole["REFRESH-INTERVAL"] = renewed
    host = urlsplit(base_url).hostname or "prima"
    for event in events:
        whole.add_component(_event(event, host, base_url))
    return bytes(whole.to_ical())


def _event(event: Event, host: str, base_url: str) -> VEvent:
    found = VEvent()
    url = base_url + event.path
    found["UID"] = vText(f"{event.key}@{host}")
    found["DTSTART"] = _day(event.on)
    if event.on < date.max:
        found["DTEND"] = _day(event.on + DAY)
    found["SUMMARY"] = _text(event.summary)
    found["DESCRIPTION"] = _text(f"{event.description}\n\n{url}")
    found["URL"] = vUri(url)
    found["SEQUENCE"] = vInt(event.sequence)
    found["STATUS"] = vText("CANCELLED" if event.cancelled else "CONFIRMED")
    found["TRANSP"] = vText("TRANSPARENT")  # a deadline takes nobody's time
    # A calendar that is read and not sent states in both when the event was last revised.
    found["DTSTAMP"] = found["LAST-MODIFIED"] = vDatetime(event.changed_at.astimezone(UTC))
    return found


def _day(on: date) -> vDate:
    value = vDate(on)
    value.params["VALUE"] = "DATE"
    return value


def _text(told: str) -> vText:
    return vText(CONTROLS.sub(" ", told))
