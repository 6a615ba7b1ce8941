"""Times on the command line, and the unit that each includes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cli.client.version_options import NotATime, end_of


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "first_microsecond_after"),
    [
        ("2026-11-23T09:30:00Z", "2026-11-23T09:30:01+00:00"),
        ("2026-11-23T10:30+01:00", "2026-11-23T09:31:00+00:00"),
        ("2026-11-23 10:30", "2026-11-23T09:31:00+00:00"),
        ("2026-11-23T10", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23", "2026-11-23T23:00:00+00:00"),
        ("2026-07-01", "2026-07-01T22:00:00+00:00"),
        ("2026-W48-1", "2026-11-23T23:00:00+00:00"),
        ("20261123T103000", "2026-11-23T09:30:01+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:31:00+00:00"),
        ("2026-10-25", "2026-10-25T23:00:00+00:00"),
    ],
)
def test_a_time_includes_the_whole_of_its_last_unit(text: str, first_microsecond_after: str):
    moment = datetime.fromisoformat(first_microsecond_after).astimezone(UTC)

    assert end_of(text) == int(moment.timestamp()) * 1_000_000 - 1


def test_a_fraction_of_a_second_is_exact():
    assert end_of("2026-11-23T09:30:00.000001Z") == end_of("2026-11-23T09:29:59Z") + 2


@pytest.mark.parametrize("text", ["", "yesterday", "09:30", "2026-13-01", "2026-11-23T25:00", "T", " ", "9999-12-31"])
def test_an_invalid_time_is_refused(text: str):
    with pytest.raises(NotATime, match="is not a time: write ISO 8601"):
        end_of(text)
