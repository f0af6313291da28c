"""The XML of a sheet's rows: one template a row, filled in one step, is what makes large sheets fast."""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from openpyxl.utils import get_column_letter

from prima.spreadsheets.cells import Endings, Styles, number, plain
from prima.spreadsheets.sheets import Column, Kind, Unwritable

COUNTED = frozenset({Kind.MONEY, Kind.NUMBER, Kind.PERCENT})
ROW = "\0"  # stands in the template for the row's number


class Rows:
    def __init__(self, columns: Sequence[Column], styles: Styles) -> None:
        self.columns = columns
        self.counted = [column for column in columns if column.kind in COUNTED]
        self.readers = [column.read for column in self.counted]
        self.endings = {index: Endings(c.kind, styles) for index, c in enumerate(columns) if c.kind not in COUNTED}
        self.remembered = [(columns[index].read, endings) for index, endings in self.endings.items()]

        # The texts and dates of a row are made first, then its numbers: `arrange` puts them in the columns' order.
        made = [*self.endings, *(index for index, column in enumerate(columns) if column.kind in COUNTED)]
        self.arrange = itemgetter(*(made.index(index) for index in range(len(columns))))
        cells = []
        for index, column in enumerate(columns):
            reference = f'<c r="{get_column_letter(index + 1)}{ROW}'
            number_ending = f'" s="{styles.of[column.kind]}"><v>%s</v></c>'
            cells.append(reference + (number_ending if column.kind in COUNTED else "%s"))
        self.template = f'<row r="{ROW}">{"".join(cells)}</row>'

    def xml(self, rows: Iterable[Any], first: int) -> bytes:
        """These rows; the first one has that number in the sheet."""
        xml = "".join([self._row(row, line) for line, row in enumerate(rows, first)])
        return xml.replace("<v>None</v>", "").encode()

    def _row(self, row: Any, line: int) -> str:
        try:
            endings = [known[read(row)] for read, known in self.remembered]
            numbers = [read(row) for read in self.readers]
            texts = plain(numbers)
            if texts is None:
                texts = [number(value, column.kind) for value, column in zip(numbers, self.counted, strict=True)]
        except Unwritable:
            self._refuse(row, line)
            raise
        return self.template.replace(ROW, str(line)) % self.arrange(endings + texts)

    def _refuse(self, row: Any, line: int) -> None:
        """Say which column it is that cannot be written."""
        for index, column in enumerate(self.columns):
            try:
                value = column.read(row)
                if index in self.endings:
                    self.endings[index][value]
                else:
                    number(value, column.kind)
            except Unwritable as error:
                raise type(error)(error.reason, column=column.heading, row=line) from None
