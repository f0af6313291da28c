"""Excel workbooks and CSV: tables of columns and rows become one file, streamed, however many the rows."""

from prima.spreadsheets.archive import write_archive
from prima.spreadsheets.sheets import Column, Kind, Sheet, TooLong, TooManyRows, Unwritable
from prima.spreadsheets.workbook import write

__all__ = ["Column", "Kind", "Sheet", "TooLong", "TooManyRows", "Unwritable", "write", "write_archive"]
