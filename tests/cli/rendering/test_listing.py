"""Pages of listings: which rows they hold, and where the next one starts."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from cli.rendering.listing import page_of


class Row(NamedTuple):
    id: int


@pytest.mark.parametrize(
    ("read", "limit", "shown", "following"),
    [
        ([], 2, [], None),
        ([3], 2, [3], None),
        ([3, 5], 2, [3, 5], None),
        ([3, 5, 9], 2, [3, 5], 5),
        ([3, 5], 1, [3], 3),
    ],
)
def test_a_page_names_the_row_after_which_the_next_one_starts(
    read: list[int], limit: int, shown: list[int], following: int | None
):
    page = page_of([Row(number) for number in read], limit)

    assert [row.id for row in page.rows] == shown
    assert page.next == following
