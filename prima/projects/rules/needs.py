"""An unmet rule of the edition as a Need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prima.handbook.edition import Rule
from prima.workflow import Need

Measure = Callable[[Any, Rule], Need | None]
"""Measures one rule of the edition on a project: what is unmet, or nothing."""


def unmet(rule: Rule, project: Any, at: str, field: str, how_far: str = "") -> Need:
    """The rule in the edition's words, with how far off the project is and where that is mended."""
    text = project.edition.handbook.say_rule(rule.code, funding=project.funding)
    words = f"{text} {how_far}".strip()
    return Need(words, at, field, code=rule.code, severity=str(rule.severity))
