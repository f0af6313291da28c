"""The export of a filter: every sheet of exactly the projects of the list, in Excel or as CSV."""

from prima.reporting.exports.book import AT_ONCE, TABLES, ask, at_one_moment, count, counted, sheets, tables, too_long
from prima.reporting.exports.columns import Asked, Table
from prima.reporting.exports.projects import NAME as PROJECTS
from prima.reporting.exports.readme import Cover, cover

__all__ = [
    "AT_ONCE",
    "PROJECTS",
    "TABLES",
    "Asked",
    "Cover",
    "Table",
    "ask",
    "at_one_moment",
    "count",
    "counted",
    "cover",
    "sheets",
    "tables",
    "too_long",
]
