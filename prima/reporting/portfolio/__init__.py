"""The portfolio: filters, and the rows, counts and sums of the projects that a viewer may see."""

from prima.reporting.portfolio.choosing import Reading, read
from prima.reporting.portfolio.columns import COLUMNS, FIRST, USUAL, columns, in_order
from prima.reporting.portfolio.exporting import Exported, export
from prima.reporting.portfolio.faceting import ENDING_SOON, RANGES, Counted, Totals, Whole, totals, whole
from prima.reporting.portfolio.filters import FUNDINGS, LABELS, NONE, Filters
from prima.reporting.portfolio.listing import Listed, Page, page
from prima.reporting.portfolio.sums import (
    OVER,
    Allocated,
    ByCountry,
    Headline,
    Overdue,
    Summed,
    by_activity,
    by_area,
    by_country,
    by_marker,
    by_region_and_year,
    by_status,
    headline,
    overdue_by_region,
)

__all__ = [
    "COLUMNS",
    "ENDING_SOON",
    "FIRST",
    "FUNDINGS",
    "LABELS",
    "NONE",
    "OVER",
    "RANGES",
    "USUAL",
    "Allocated",
    "ByCountry",
    "Counted",
    "Exported",
    "Filters",
    "Headline",
    "Listed",
    "Overdue",
    "Page",
    "Reading",
    "Summed",
    "Totals",
    "Whole",
    "by_activity",
    "by_area",
    "by_country",
    "by_marker",
    "by_region_and_year",
    "by_status",
    "columns",
    "export",
    "headline",
    "in_order",
    "overdue_by_region",
    "page",
    "read",
    "totals",
    "whole",
]
