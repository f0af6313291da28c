"""The gender marker code that four answers suggest, by the table of the edition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prima.handbook.edition import Gender

EXTENTS = ("needs_analysis", "outputs", "activities")
"""The questions answered by yes, some or no; the fourth, whether equality is a main aim, by yes or no."""
NOT_APPLICABLE = "N/A"


def suggested(gender: Gender | None, answers: Mapping[str, Any]) -> str | None:
    """The code of the first suggestion that fits; None until all four are answered, or where the edition asks none."""
    extents = [answers.get(name) for name in EXTENTS]
    main_aim = answers.get("main_aim")
    if gender is None or main_aim is None or None in extents:
        return None
    for suggestion in gender.suggestions:
        alike = suggestion.all is None or all(extent == suggestion.all for extent in extents)
        if alike and suggestion.main_aim in (None, main_aim):
            return suggestion.code
    return None
