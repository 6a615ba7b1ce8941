"""Saves kept in little memory are the same as those that were added."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backfill.scripts.histories.row_per_save import in_order
from backfill.scripts.histories.save_rows import SaveRow, SaveRows
from backfill.translate.row_keys import origin_key
from domain.submissions.answer import Refusal
from domain.submissions.origin import Origin

VALUES = st.sampled_from([1, -7, 2**52, "a", "7", "é/b", "x" * 300, b"\xff", b"7", Decimal("1.50"), None, "\udc80"])
KEYS = st.one_of(st.tuples(VALUES), st.tuples(VALUES, VALUES))
NUMBERS = st.one_of(st.none(), st.integers(0, 3), st.just(2**63), st.just(2**53 - 1))
TIMES = st.one_of(st.none(), st.integers(-5, 5), st.just(-(2**63)), st.just(2**70))


@st.composite
def save_rows(draw: st.DrawFn) -> SaveRow:
    key = draw(KEYS)
    origin = Origin(
        table=draw(st.sampled_from(["script_versions", "saves"])),
        key=draw(st.sampled_from([origin_key(key), "other"])),
        number=draw(NUMBERS),
        author=draw(st.sampled_from(["user", "ai"])),
        actor=draw(st.sampled_from(["", "Ann"])),
    )
    return SaveRow(
        key,
        origin,
        draw(TIMES),
        draw(st.sampled_from([None, 1, "1", b"1", Decimal(1)])),
        draw(st.sampled_from([None, Refusal("L20", "Gone.")])),
        draw(st.sampled_from([(), (3, -1)])),
        draw(st.sampled_from([(), ((1,), (2,))])),
    )


def of(number: int | None, at: int | None = 5, key: Any = 1) -> SaveRow:
    return SaveRow((key,), Origin(table="saves", key=origin_key((key,)), number=number), at)


def typed(row: SaveRow) -> tuple[Any, ...]:
    """A row in which 1, True and Decimal(1) differ."""
    return (*row, row.branch.__class__, [value.__class__ for value in row.key])


@given(st.lists(save_rows(), max_size=8), st.data())
@example([of(1, key=True), of(2, key=1)], None)
def test_rows_come_back_as_they_were(rows: list[SaveRow], data: st.DataObject | None) -> None:
    kept = SaveRows(rows)

    assert [*map(typed, kept)] == [*map(typed, rows)]
    assert len(kept) == len(rows)
    assert list(reversed(kept)) == rows[::-1]
    assert kept[1:] == rows[1:]
    assert list(kept.numbers()) == [row.origin.number for row in rows if row.origin.number is not None]
    assert kept.has_members == any(row.members for row in rows)
    assert kept.have_times == all(row.at is not None for row in rows)
    places = sorted(data.draw(st.sets(st.sampled_from(range(len(rows)))))) if data is not None and rows else []
    assert list(kept.keys(places)) == [rows[place].key for place in places]
    assert list(kept.keys(range(1, len(rows)))[:2]) == [row.key for row in rows[1:3]]
    for place in (len(rows), -len(rows) - 1):
        with pytest.raises(IndexError):
            kept[place]
    if rows:
        assert typed(kept[-1]) == typed(rows[-1])


@given(st.lists(save_rows(), max_size=8))
def test_rows_that_are_in_order_stay_as_they_are(rows: list[SaveRow]) -> None:
    kept = SaveRows(rows)
    if kept.are_in_order:
        numbers = [row.origin.number for row in rows]
        assert numbers == sorted({number for number in numbers if number})
    assert sorted(map(repr, (row._replace(at=None) for row in in_order(kept)))) == sorted(
        map(repr, (row._replace(at=None) for row in rows))
    )


@pytest.mark.parametrize(
    ("rows", "order"),
    [
        ([of(2), of(1)], [1, 0]),
        ([of(1, 5, "b"), of(1, 5, "a"), of(2)], [1, 0, 2]),
        ([of(1, 9), of(None, 5), of(2, 12)], [1, 0, 2]),
        ([of(0, 9), of(3, 5)], [1, 0]),
        ([of(1), of(2), of(3)], [0, 1, 2]),
        # The numbers began again after a restore; a clock that is wrong or two saves at once look otherwise.
        ([of(1, 1), of(2, 2), of(3, 3), of(1, 4), of(2, 5), of(3, 6), of(1, 7)], [0, 1, 2, 3, 4, 5, 6]),
        ([of(1, 4), of(2, 5), of(3, 6), of(1, 1), of(2, 2)], [3, 4, 0, 1, 2]),
        ([of(1, 9), of(2, 2), of(2, 3), of(3, 4)], [0, 1, 2, 3]),
    ],
)
def test_rows_are_ordered_by_number_time_and_key(rows: list[SaveRow], order: list[int]) -> None:
    assert list(in_order(SaveRows(rows))) == [rows[place] for place in order]


def test_a_missing_time_is_that_of_the_save_before() -> None:
    assert [row.at for row in in_order(SaveRows([of(1, None), of(2, 7), of(3, None)]))] == [7, 7, 7]


def test_a_save_takes_less_than_a_hundred_bytes() -> None:
    tracemalloc.start()
    kept = SaveRows(of(number, 1_600_000_000_000_000 + number, 10_000 + number) for number in range(1, 5_001))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(kept) == 5_000
    assert used < 5_000 * 100
