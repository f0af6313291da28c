"""A table that somebody pastes or uploads becomes budget lines: what was understood of each row, and what was not."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from prima.projects.forms.budget import LineForm
from prima.projects.forms.rows import Options
from prima.spreadsheets.tables import Cell, Holds, Row, bare
from prima.users import folded

COLUMNS = (
    "category_code", "description", "unit", "quantity", "units", "unit_cost", "result_id", "area_code",
    "activity_type_code", "country_code", "amount",
)  # fmt: skip
"""In the order of the form. The amount is computed: what stands in its column is not read."""
COMPUTED = "amount"
PICKED = ("category_code", "result_id", "area_code", "activity_type_code", "country_code")
COUNTED = ("quantity", "units")
FIGURES = (*COUNTED, "unit_cost")
NUMBER = re.compile(r"(\d+|\d{1,3}(,\d{3})+|\d{1,3}([ \u00a0\u202f]\d{3})+)(\.\d+)?", re.ASCII)
"""1234.56, 1,234.56 or 1 234.56: a comma before decimals is refused, for it groups thousands elsewhere."""
MINUS = ("-", "\u2212")
"""The hyphen, and the minus sign that spreadsheets may write."""
EITHER_WAY = re.compile(r"\d{1,3}[.,]\d{3}", re.ASCII)
"""1,234 and 1.234 are a thousand in some countries and a little more than one in others."""
CURRENCY = re.compile(r"^(.*?)[,(\s]+([A-Z]{3})\)?$")
LONGEST_QUOTE = 60
MOST_PROBLEMS = 200


@dataclass(frozen=True)
class Problem:
    """What one cell holds, and what was expected there."""

    place: str
    value: str
    expected: str

    def __str__(self) -> str:
        if not self.value:
            return _("%(place)s: %(expected)s", place=self.place, expected=self.expected)
        shown = self.value if len(self.value) <= LONGEST_QUOTE else self.value[:LONGEST_QUOTE] + "…"
        return _("%(place)s: “%(value)s”. %(expected)s", place=self.place, value=shown, expected=self.expected)


@dataclass(frozen=True)
class Understood:
    """One row as a line; `names` says what its codes stand for, `wrong` which columns were not understood."""

    number: int
    is_hidden: bool
    typed: Mapping[str, Any]
    names: Mapping[str, str]
    wrong: Mapping[str, str]
    """What stands in the cells that could not be read, by column."""


@dataclass
class Table:
    """All that was understood of a table."""

    lines: list[Understood] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class Reader:
    """Reads rows by the headings of the form or, without headings, by its order of columns."""

    def __init__(self, options: Mapping[str, Options], currency: str, columns: Sequence[str]):
        self.options, self.currency, self.columns = options, currency, list(columns)
        self.found = Table()

    def read(self, rows: Sequence[Row]) -> Table:
        columns: list[str] = self.columns
        if rows and self._is_heading(rows[0]):
            columns = self._headings(rows[0])
            rows = rows[1:]
        if not self.found.problems:
            for row in rows:
                self._line(row, columns)
        return self.found

    @cached_property
    def headings(self) -> dict[str, str]:
        """The columns by their heading, folded."""
        titles = titles_of(COLUMNS)
        found = {_key(title): name for name, title in titles.items()}
        return found | {_key(_("Units")): "units"} | {_key(name): name for name in COLUMNS}

    def _is_heading(self, row: Row) -> bool:
        """Two cells that are headings make a row of headings."""
        return sum(self._column(cell.text)[0] is not None for cell in row.cells) >= 2

    def _column(self, heading: str) -> tuple[str | None, str]:
        """The column of a heading and the currency in it: "Unit cost, EUR" or "Unit cost (EUR)"."""
        if name := self.headings.get(_key(heading)):
            return name, ""
        if match := CURRENCY.match(bare(heading)):
            name = self.headings.get(_key(match[1]))
            return (name, match[2]) if name in ("unit_cost", COMPUTED) else (None, "")
        return None, ""

    def _headings(self, row: Row) -> list[str]:
        found: list[str] = []
        for place, cell in enumerate(row.cells, 1):
            name, currency = self._column(cell.text)
            where = self._place(row, place, cell)
            if name is None and cell.text:
                self._wrong(where, cell.text, _("This heading is unknown. Use those of the form."))
            elif name and name in found:
                self._wrong(where, cell.text, _("This heading stands here twice."))
            elif currency and currency != self.currency:
                self._wrong(where, cell.text, _("The budget is in %(currency)s.", currency=self.currency))
            found.append(name or "")
        missing = [title for name, title in titles_of(LineForm.needed).items() if name not in found]
        if missing:
            where = _("Row %(number)s", number=row.number)
            self._wrong(where, "", _("These headings are missing: %(names)s.", names=", ".join(missing)))
        return found

    def _line(self, row: Row, columns: Sequence[str]) -> None:
        cells: dict[str, Cell] = {}
        for place, cell in enumerate(row.cells, 1):
            name = columns[place - 1] if place <= len(columns) else ""
            if name:
                cells[name] = cell
            elif cell.text:
                self._wrong(self._place(row, place, cell), cell.text, _("There is no column of the form here."))
        if not any(cell.text for name, cell in cells.items() if name != COMPUTED):
            where = _("Row %(number)s", number=row.number)
            self._wrong(where, "", _("Expected a category, a description and a unit cost."))
            return
        data: dict[str, str] = {}
        wrong: dict[str, str] = {}
        for name, cell in cells.items():
            if name == COMPUTED or not cell.text:
                continue
            try:
                data[name] = self._value(name, cell)
            except ValueError as error:
                wrong[name] = cell.text
                self._wrong(self._where(row, name, cells), cell.text, str(error))
        form = LineForm(MultiDict(data))
        for name in PICKED:
            form[name].choices = self.options[name]
        form.validate()
        for one in form:
            if one.errors and one.short_name not in wrong:
                value = data.get(one.short_name, "")
                wrong[one.short_name] = value
                self._wrong(self._where(row, one.short_name, cells), value, " ".join(map(str, one.errors)))
        names = {name: self._names[name].get(data.get(name, ""), "") for name in PICKED}
        self.found.lines.append(Understood(row.number, row.is_hidden, form.typed, names, wrong))

    def _value(self, name: str, cell: Cell) -> str:
        """What the form takes for a cell; raises ValueError saying what was expected."""
        if cell.holds is Holds.OTHER:
            raise ValueError(_("Please type the value itself in a cell of its own."))
        if cell.holds is Holds.DAY:
            raise ValueError(_("This is a date to the spreadsheet. Format the cell as text and type it again."))
        if name in FIGURES:
            return _figure(name, cell)
        if name in PICKED:
            return self._code(name, cell)
        return cell.text

    def _code(self, name: str, cell: Cell) -> str:
        """The code behind a code or a name, exactly as it is written but for case and accents."""
        if name == "result_id":
            return self._result(cell)
        found = {cell.text} if cell.text in self._names[name] else self._codes[name].get(_key(cell.text), set())
        if len(found) > 1:
            raise ValueError(_("Several have this name. Use the code: %(codes)s.", codes=", ".join(sorted(found))))
        if not found:
            raise ValueError(_("Expected a name or a code of the list “%(list)s”.", list=titles_of([name])[name]))
        return next(iter(found))

    def _result(self, cell: Cell) -> str:
        """An output or activity by its number, or by number and text as the form shows it.

        To a spreadsheet the numbers 1.1 and 1.10 are one: such a cell is read only where a single row can be meant.
        """
        numbers = {name.partition(" ")[0]: code for code, name in self._names["result_id"].items()}
        if cell.holds is Holds.NUMBER:
            same = [code for number, code in numbers.items() if _as_number(number) == Decimal(cell.text)]
            if len(same) == 1:
                return same[0]
            raise ValueError(_("Format the cell as text: a number alone does not say which one is meant."))
        by_name = self._codes["result_id"].get(_key(cell.text), set())
        if code := numbers.get(cell.text):
            return code
        if len(by_name) == 1:
            return next(iter(by_name))
        raise ValueError(_("Expected the number of an output or activity of the results matrix, such as 1.1.2."))

    @cached_property
    def _names(self) -> dict[str, dict[str, str]]:
        """Names by code, for each column that is chosen from a list."""
        found: dict[str, dict[str, str]] = {}
        for name in PICKED:
            found[name] = {}
            for code, words in self.options[name].items():
                found[name] |= words if isinstance(words, Mapping) else {code: words}
            found[name].pop("", None)
        return found

    @cached_property
    def _codes(self) -> dict[str, dict[str, set[str]]]:
        """Codes by folded name and by folded code."""
        found: dict[str, dict[str, set[str]]] = {}
        for name, names in self._names.items():
            found[name] = defaultdict(set)
            for code, words in names.items():
                found[name][_key(words)].add(code)
                if name != "result_id":
                    found[name][_key(code)].add(code)
        return found

    def _where(self, row: Row, name: str, cells: Mapping[str, Cell]) -> str:
        if name in cells and cells[name].place:
            return _("Cell %(cell)s", cell=cells[name].place)
        return _("Row %(number)s, %(column)s", number=row.number, column=titles_of([name])[name])

    def _place(self, row: Row, place: int, cell: Cell) -> str:
        if cell.place:
            return _("Cell %(cell)s", cell=cell.place)
        return _("Row %(number)s, column %(place)s", number=row.number, place=place)

    def _wrong(self, place: str, value: str, expected: str) -> None:
        if len(self.found.problems) < MOST_PROBLEMS:
            self.found.problems.append(Problem(place, value, expected))


def titles_of(names: Sequence[str]) -> dict[str, str]:
    """The headings of the form's columns."""
    form = LineForm()
    return {name: _("Amount") if name == COMPUTED else str(form[name].label.text) for name in names}


def hidden_words(count: int) -> str:
    """What is said of rows that were hidden in the workbook."""
    return ngettext(
        "%(num)s of these rows is hidden in the workbook. It is read as the others are.",
        "%(num)s of these rows are hidden in the workbook. They are read as the others are.",
        count,
    )


def kept(lines: Sequence[Understood]) -> str:
    """The lines as a text that the page keeps until they are confirmed; `unfolded` gives the rows to be read again."""
    columns = [name for name in COLUMNS if name != COMPUTED]
    return json.dumps([columns, *([_written(name, line) for name in columns] for line in lines)], ensure_ascii=False)


def unfolded(text: str) -> list[Row]:
    """The rows of a kept text, each cell read anew as if it came from a file; raises ValueError."""
    rows = json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise ValueError("rows of cells are expected")
    cells = [[Cell(bare(cell)) for cell in row if isinstance(cell, str)] for row in rows]
    return [Row(number, tuple(row)) for number, row in enumerate(cells) if any(cell.text for cell in row)]


def _written(name: str, line: Understood) -> str:
    value = line.typed[name]
    if value is None:
        return ""
    if name == "result_id":  # its number may be another one by then: number and text together name one row or none
        return line.names[name]
    return f"{value:.4f}" if name in COUNTED else str(value)


def _figure(name: str, cell: Cell) -> str:
    if cell.holds is Holds.NUMBER:
        return cell.text
    if cell.text[:1] in MINUS and NUMBER.fullmatch(cell.text[1:].lstrip()):
        raise ValueError(_("This must not be less than 0."))
    if not NUMBER.fullmatch(cell.text):
        raise ValueError(_("Expected a number such as 1234.56 or 1,234.56, with a point before the decimals."))
    if name in COUNTED and EITHER_WAY.fullmatch(cell.text):
        whole, part = re.split(r"[.,]", cell.text)
        says = _(
            "This can be read in two ways. Write %(one)s or %(other)s.", one=whole + part, other=f"{whole}.{part}0"
        )
        raise ValueError(says)
    return re.sub(r"\s", "", cell.text)


def _as_number(number: str) -> Decimal | None:
    return Decimal(number) if number.count(".") <= 1 else None


def _key(text: str) -> str:
    return " ".join(folded(bare(text)).split())
