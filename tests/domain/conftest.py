"""Fixtures that the property tests of the domain share."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings

from tests.domain.folding import Step
from tests.domain.strategies import Scripts, histories


@pytest.fixture(scope="session")
def scripts() -> Scripts:
    """Many scripts for commands to be applied to: drawing one for every example would take most of a test's time."""
    examples: list[list[Step]] = []

    @settings(max_examples=60, phases=[Phase.generate])
    @given(histories())
    def collect(steps: list[Step]) -> None:
        examples.append(steps)

    collect()
    return examples
