"""Round trips per submit and drain."""

from __future__ import annotations

import pytest

from domain.script.line import Line
from materialization.write_path.submit import Ledger
from repos.submissions.drainable_inbox import DrainableInbox
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, edit, keystrokes, splice
from tests.materialization.write_path.wire_tap import Tap


@pytest.fixture
def editor(table: ScriptEditor) -> ScriptEditor:
    return table


BEGIN = "SET autocommit=0"
COMMIT = ["COMMIT", "SET autocommit=1"]
LOCK = "SELECT json_array(head.version_number,"
WRITES = [
    "INSERT INTO",  # script_commands
    "INSERT INTO",  # script_versions
    "INSERT INTO",  # submissions
    "UPDATE script_heads",
]


def test_a_warm_submit_is_three_round_trips(editor: ScriptEditor, tap: Tap):
    submission = editor.submission(edit(A, "x"), base=1)

    editor.ledger.submit(submission)

    assert len(tap.sent) == 3
    assert tap.statements() == [BEGIN, LOCK, *WRITES, *COMMIT, "SELECT 1"]


def test_a_submit_reads_submissions_and_users_only_if_any_is_pending(editor: ScriptEditor, tap: Tap):
    editor.ledger.submit(editor.submission(edit(A, "x"), base=1, id="first"))

    assert " users" not in tap.sent[0]
    assert " submissions" not in tap.sent[0]

    editor.enqueue(editor.submission(edit(B, "waits"), base=1, id="waits"))
    tap.clear()
    editor.ledger.submit(editor.submission(edit(C, "z"), base=1, id="second"))

    assert len(tap.sent) == 4
    assert tap.statements()[:3] == [BEGIN, LOCK, "SELECT json_array(script_heads.version_number,"]
    assert editor.waiting() == 0
    assert [entry.submission_id for entry in editor.log()[1:]] == ["first", "waits", "second"]


def test_a_row_that_is_deleted_while_the_head_is_locked_is_not_pending(editor: ScriptEditor, tap: Tap):
    """Its sender may; nothing but the head is locked."""
    editor.enqueue(editor.submission(edit(B, "waits"), base=1, id="waits"))
    tap.clear()

    def delete(number: int, _text: str, _connection: object) -> None:
        if number == 1:
            tap.before = None
            with editor.unit_of_work.records() as tx:
                DrainableInbox(tx.inbox._session).remove(tx.inbox.arrivals(editor.script_id))

    tap.before = delete
    assert editor.ledger.submit(editor.submission(edit(A, "x"), base=1, id="x")).outcome == "applied"
    assert editor.answer("waits") is None


def test_a_warm_drain_of_any_batch_is_three_round_trips(editor: ScriptEditor, tap: Tap):
    texts = [A.text + "x" * number for number in range(100)]
    typed = [editor.submission(splice(Line("a", "action", text), len(text), "x"), base=1) for text in texts]
    editor.enqueue(*typed)
    tap.clear()

    assert editor.drain() == 100

    assert len(tap.sent) == 3
    assert tap.statements() == [
        BEGIN,
        LOCK,
        *WRITES[:3],
        "DELETE FROM",
        WRITES[3],
        *COMMIT,
        "SELECT 1",
    ]


def test_a_bell_for_nothing_is_three_round_trips(editor: ScriptEditor, tap: Tap):
    assert editor.drain() == 0
    assert tap.statements() == [BEGIN, LOCK, *COMMIT, "SELECT 1"]


def test_a_locked_head_is_left_after_three_round_trips(editor: ScriptEditor, tap: Tap):
    with editor.unit_of_work.script(editor.script_id, wait=True):
        tap.clear()
        assert editor.drain() == 0
        assert tap.statements() == [BEGIN, LOCK, "SELECT script_heads.script_id"]


def test_a_cold_submit_reads_one_keyframe_and_the_deltas_after_it(editor: ScriptEditor, tap: Tap):
    submission = editor.submission(edit(A, "x"), base=1)
    tap.clear()

    Ledger(editor.unit_of_work).submit(submission)

    assert len(tap.sent) == 4


def test_a_cold_submit_is_four_round_trips_however_many_deltas_there_are(editor: ScriptEditor, tap: Tap):
    editor.enqueue(*keystrokes(editor, 100))
    editor.drain()
    submission = editor.submission(edit(B, "x"), base=1)
    tap.clear()

    assert Ledger(editor.unit_of_work).submit(submission).outcome == "applied"

    assert len(tap.sent) == 4
    assert editor.verified().finding is None


def test_a_warm_state_behind_the_head_reads_only_the_missing_deltas(editor: ScriptEditor, tap: Tap):
    Ledger(editor.unit_of_work).submit(editor.submission(edit(B, "by another"), base=1, id="other"))
    submission = editor.submission(edit(A, "x"), base=1)
    tap.clear()

    editor.ledger.submit(submission)

    assert len(tap.sent) == 4
    assert editor.texts()[:2] == ["x", "by another"]


def test_a_second_delivery_commits_no_new_rows(editor: ScriptEditor, tap: Tap):
    submission = editor.submission(edit(A, "x"), base=1)
    editor.ledger.submit(submission)
    tap.clear()

    editor.ledger.submit(submission)

    assert tap.statements()[-2:] == ["SELECT submissions.submission_id,", "SELECT submission_inbox.id"]
    assert "COMMIT" not in tap.statements()
