"""Scripts with pending submissions, in the order of their first one, whatever their health."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, delete, insert

from repos.schema.core_tables import submission_inbox
from repos.submissions.pending_scripts import MAX_COUNTED, PendingPage, PendingScript
from repos.unit_of_work import UnitOfWork


@pytest.fixture(autouse=True)
def empty_inbox(migrated: Engine) -> None:
    """The tests of this file share a database."""
    with migrated.begin() as connection:
        connection.execute(delete(submission_inbox))


def put(unit_of_work: UnitOfWork, scripts: list[int]) -> None:
    with unit_of_work.records() as tx:
        for number, script in enumerate(scripts):
            tx.inbox.put(script, f"s{number}", b"{}", 50 - number)


def read(unit_of_work: UnitOfWork, **bounds: int) -> PendingPage:
    with unit_of_work.reading() as tx:
        return tx.pending_scripts.read(**bounds)


def test_each_script_is_listed_once_in_the_order_of_arrival(unit_of_work: UnitOfWork):
    put(unit_of_work, [9, 3, 9, 5])

    rows, following = read(unit_of_work, limit=10)

    first = rows[0].first
    assert rows == [
        PendingScript(9, 2, 50, 0, first, None),
        PendingScript(3, 1, 49, 0, first + 1, None),
        PendingScript(5, 1, 47, 0, first + 3, None),
    ]
    assert following == 0
    assert read(unit_of_work, after=first, limit=1) == PendingPage(rows[1:2], rows[1].first)
    assert read(unit_of_work, after=rows[1].first, limit=1) == PendingPage(rows[2:], 0)


@pytest.mark.parametrize("window", [1, 2, 3, 4, 7, 8])
def test_pages_list_every_script_once_however_little_is_read(unit_of_work: UnitOfWork, window: int):
    put(unit_of_work, [7, 7, 7, 7, 2, 7, 2, 5])
    listed: list[tuple[int, int]] = []
    after = 0

    for _ in range(10):
        rows, after = read(unit_of_work, after=after, limit=2, window=window)
        listed += [(row.script_id, row.waiting) for row in rows]
        if not after:
            break

    assert after == 0
    assert listed == [(7, 5), (2, 2), (5, 1)]


def test_a_long_queue_is_not_counted_to_its_end(unit_of_work: UnitOfWork, migrated: Engine):
    given = {"script_id": 7, "payload": b"{}", "enqueued_at": 1}
    rows = [{**given, "submission_id": f"s{number}"} for number in range(MAX_COUNTED + 50)]
    with migrated.begin() as connection:
        connection.execute(insert(submission_inbox), rows)

    [row], _ = read(unit_of_work)

    assert row.waiting == MAX_COUNTED + 1
