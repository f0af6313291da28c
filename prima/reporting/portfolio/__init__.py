"""The portfolio: filters, and the rows, counts and sums of the projects that a viewer may see."""

from prima.reporting.portfolio.choosing import Reading, read
from prima.reporting.portfolio.exporting import Exported, export
from prima.reporting.portfolio.filters import FUNDINGS, LABELS, NONE, Filters
from prima.reporting.portfolio.listing import Listed, Page, Totals, page, totals
from prima.reporting.portfolio.regions import ENDING, ByRegion, by_region, ending_by_region
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
    "ENDING",
    "FUNDINGS",
    "LABELS",
    "NONE",
    "OVER",
    "Allocated",
    "ByCountry",
    "ByRegion",
    "Exported",
    "Filters",
    "Headline",
    "Listed",
    "Overdue",
    "Page",
    "Reading",
    "Summed",
    "Totals",
    "by_activity",
    "by_area",
    "by_country",
    "by_marker",
    "by_region",
    "by_region_and_year",
    "by_status",
    "ending_by_region",
    "export",
    "headline",
    "overdue_by_region",
    "page",
    "read",
    "totals",
]
