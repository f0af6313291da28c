"""The XML of a sheet's rows, and the place of what cannot be written."""

from collections.abc import Sequence
from typing import Any

from prima.spreadsheets.cells import Cells, Styles, cells_of
from prima.spreadsheets.sheets import Column, Unwritable


class Rows:
    def __init__(self, columns: Sequence[Column], letters: Sequence[str], styles: Styles) -> None:
        following = [*(f'<c r="{letter}' for letter in letters[1:]), "</row>"]
        self.writers = [(c, cells_of(c.kind, styles, then)) for c, then in zip(columns, following, strict=True)]

    def xml(self, rows: Sequence[Any], first: int) -> bytes:
        """These rows; the first of them has that number in the sheet."""
        columns = [self._cells(column, cells, rows, first) for column, cells in self.writers]
        numbered = enumerate(zip(*columns, strict=True), first)
        return "".join([(n := str(number)).join((f'<row r="{n}"><c r="A', *row)) for number, row in numbered]).encode()

    def _cells(self, column: Column, cells: Cells, rows: Sequence[Any], first: int) -> list[str]:
        values = list(map(column.read, rows))
        try:
            return cells(values)
        except Unwritable:
            for number, value in enumerate(values, first):  # one by one, to say which it is
                try:
                    cells([value])
                except Unwritable as error:
                    raise type(error)(error.reason, column=column.heading, row=number) from None
            raise
