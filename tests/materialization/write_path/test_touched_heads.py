"""Every transaction that answers writes to the head, so that two database nodes conflict there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from domain.errors import Corrupt
from repos.schema.core_tables import script_heads
from tests.materialization.write_path.script_editor import A, Desk, edit
from tests.materialization.write_path.wire_tap import Tap

LATE = "a text no one wrote"


@pytest.fixture
def desk(table: Desk) -> Desk:
    return table


def touches(desk: Desk) -> int:
    with desk.unit_of_work.reading() as tx:
        rows = tx.heads._session.rows(
            select(script_heads.c.touches).where(script_heads.c.script_id == text(str(desk.script_id)))
        )
    return int(rows[0][0])


def refused(desk: Desk) -> None:
    stale = edit(A, LATE)
    desk.send(edit(A, "x"))
    assert desk.send(stale).outcome == "refused"


def refused_at_the_drain(desk: Desk) -> None:
    desk.enqueue_bytes("bad", b"{")
    assert desk.drain() == 1


def answered_before(desk: Desk) -> None:
    submission = desk.submission(edit(A, "x"), id="once", base=1)
    desk.ledger.submit(submission)
    desk.enqueue(submission)
    assert desk.drain() == 1


def refused_with_others(desk: Desk) -> None:
    other = Desk(desk.unit_of_work, desk.ledger).begin()
    for each in (desk, other):
        each.enqueue_bytes("bad", b"{")
    assert desk.ledger.drain_all([desk.script_id, other.script_id]).answered == 2
    assert touches(other) == 1


@pytest.mark.parametrize("answer", [refused, refused_at_the_drain, answered_before, refused_with_others])
def test_an_answer_that_changes_nothing_writes_to_the_head(desk: Desk, tap: Tap, answer: Callable[[Desk], None]):
    answer(desk)

    assert touches(desk) == 1
    assert desk.verified().finding is None
    writes = [sent for sent in tap.sent if "UPDATE script_heads SET touches" in sent]
    assert all(sent.count(";") for sent in writes), "it costs no round trip"


def test_an_edit_does_not_touch_the_head_in_addition(desk: Desk):
    desk.send(edit(A, "x"))
    assert touches(desk) == 0


def test_a_bell_for_nothing_writes_nothing(desk: Desk, tap: Tap):
    desk.drain()
    assert touches(desk) == 0
    assert not any("UPDATE script_heads SET" in sent for sent in tap.sent)


def test_a_refused_creation_leaves_no_head(desk: Desk):
    unborn = Desk(desk.unit_of_work, desk.ledger)
    assert unborn.send(edit(A, "x"), base=1).outcome == "refused"
    assert unborn.head is None


def test_a_head_that_advanced_in_the_meantime_is_not_touched(desk: Desk):
    """As after a lock lost with its transaction: another node's commit came first."""

    def touch() -> None:
        with desk.unit_of_work.script(desk.script_id, wait=True) as tx:
            moved = text(f"UPDATE script_heads SET version_number = 2 WHERE script_id = {desk.script_id}")
            tx.heads._session.run(moved)
            tx.heads.touch(tx.head)

    with pytest.raises(Corrupt):
        touch()
    assert desk.version == 1
