"""Moments of legacy columns: zones by column and writer, units, zero dates, hours that were skipped or came twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backfill.mapping.model import ColumnRule, WriterRule
from backfill.translate.moments import moment_reader


def moment(value: Any, *, row: dict[str, Any] | None = None, **rule: Any) -> tuple[int | None, str]:
    row = row or {}
    return moment_reader(ColumnRule(to="created_at", **rule), tuple(row))(value, tuple(row.values()))


def micros(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(
        microseconds=1
    )


@pytest.mark.parametrize(
    ("value", "zone", "utc"),
    [
        ("2021-02-03 04:05:06", "UTC", "2021-02-03 04:05:06+00:00"),
        ("2021-02-03 04:05:06.789", None, "2021-02-03 04:05:06.789+00:00"),
        ("2021-02-03 04:05:06.123456", "-06:00", "2021-02-03 10:05:06.123456+00:00"),
        ("2021-02-03", "America/Chicago", "2021-02-03 06:00:00+00:00"),
        ("2021-07-03 00:00:00", "America/Chicago", "2021-07-03 05:00:00+00:00"),
        # A text that names its offset is read by it, whatever the column's zone is.
        ("2021-02-03T04:05:06.000Z", "-06:00", "2021-02-03 04:05:06+00:00"),
        ("2021-02-03T04:05:06+05:30", "-06:00", "2021-02-02 22:35:06+00:00"),
        ("1950-01-01 00:00:00", "UTC", "1950-01-01 00:00:00+00:00"),
        ("9999-12-31 23:59:59", "-06:00", None),
        ("0001-01-01 00:00:00", "+14:00", None),
    ],
)
def test_hours_are_those_of_the_zone_of_the_column(value: str, zone: str | None, utc: str | None) -> None:
    at, doubt = moment(value, time_zone=zone)

    assert doubt == ""
    if utc is None:  # beyond the calendar by the offset, which no date object holds
        assert at is not None
    else:
        assert at == micros(utc)


def test_each_writer_has_a_zone_of_its_own() -> None:
    rule: dict[str, Any] = {
        "time_zone": "UTC",
        "writers": (
            WriterRule(time_zone="America/Chicago", before="2020-06-01"),
            WriterRule(time_zone="-06:00", column="source", equals="import"),
            WriterRule(time_zone="+01:00", whole_seconds=True),
        ),
    }

    found = [
        moment(value, row={"source": source}, **rule)[0]
        for value, source in [
            ("2020-05-31 23:59:59.500", "import"),
            ("2021-01-01 12:00:00.500", "import"),
            ("2021-01-01 12:00:00", None),
            ("2021-01-01 12:00:00.500", None),
        ]
    ]

    assert found == [
        micros("2020-06-01 04:59:59.5+00:00"),
        micros("2021-01-01 18:00:00.5+00:00"),
        micros("2021-01-01 11:00:00+00:00"),
        micros("2021-01-01 12:00:00.5+00:00"),
    ]


@pytest.mark.parametrize("equals", [1, True, "1"])
def test_a_writer_is_known_by_a_flag_however_it_is_stored(equals: Any) -> None:
    writers = (WriterRule(time_zone="-06:00", column="imported", equals=equals),)

    at, _ = moment("2021-01-01 00:00:00", row={"imported": 1}, time_zone="UTC", writers=writers)

    assert at == micros("2021-01-01 06:00:00+00:00")


@pytest.mark.parametrize(
    ("value", "at", "doubt"),
    [
        ("2021-03-14 01:59:59", "2021-03-14 07:59:59+00:00", ""),
        ("2021-03-14 02:30:00", "2021-03-14 08:30:00+00:00", "skipped_hour"),
        ("2021-03-14 03:00:00", "2021-03-14 08:00:00+00:00", ""),
        ("2021-11-07 00:59:59", "2021-11-07 05:59:59+00:00", ""),
        ("2021-11-07 01:30:00", "2021-11-07 06:30:00+00:00", "repeated_hour"),
        ("2021-11-07 02:00:00", "2021-11-07 08:00:00+00:00", ""),
    ],
)
def test_hours_where_clocks_change_are_likely_and_marked(value: str, at: str, doubt: str) -> None:
    assert moment(value, time_zone="America/Chicago") == (micros(at), doubt)


@pytest.mark.parametrize(
    ("value", "unit", "at"),
    [
        (1_612_325_106, "s", "2021-02-03 04:05:06+00:00"),
        (1_612_325_106_789, "ms", "2021-02-03 04:05:06.789+00:00"),
        (1_612_325_106_789_001, "us", "2021-02-03 04:05:06.789001+00:00"),
        (Decimal("1612325106.25"), "s", "2021-02-03 04:05:06.25+00:00"),
        (" 1612325106 ", "s", "2021-02-03 04:05:06+00:00"),
        (-1, "s", "1969-12-31 23:59:59+00:00"),
        # A date in a column of numbers, as SQLite allows.
        ("2021-02-03 04:05:06", "s", "2021-02-03 04:05:06+00:00"),
    ],
)
def test_epoch_times_have_the_unit_of_the_mapping(value: Any, unit: str, at: str) -> None:
    assert moment(value, unit=unit) == (micros(at), "")


@pytest.mark.parametrize("value", ["0000-00-00 00:00:00", "0000-00-00", "2023-02-00 10:00:00", "2023-00-10", "", "  "])
def test_zero_dates_and_partial_ones_are_no_times(value: str) -> None:
    assert moment(value, time_zone="UTC") == (None, "zero")


@pytest.mark.parametrize("value", [0, Decimal(0), "0", "0.000"])
def test_an_epoch_time_of_zero_is_a_column_that_was_left_out(value: Any) -> None:
    assert moment(value, unit="s") == (None, "zero")


@pytest.mark.parametrize(
    "value",
    ["yesterday", "2023-02-30 10:00:00", "2023-02-03 25:00:00", "12:00", "\udcff", b"\xff", 5.5, True, "२०२१-०१-०१"],
)
def test_a_value_that_is_no_time_is_none(value: Any) -> None:
    assert moment(value, time_zone="UTC") == (None, "unreadable")


@pytest.mark.parametrize("value", [10**17, -(10**17), Decimal("NaN"), Decimal("1E+30"), float("inf"), "1.2.3"])
def test_an_epoch_time_beyond_the_calendar_is_none(value: Any) -> None:
    assert moment(value, unit="s") == (None, "unreadable")


def test_null_is_none_without_a_doubt() -> None:
    assert moment(None, time_zone="UTC") == (None, "")
