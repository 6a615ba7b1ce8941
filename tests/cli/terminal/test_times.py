"""Times for programs are ISO 8601 in UTC, whatever year a legacy database has."""

from __future__ import annotations

import pytest

from cli.terminal.screen import iso


@pytest.mark.parametrize(
    ("microseconds", "shown"),
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_612_173_600_000_007, "2021-02-01T10:00:00.000007Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (-40_000_000_000_000_000, "0702-06-15T00:53:20.000000Z"),
        (-(1 << 60), "0001-01-01T00:00:00.000000Z"),
        (1 << 60, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_a_time_has_a_year_of_four_digits(microseconds: int, shown: str) -> None:
    assert iso(microseconds) == shown
