"""The portfolio: filters, and the rows, counts and sums of the projects that a viewer may see."""

from prima.reporting.portfolio.choosing import Reading, read
from prima.reporting.portfolio.columns import COLUMNS, FIRST, USUAL, columns, in_order
from prima.reporting.portfolio.faceting import ENDING_SOON, RANGES, Counted, Totals, Whole, totals, whole
from prima.reporting.portfolio.filters import FUNDINGS, LABELS, NONE, YES, Filters
from prima.reporting.portfolio.late import Headline, Overdue, headline, overdue_by_country, overdue_by_region
from prima.reporting.portfolio.listing import Listed, Page, page
from prima.reporting.portfolio.regions import ENDING, ByCountry, ByRegion, World, ending_by_region, world
from prima.reporting.portfolio.sums import (
    OVER,
    Allocated,
    Overview,
    Summed,
    by_activity,
    by_area,
    by_marker,
    by_migof,
    by_region_and_year,
    by_sdg,
    by_status,
    overview,
    total,
)

__all__ = [
    "COLUMNS",
    "ENDING",
    "ENDING_SOON",
    "FIRST",
    "FUNDINGS",
    "LABELS",
    "NONE",
    "OVER",
    "RANGES",
    "USUAL",
    "YES",
    "Allocated",
    "ByCountry",
    "ByRegion",
    "Counted",
    "Filters",
    "Headline",
    "Listed",
    "Overdue",
    "Overview",
    "Page",
    "Reading",
    "Summed",
    "Totals",
    "Whole",
    "World",
    "by_activity",
    "by_area",
    "by_marker",
    "by_migof",
    "by_region_and_year",
    "by_sdg",
    "by_status",
    "columns",
    "ending_by_region",
    "headline",
    "in_order",
    "overdue_by_country",
    "overdue_by_region",
    "overview",
    "page",
    "read",
    "total",
    "totals",
    "whole",
    "world",
]
