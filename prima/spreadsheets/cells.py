"""The XML of a column's cells, a batch of rows at a time: a loop per column is what makes large sheets fast."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any

from prima.spreadsheets.sheets import Kind, TooLong, Unwritable, length

LONGEST_TEXT = 32_767
CUT_SHORT = " … [cut: a cell of Excel holds no more]"
LONGEST_NUMBER = 300  # digits; only a longer one can pass the largest number
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
NUMBERS: frozenset[type] = EXACT | {float}


@dataclass(frozen=True)
class Styles:
    """The numbers under which the workbook knows the looks of its cells."""

    of: dict[Kind, int]
    quoted: int  # with the quote prefix, for texts that Excel could take for a formula


# A cell stands here from behind its row's number to where the number comes next, `then` being how the next one opens:
# `" s="3"><v>5</v></c><c r="B`. So a row is its number joining its cells, which is the fastest way to write it.
Cells = Callable[[Sequence[Any]], list[str]]


def cells_of(kind: Kind, styles: Styles, then: str, *, cut: bool = False) -> Cells:
    """The writer of one column: takes values, gives a cell for each. Raises Unwritable."""
    match kind:
        case Kind.TEXT:
            return _Remembered(_cut_text if cut else _text, styles.of[kind], styles, then).texts
        case Kind.DAY:
            return _Remembered(_day, styles.of[kind], styles, then).cells
        case Kind.MOMENT:
            return _Remembered(_moment, styles.of[kind], styles, then).cells
    return _numbers(styles.of[kind], then, EXACT if kind is Kind.MONEY else NUMBERS)


class _Remembered(dict[Any, str]):
    """Values that come again and again in a column, and their cells, each made once."""

    def __init__(self, make: Callable[[Any, int, Styles], str], style: int, styles: Styles, then: str) -> None:
        self.make, self.style, self.styles, self.then = make, style, styles, then

    def __missing__(self, value: Any) -> str:
        cell = _blank(self.style) if value is None or value == "" else self.make(value, self.style, self.styles)
        self[value] = cell = cell + self.then
        return cell

    def cells(self, values: Sequence[Any]) -> list[str]:
        if len(self) > REMEMBERED:
            self.clear()
        return list(map(self.__getitem__, values))

    def texts(self, values: Sequence[Any]) -> list[str]:
        if not {str, type(None)}.issuperset(map(type, values)):  # 1 and True are one key, but two texts
            values = [None if value is None else str(value) for value in values]
        return self.cells(values)


def _text(text: str, style: int, styles: Styles) -> str:
    if not text.isprintable():
        text = LINE_END.sub("\n", FORBIDDEN_IN_XML.sub("", text))
    if not text:
        return _blank(style)
    if len(text) > LONGEST_TEXT // 2 and length(text) > LONGEST_TEXT:
        raise TooLong(f"the text has {length(text):,} characters; a cell holds at most {LONGEST_TEXT:,}.")
    if "_x" in text:
        text = LOOKS_ESCAPED.sub("_x005F_", text)
    return _inline(text, styles.quoted if text[0] in READ_AS_FORMULA else style)


def _cut_text(text: str, style: int, styles: Styles) -> str:
    try:
        return _text(text, style, styles)
    except TooLong:
        # What Excel counts twice counts at most twice: half of the limit always fits.
        room = LONGEST_TEXT - len(CUT_SHORT)
        part = text[:room]
        return _text((part if length(part) <= room else text[: room // 2]) + CUT_SHORT, style, styles)


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


def _blank(style: int) -> str:
    return f'" s="{style}"/>'


def _numbers(style: int, then: str, accepted: frozenset[type]) -> Cells:
    """Numbers digit by digit: a Decimal never passes through a float."""
    opening, closing, blank = f'" s="{style}"><v>', f"</v></c>{then}", _blank(style) + then

    def checked(value: Any) -> Any:
        if value == "":
            return None
        if type(value) not in accepted:
            raise Unwritable(f"{value!r} is not {'a number' if float in accepted else 'an exact number'}.")
        return value

    def cells(values: Sequence[Any]) -> list[str]:
        if not accepted.issuperset(map(type, values)):
            values = [checked(value) for value in values]
        texts = ["" if value is None else str(value) for value in values]
        together = "".join(texts)
        has_letters = together.lower() != together.upper()  # 1E+3, NaN, Infinity
        if has_letters or max(map(len, texts), default=0) > LONGEST_NUMBER:
            texts = [text and _plain(text) for text in texts]
        return [f"{opening}{text}{closing}" if text else blank for text in texts]

    return cells


def _plain(text: str) -> str:
    number = Decimal(text)
    if not number.is_finite():
        raise Unwritable(f"{text} is not a finite number.")
    if abs(number) > LARGEST_NUMBER:
        raise Unwritable(f"{number:.3E} is larger than any number Excel knows.")
    return f"{number:f}"
