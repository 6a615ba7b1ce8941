"""Every transaction that answers writes to the head, so that two database nodes conflict there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from domain.errors import Corrupt
from repos.schema.core_tables import script_heads
from tests.materialization.write_path.script_editor import A, ScriptEditor, edit
from tests.materialization.write_path.wire_tap import Tap

LATE = "a text no one wrote"


@pytest.fixture
def editor(table: ScriptEditor) -> ScriptEditor:
    return table


def touches(editor: ScriptEditor) -> int:
    with editor.unit_of_work.reading() as tx:
        rows = tx.heads._session.rows(
            select(script_heads.c.touches).where(script_heads.c.script_id == text(str(editor.script_id)))
        )
    return int(rows[0][0])


def refused(editor: ScriptEditor) -> None:
    stale = edit(A, LATE)
    editor.send(edit(A, "x"))
    assert editor.send(stale).outcome == "refused"


def refused_at_the_drain(editor: ScriptEditor) -> None:
    editor.enqueue_bytes("bad", b"{")
    assert editor.drain() == 1


def answered_before(editor: ScriptEditor) -> None:
    submission = editor.submission(edit(A, "x"), id="once", base=1)
    editor.ledger.submit(submission)
    editor.enqueue(submission)
    assert editor.drain() == 1


def refused_with_others(editor: ScriptEditor) -> None:
    other = ScriptEditor(editor.unit_of_work, editor.ledger).begin()
    for each in (editor, other):
        each.enqueue_bytes("bad", b"{")
    assert editor.ledger.drain_all([editor.script_id, other.script_id]).answered == 2
    assert touches(other) == 1


@pytest.mark.parametrize("answer", [refused, refused_at_the_drain, answered_before, refused_with_others])
def test_an_answer_that_changes_nothing_writes_to_the_head(
    editor: ScriptEditor, tap: Tap, answer: Callable[[ScriptEditor], None]
):
    answer(editor)

    assert touches(editor) == 1
    assert editor.verified().finding is None
    writes = [sent for sent in tap.sent if "UPDATE script_heads SET touches" in sent]
    assert all(sent.count(";") for sent in writes), "it costs no round trip"


def test_an_edit_does_not_touch_the_head_in_addition(editor: ScriptEditor):
    editor.send(edit(A, "x"))
    assert touches(editor) == 0


def test_a_bell_for_nothing_writes_nothing(editor: ScriptEditor, tap: Tap):
    editor.drain()
    assert touches(editor) == 0
    assert not any("UPDATE script_heads SET" in sent for sent in tap.sent)


def test_a_refused_creation_leaves_no_head(editor: ScriptEditor):
    unborn = ScriptEditor(editor.unit_of_work, editor.ledger)
    assert unborn.send(edit(A, "x"), base=1).outcome == "refused"
    assert unborn.head is None


def test_a_head_that_advanced_in_the_meantime_is_not_touched(editor: ScriptEditor):
    """As after a lock lost with its transaction: another node's commit came first."""

    def touch() -> None:
        with editor.unit_of_work.script(editor.script_id, wait=True) as tx:
            moved = text(f"UPDATE script_heads SET version_number = 2 WHERE script_id = {editor.script_id}")
            tx.heads._session.run(moved)
            tx.heads.touch(tx.head)

    with pytest.raises(Corrupt):
        touch()
    assert editor.version == 1
