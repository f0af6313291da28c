"""Chance against the database: each try costs what a page does, so few in every run and many in `make soak`.

@tried
@given(steps=STEPS)
def test_no_sequence_of_steps_breaks_it(app, steps): ...
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

TRIES, MANY = 10, 300
often = settings(
    max_examples=MANY if os.environ.get("SOAK") else TRIES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def seeds(number: int) -> list[Any]:
    """Of a test that casts dice by a seed: the first in every run, the others in `make soak`."""
    return [pytest.param(one, marks=[pytest.mark.soak] if one > 1 else []) for one in range(1, number + 1)]


def tried(test: Callable[..., None]) -> Callable[..., None]:
    """The tries share the fixtures of the test: each makes what it is about anew."""
    return pytest.mark.chance(often(test))
