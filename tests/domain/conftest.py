"""How the property tests of the domain run: the same examples every time, unless one asks for more.

``HYPOTHESIS_PROFILE=explore`` looks further, with other examples each time.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.domain.folding import Step
from tests.domain.strategies import Scripts, histories

settings.register_profile(
    "ledger",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "explore", settings.get_profile("ledger"), derandomize=False, max_examples=1_000, stateful_step_count=80
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ledger"))


@pytest.fixture(scope="session")
def scripts() -> Scripts:
    """Many scripts to aim a command at: drawing a whole script for every example is most of a property test's time."""
    found: list[list[Step]] = []

    @settings(max_examples=60, phases=[Phase.generate])
    @given(histories())
    def collect(steps: list[Step]) -> None:
        found.append(steps)

    collect()
    return found
