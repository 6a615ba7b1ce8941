"""A filter takes an age or a time, and refuses anything else in one sentence."""

from __future__ import annotations

import time

import pytest
import typer

from cli.client.since import moment_of

NOW = 1_796_000_000_000_000
SECOND = 1_000_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, None),
        ("90s", NOW - 90 * SECOND),
        ("30m", NOW - 1_800 * SECOND),
        ("2h", NOW - 7_200 * SECOND),
        ("3d", NOW - 3 * 86_400 * SECOND),
        ("1w", NOW - 7 * 86_400 * SECOND),
        ("0s", NOW),
        ("999999999w", 0),
        ("2026-11-23T09:30:00Z", 1_795_426_200_000_000),
        ("2026-11-23T10:30:00+01:00", 1_795_426_200_000_000),
    ],
)
def test_an_age_or_a_time(text: str | None, moment: int | None):
    assert moment_of(text, now=NOW) == moment


def test_a_time_without_a_zone_is_local(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert moment_of("2026-11-23T18:30") == 1_795_426_200_000_000
        assert moment_of("2026-11-23") == 1_795_359_600_000_000
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2",
        "h",
        "-2h",
        "2.5h",
        "2 h",
        "2y",
        "1234567890s",
        "²h",
        "2026-13-01",
        "2026-11-23T25:00",
        "x" * 500,
    ],
)
def test_anything_else_is_refused(text: str):
    with pytest.raises(typer.BadParameter, match=r"is neither an age, like 30m, 2h or 3d, nor a time"):
        moment_of(text)
