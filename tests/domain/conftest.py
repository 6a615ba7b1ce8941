"""What the property tests of the domain share."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings

from tests.domain.folding import Step
from tests.domain.strategies import Scripts, histories


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
