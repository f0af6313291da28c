"""Chance against the database: each try costs what a page does, so few in every run and many in `make soak`.

@tried
@given(steps=STEPS)
def test_no_sequence_of_steps_breaks_it(app, steps): ...
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

TRIES, MANY = 10, 300
often = settings(
    max_examples=MANY if os.environ.get("SOAK") else TRIES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def tried(test: Callable[..., None]) -> Callable[..., None]:
    """The tries share the fixtures of the test: each makes what it is about anew."""
    return pytest.mark.chance(often(test))
