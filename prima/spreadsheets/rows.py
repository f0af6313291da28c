"""The XML of a sheet's rows, and the place of what cannot be written."""

from collections.abc import Iterable, Sequence
from typing import Any

from prima.spreadsheets.cells import Cells, Styles, cells_of
from prima.spreadsheets.sheets import Column, Unwritable


class Rows:
    """`in_order`: the rows are the values of the columns, so they are turned at once and no column reads them."""

    def __init__(
        self, columns: Sequence[Column], letters: Sequence[str], styles: Styles, *, in_order: bool = False
    ) -> None:
        following = [*(f'<c r="{letter}' for letter in letters[1:]), "</row>"]
        writers = zip(columns, following, strict=True)
        self.writers = [(c, cells_of(c.kind, styles, then, cut=c.cut)) for c, then in writers]
        self.in_order = in_order

    def xml(self, rows: Sequence[Any], first: int) -> bytes:
        """These rows; the first of them has that number in the sheet."""
        if self.in_order:
            turned: Iterable[Sequence[Any]] = zip(*rows, strict=True)
        else:
            turned = (list(map(column.read, rows)) for column, _cells in self.writers)
        columns = [
            self._cells(column, cells, values, first)
            for (column, cells), values in zip(self.writers, turned, strict=True)
        ]
        numbered = enumerate(zip(*columns, strict=True), first)
        return "".join([(n := str(number)).join((f'<row r="{n}"><c r="A', *row)) for number, row in numbered]).encode()

    def _cells(self, column: Column, cells: Cells, values: Sequence[Any], first: int) -> list[str]:
        try:
            return cells(values)
        except Unwritable:
            for number, value in enumerate(values, first):  # one by one, to say which it is
                try:
                    cells([value])
                except Unwritable as error:
                    raise type(error)(error.reason, column=column.heading, row=number) from None
            raise
