"""Values that occur several times are found in little memory, however many there are."""

from __future__ import annotations

import tracemalloc

import pytest

from backfill.domains.flat import duplicates
from backfill.domains.flat.duplicates import fingerprint, repeated

ROWS = 20_000


@pytest.mark.parametrize("sorted_at_a_time", [1, 7, 1_000, ROWS * 2])
def test_values_that_occur_several_times_are_found(sorted_at_a_time: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MAX_SORTED", sorted_at_a_time)
    values = [*map(str, range(300)), "5", "299", "5", "é"]

    assert repeated(values) == {fingerprint("5"), fingerprint("299")}
    assert repeated([]) == frozenset()


def test_a_value_takes_few_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MAX_SORTED", 1_000)
    repeated(["warm"])
    tracemalloc.start()
    try:
        assert repeated(map(str, range(ROWS))) == frozenset()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 30 * ROWS
