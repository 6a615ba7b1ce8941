"""Ids of legacy lines: the same id becomes the same one in every save, and long ones are not remembered."""

from __future__ import annotations

import pytest

from backfill.translate import script_lines
from backfill.translate.script_lines import MAX_KNOWN_CHARACTERS, our_id


@pytest.mark.parametrize(
    "legacy", ["", "b b", "x" * 65, "x" * MAX_KNOWN_CHARACTERS, "x" * 1_000_000, "\udcff", "é" * 300]
)
def test_an_id_that_is_none_of_ours_becomes_one(legacy: str) -> None:
    assert our_id(legacy) == our_id(str(legacy))
    assert our_id(our_id(legacy)) == our_id(legacy) != legacy


def test_long_ids_are_not_remembered() -> None:
    before = script_lines._short_id.cache_info().misses
    for number in range(100):
        our_id(f"{number}" * 10_000)
        our_id(f"short-{number}")

    assert script_lines._short_id.cache_info().misses <= before + 100
