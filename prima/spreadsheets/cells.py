"""What a value looks like in the XML of a cell: texts, dates and numbers, and which of them Excel cannot hold."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any

from prima.spreadsheets.sheets import Kind, TooLong, Unwritable, length

LONGEST_TEXT = 32_767
LONGEST_NUMBER = 308  # digits; only a longer one can pass the largest number
LARGEST_NUMBER = Decimal("9.99999999999999E+307")
REMEMBERED = 10_000  # different values of one column; bounds the memory
DAY_ZERO = date(1899, 12, 30)
MOMENT_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  Excel knows no zones
FIRST_DAY = date(1900, 3, 1)  # Excel believes in 29 February 1900, so its numbers for earlier days mislead

FORBIDDEN_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LINE_END = re.compile(r"\r\n?")
LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")  # Excel would read _x0041_ as A
READ_AS_FORMULA = frozenset("=+-@'\t\n ＝＋－＠")  # were the cell edited again; the last four on East Asian systems

EXACT: frozenset[type] = frozenset({Decimal, int, type(None)})


@dataclass(frozen=True)
class Styles:
    """The numbers under which the workbook knows the looks of its cells."""

    of: dict[Kind, int]
    quoted: int  # with the quote prefix, for texts that Excel could take for a formula


class Endings(dict[Any, str]):
    """The values of a column that come again and again, each with its cell's XML from behind the reference, made once."""

    def __init__(self, kind: Kind, styles: Styles) -> None:
        self.make: Callable[[Any, int, Styles], str] = {Kind.DAY: _day, Kind.MOMENT: _moment}.get(kind, _text)
        self.style, self.styles = styles.of[kind], styles

    def __missing__(self, value: Any) -> str:
        if value is None or value == "":
            return f'" s="{self.style}"/>'
        ending = self.make(value, self.style, self.styles)
        if isinstance(value, str | date):  # 1 and True are one key, but two texts
            if len(self) >= REMEMBERED:
                self.clear()
            self[value] = ending
        return ending


def _text(value: Any, style: int, styles: Styles) -> str:
    text = str(value)
    if not text.isprintable():
        text = LINE_END.sub("\n", FORBIDDEN_IN_XML.sub("", text))
    if not text:
        return f'" s="{style}"/>'
    if len(text) > LONGEST_TEXT // 2 and length(text) > LONGEST_TEXT:
        raise TooLong(f"the text has {length(text):,} characters; a cell holds at most {LONGEST_TEXT:,}.")
    if "_x" in text:
        text = LOOKS_ESCAPED.sub("_x005F_", text)
    return _inline(text, styles.quoted if text[0] in READ_AS_FORMULA else style)


def _day(value: Any, style: int, styles: Styles) -> str:
    if not isinstance(value, date):
        raise Unwritable(f"{value!r} is not a date.")
    day = value.date() if isinstance(value, datetime) else value
    if day < FIRST_DAY:
        return _inline(day.isoformat(), styles.of[Kind.TEXT])
    return f'" s="{style}"><v>{(day - DAY_ZERO).days}</v></c>'


def _moment(value: Any, style: int, styles: Styles) -> str:
    """A moment in UTC; one without a zone is taken to be in UTC already."""
    if not isinstance(value, datetime):
        raise Unwritable(f"{value!r} is not a moment.")
    moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if moment.date() < FIRST_DAY:
        return _inline(moment.isoformat(" ", "minutes"), styles.of[Kind.TEXT])
    return f'" s="{style}"><v>{(moment - MOMENT_ZERO) / timedelta(days=1)!r}</v></c>'


def _inline(text: str, style: int) -> str:
    space = ' xml:space="preserve"' if " ".join(text.split()) != text else ""
    return f'" s="{style}" t="inlineStr"><is><t{space}>{escape(text, quote=False)}</t></is></c>'


def plain(numbers: Sequence[Any]) -> list[str] | None:
    """The numbers of a row as they are written, "None" for none; or nothing if one of them needs a closer look."""
    if not EXACT.issuperset(map(type, numbers)):
        return None
    texts = list(map(str, numbers))
    together = "".join(texts)
    if "E" in together or "aN" in together or "I" in together:  # 1E+3, NaN, Infinity
        return None
    if len(together) > LONGEST_NUMBER and max(map(len, texts)) > LONGEST_NUMBER:
        return None
    return texts


def number(value: Any, kind: Kind) -> str:
    """One number, digit by digit: a Decimal never passes through a float. "None" for none."""
    if value is None or value == "":
        return "None"
    if type(value) not in EXACT and (kind is Kind.MONEY or type(value) is not float):
        raise Unwritable(f"{value!r} is not {'an exact number' if kind is Kind.MONEY else 'a number'}.")
    exact = Decimal(str(value))
    if not exact.is_finite():
        raise Unwritable(f"{value} is not a finite number.")
    if abs(exact) > LARGEST_NUMBER:
        raise Unwritable(f"{exact:.3E} is larger than any number Excel knows.")
    return f"{exact:f}"
