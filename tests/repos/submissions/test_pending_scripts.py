"""Scripts with pending submissions, in the order of their first one, whatever their health."""

from __future__ import annotations

from repos.submissions.pending_scripts import PendingScript
from repos.unit_of_work import UnitOfWork


def test_each_script_is_listed_once_in_the_order_of_arrival(unit_of_work: UnitOfWork):
    with unit_of_work.records() as tx:
        for number, (script, when) in enumerate([(9, 50), (3, 40), (9, 30), (5, 60)]):
            tx.inbox.put(script, f"s{number}", b"{}", when)

    with unit_of_work.reading() as tx:
        rows = tx.pending_scripts.read(limit=10)
        following = tx.pending_scripts.read(after=rows[0].first, limit=1)

    first = rows[0].first
    assert rows == [
        PendingScript(9, 2, 30, 0, first, None),
        PendingScript(3, 1, 40, 0, first + 1, None),
        PendingScript(5, 1, 60, 0, first + 3, None),
    ]
    assert following == rows[1:2]
