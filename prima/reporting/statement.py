"""A spreadsheet of finance as rows of spending: what each cell says, and what is wrong with those that say nothing.

Whether a project, a line or a rate exists is asked later; here a cell is understood by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from openpyxl.utils import get_column_letter

from prima.csvfiles import BadTable, rows_of
from prima.reporting.models import ExpenseKind
from prima.spreadsheets.grid import grid
from prima.spreadsheets.reading import Unreadable
from prima.spreadsheets.tables import bare
from prima.users import folded

PROJECT, LINE, DAY, CURRENCY, AMOUNT, KIND = range(6)
# English, French, Spanish, without accents; what stands between words (_ - /) does not matter.
HEADINGS: tuple[tuple[str, ...], ...] = (
    ("project id", "project", "project code", "identifiant du projet", "id du projet", "code du projet", "projet",
     "id del proyecto", "codigo del proyecto", "identificador del proyecto", "proyecto"),
    ("budget line code", "budget line", "line code", "line", "code de ligne budgetaire", "code de la ligne budgetaire",
     "ligne budgetaire", "code de ligne", "ligne", "codigo de linea presupuestaria",
     "codigo de la linea presupuestaria", "linea presupuestaria", "codigo de linea", "linea"),
    ("date", "day", "posting date", "date de comptabilisation", "fecha", "fecha de contabilizacion"),
    ("currency", "devise", "monnaie", "moneda", "divisa"),
    ("amount", "montant", "importe", "monto"),
    ("commitment or expenditure", "expenditure or commitment", "kind", "type", "engagement ou depense",
     "depense ou engagement", "nature", "compromiso o gasto", "gasto o compromiso", "tipo"),
)  # fmt: skip
KINDS = {
    ExpenseKind.EXPENDITURE: ("expenditure", "expense", "spent", "depense", "gasto"),
    ExpenseKind.COMMITMENT: ("commitment", "committed", "engagement", "compromiso"),
}
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words}
BETWEEN_WORDS = re.compile(r"[\s_\-/.,:()]+")
ZIPPED, OLD_WORKBOOK = b"PK", b"\xd0\xcf\x11\xe0"
SHEET = "Spending"
"""The sheet that is read where a workbook has several."""
MOST_ROWS = 50_000
HEADED_WITHIN = 20
"""Rows in which the headings are looked for: a title or two may stand above them."""
FIRST_YEAR, LAST_YEAR = 1990, 2100
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TYPED_AMOUNT = re.compile(r"-?([0-9]+|[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,3}([ \u00a0\u202f][0-9]{3})+)(\.[0-9]+)?")
FIFTEEN_DIGITS = ".15g"
TO_THE_CENT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")
MOST_AMOUNT = Decimal(10) ** 13
CODE = re.compile(r"[A-Z]{3}")
MOST_PROBLEMS = 200
LONGEST_QUOTE = 60


@dataclass(frozen=True)
class Problem:
    """Where something is wrong, what stands there, and what to do."""

    place: str
    value: str
    says: str

    def __str__(self) -> str:
        if not self.value:
            return _("%(place)s: %(says)s", place=self.place, says=self.says)
        shown = self.value if len(self.value) <= LONGEST_QUOTE else self.value[:LONGEST_QUOTE] + "…"
        shown = "".join(letter if letter.isprintable() else "�" for letter in shown)
        return _("%(place)s: “%(value)s”. %(says)s", place=self.place, value=shown, says=self.says)


class Wrong(ValueError):
    """Everything that is wrong with a spreadsheet, in its order; nothing of it is taken over."""

    def __init__(self, problems: Iterable[Problem], rest: Statement | None = None) -> None:
        found = self.all = list(problems)
        self.rest = rest
        """The rows whose cells were all understood: what else is wrong with these can be told at once."""
        self.problems, self.more = found[:MOST_PROBLEMS], max(len(found) - MOST_PROBLEMS, 0)
        super().__init__("\n".join(self.sentences))

    @property
    def sentences(self) -> list[str]:
        more = ngettext("There is %(num)s more problem.", "There are %(num)s more problems.", self.more)
        return [*map(str, self.problems), *([more] if self.more else [])]


@dataclass(frozen=True)
class Table:
    """Rows of cells as they came. `odd` are cells without a value of their own, as (row, column) from 1."""

    sheet: str
    """Empty for a CSV file."""
    rows: Sequence[Sequence[Any]]
    numbers: Sequence[int]
    """Of each row, the row of the sheet or the line of the file."""
    odd: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Statement:
    """What was understood of all rows, column by column: the columns are of one length."""

    sheet: str
    places: Sequence[int]
    """Where each of the six columns stands, from 1."""
    numbers: Sequence[int]
    projects: Sequence[str]
    lines: Sequence[str]
    days: Sequence[date]
    currencies: Sequence[str]
    amounts: Sequence[Decimal]
    kinds: Sequence[ExpenseKind]
    notices: Sequence[str]

    def __len__(self) -> int:
        return len(self.numbers)

    def where(self, index: int, column: int) -> str:
        return place(self.sheet, self.numbers[index], self.places[column])

    def wrong(self, index: int, column: int, value: str, says: str) -> Problem:
        return Problem(self.where(index, column), value, says)


def read(data: bytes) -> Statement:
    """What a file of finance states, a workbook or CSV; raises Wrong, or Unreadable with one sentence for all."""
    if not data:
        raise Unreadable(_("This file is empty. Choose the one of finance."))
    if data.startswith(OLD_WORKBOOK):
        raise Unreadable(_("This is a workbook of an old form. Save it as “Excel workbook” (.xlsx), then choose that."))
    if data.startswith(ZIPPED):
        found = grid(data, SHEET, most_rows=MOST_ROWS + HEADED_WITHIN)
        return understood(Table(found.name, found.rows, range(1, len(found.rows) + 1), found.odd, found.hidden))
    try:
        rows = rows_of(data, most=MOST_ROWS + HEADED_WITHIN)
    except BadTable as error:
        raise Wrong(
            Problem(_("Line %(line)s", line=one.line), one.value, one.reason) for one in error.problems
        ) from None
    return understood(Table("", [cells for _number, cells in rows], [number for number, _cells in rows]))


def place(sheet: str, row: int, column: int) -> str:
    """Sheet “Spending”, cell E5; of a CSV file Line 5, column 5."""
    if not sheet:
        return _("Line %(line)s, column %(column)s", line=row, column=column)
    return _("Sheet “%(sheet)s”, cell %(cell)s", sheet=sheet, cell=f"{get_column_letter(column)}{row}")


def understood(table: Table) -> Statement:
    """The rows below the headings; raises Wrong with every cell that is not understood."""
    top, places, ignored = _headed(table)
    body, numbers = list(table.rows[top + 1 :]), list(table.numbers[top + 1 :])
    width = max(places) + 1
    if min(map(len, body), default=width) < width:
        body = [[*row, *[""] * (width - len(row))] for row in body]
    if blank := {at for at, row in enumerate(body) if not str(row[places[PROJECT]]).strip() and _is_blank(row, places)}:
        body = [row for at, row in enumerate(body) if at not in blank]
        numbers = [number for at, number in enumerate(numbers) if at not in blank]
    if not body:
        where = place(table.sheet, table.numbers[top], 1)
        raise Wrong([Problem(where, "", _("There is no row below the headings."))])
    problems: list[tuple[int, int, Problem]] = []
    columns: list[list[Any]] = []
    odd = table.odd
    for column, (at, read) in enumerate(zip(places, READERS, strict=True)):
        values: Sequence[Any] = [row[at] for row in body]
        if odd:
            values = [
                _Odd(odd[number, at + 1]) if (number, at + 1) in odd else value
                for number, value in zip(numbers, values, strict=True)
            ]
        if bool in set(map(type, values)):  # to a dictionary TRUE and 1 are one key
            values = [_Odd(str(value).upper()) if isinstance(value, bool) else value for value in values]
        memo = _Memo(read)
        found = [memo[value] for value in values]
        if memo.is_wrong:
            for index, one in enumerate(found):
                if isinstance(one, _Unread):
                    where = place(table.sheet, numbers[index], at + 1)
                    problems.append((index, column, Problem(where, _shown(values[index]), one.says)))
        columns.append(found)
    where_each = [at + 1 for at in places]
    if problems:
        bad = {index for index, _column, _problem in problems}
        good = [[one for index, one in enumerate(column) if index not in bad] for column in (numbers, *columns)]
        told = [problem for _index, _column, problem in sorted(problems, key=lambda one: one[:2])]
        raise Wrong(told, _statement(table.sheet, where_each, good, []) if good[0] else None)
    hidden = len(table.hidden & set(numbers)) if table.hidden else 0
    notices = _notices(ignored, hidden, _doubles(columns))
    return _statement(table.sheet, where_each, [numbers, *columns], notices)


def _statement(
    sheet: str, places: Sequence[int], columns: Sequence[Sequence[Any]], notices: Sequence[str]
) -> Statement:
    numbers, projects, lines, days, currencies, amounts, kinds = columns
    return Statement(sheet, places, numbers, projects, lines, days, currencies, amounts, kinds, notices)


def _headed(table: Table) -> tuple[int, list[int], list[str]]:
    """In which row the headings stand, at which places the six columns, and the headings of no use."""
    for top, row in enumerate(table.rows[:HEADED_WITHIN]):
        keys = [_key(cell) if isinstance(cell, str) else "" for cell in row]
        found = [[at for at, key in enumerate(keys) if key in names] for names in HEADINGS]
        if sum(map(bool, found)) >= 3:
            problems = [
                Problem(place(table.sheet, table.numbers[top], at + 1), _shown(row[at]), _("This column stands twice."))
                for places in found
                for at in places[1:]
            ]
            missing = [_heading(column) for column, places in enumerate(found) if not places]
            if missing:
                where = place(table.sheet, table.numbers[top], 1)
                says = _("These columns are missing: %(names)s.", names=", ".join(missing))
                problems.append(Problem(where, "", says))
            if problems:
                raise Wrong(problems)
            places = [at[0] for at in found]
            ignored = [bare(str(cell)) for at, cell in enumerate(row) if at not in places and bare(str(cell))]
            return top, places, ignored
    where = place(table.sheet, table.numbers[0] if table.numbers else 1, 1)
    names = ", ".join(_heading(column) for column in range(6))
    raise Wrong(
        [Problem(where, "", _("There is no row of headings. Expected are the columns %(names)s.", names=names))]
    )


def _heading(column: int) -> str:
    return (
        _("project ID"),
        _("budget line code"),
        _("date"),
        _("currency"),
        _("amount"),
        _("commitment or expenditure"),
    )[column]


def _notices(ignored: Sequence[str], hidden: int, doubles: int) -> list[str]:
    found = []
    if ignored:
        names = ", ".join(f"“{name[:LONGEST_QUOTE]}”" for name in ignored[:20])
        found.append(
            ngettext(
                "%(num)s other column is not read: %(names)s.",
                "%(num)s other columns are not read: %(names)s.",
                len(ignored),
                names=names,
            )
        )
    if hidden:
        found.append(
            ngettext(
                "%(num)s row is hidden in the file. It is read as the others are.",
                "%(num)s rows are hidden in the file. They are read as the others are.",
                hidden,
            )
        )
    if doubles:
        found.append(
            ngettext(
                "%(num)s row says the same as a row before it. It counts too; please check that it is meant.",
                "%(num)s rows say the same as a row before them. They count too; please check that all are meant.",
                doubles,
            )
        )
    return found


def _doubles(columns: Sequence[Sequence[Hashable]]) -> int:
    """How many rows say what one before them says."""
    return len(columns[0]) - len(set(map(hash, zip(*columns, strict=True))))


def _is_blank(row: Sequence[Any], places: Sequence[int]) -> bool:
    return not any(bare(str(row[at])) for at in places)


def _shown(value: Any) -> str:
    if isinstance(value, _Odd):
        return value.says
    if isinstance(value, float):
        return f"{Decimal(format(value, FIFTEEN_DIGITS)):f}"
    return value.isoformat() if isinstance(value, date) else bare(str(value))


def _key(text: str) -> str:
    return BETWEEN_WORDS.sub(" ", folded(bare(text))).strip()


# -- one cell ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Odd:
    says: str


@dataclass(frozen=True)
class _Unread:
    says: str


class _Memo(dict[Any, Any]):
    """Values that come again and again in a column, each read once; what cannot be read is kept as such."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read, self.is_wrong = read, False

    def __missing__(self, value: Any) -> Any:
        found: Any
        try:
            if isinstance(value, _Odd):
                raise ValueError(_("Please type the value itself in a cell of its own."))
            found = self.read(value)
        except ValueError as error:
            found, self.is_wrong = _Unread(str(error)), True
        self[value] = found
        return found


def _project(value: Any) -> str:
    text = bare(value) if isinstance(value, str) else ""
    if not text:
        raise ValueError(_("Expected a project ID such as LM.0276."))
    return text


def _line(value: Any) -> str:
    text = bare(value) if isinstance(value, str) else ""
    if not text:
        raise ValueError(_("Expected the code of a budget line such as B001."))
    return text


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        value = value.date()
    elif isinstance(value, str) and ISO_DAY.fullmatch(bare(value)):
        try:
            value = date.fromisoformat(bare(value))
        except ValueError:
            raise ValueError(_("There is no such day.")) from None
    if not isinstance(value, date):
        raise ValueError(_("Expected a date. Format the cell as a date, or type it like 2016-10-31."))
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(_("Please check the year: it must lie between 1990 and 2100."))
    return value


def _currency(value: Any) -> str:
    text = bare(value).upper() if isinstance(value, str) else ""
    if not CODE.fullmatch(text):
        raise ValueError(_("Expected the three letters of a currency such as USD."))
    return text


def _amount(value: Any) -> Decimal:
    if not isinstance(value, str | float | int):
        raise ValueError(_("Expected an amount. If it looks like one, format the cell as a number."))
    if isinstance(value, str):
        text = bare(value).replace("−", "-")
        if not TYPED_AMOUNT.fullmatch(text) or len(text) > LONGEST_QUOTE:
            raise ValueError(_("Expected an amount such as 1234.56 or -1234.56, with a point before the decimals."))
        amount = Decimal(re.sub(r"[,\s]", "", text))
    else:
        text = format(value, FIFTEEN_DIGITS)
        if TO_THE_CENT.fullmatch(text):
            return Decimal(text)
        amount = Decimal(text)
        if not amount.is_finite():
            raise ValueError(_("Expected an amount."))
    if abs(amount) >= MOST_AMOUNT:
        raise ValueError(_("This amount is too large: it must lie below 10,000,000,000,000."))
    cents = round(amount, 2)
    if cents != amount:
        raise ValueError(_("An amount has at most two decimals. Round it in the spreadsheet."))
    return cents


def _kind(value: Any) -> ExpenseKind:
    kind = KIND_OF.get(_key(value)) if isinstance(value, str) else None
    if kind is None:
        raise ValueError(_("Expected “commitment” or “expenditure”."))
    return kind


READERS: tuple[Callable[[Any], Any], ...] = (_project, _line, _day, _currency, _amount, _kind)


# -- kept until it is confirmed ---------------------------------------------------------------------------------------


def kept(statement: Statement) -> list[list[Any]]:
    """The rows as plain values; `again` makes the statement of them."""
    return [
        [statement.sheet, *statement.places],
        [list(statement.notices)],
        list(statement.numbers),
        list(statement.projects),
        list(statement.lines),
        [day.isoformat() for day in statement.days],
        list(statement.currencies),
        [str(amount) for amount in statement.amounts],
        [kind.value for kind in statement.kinds],
    ]


def again(rows: list[list[Any]]) -> Statement:
    (sheet, *places), (notices,), numbers, projects, lines, days, currencies, amounts, kinds = rows
    return Statement(
        sheet,
        places,
        numbers,
        projects,
        lines,
        [date.fromisoformat(day) for day in days],
        currencies,
        [Decimal(amount) for amount in amounts],
        [ExpenseKind(kind) for kind in kinds],
        notices,
    )
