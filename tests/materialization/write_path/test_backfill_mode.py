"""A script being backfilled accepts only the backfill's submissions; all others are refused with that reason."""

from __future__ import annotations

import pytest

from domain.errors import Corrupt
from domain.refusals import ScriptBeingBackfilled
from domain.submissions.answer import Answer
from domain.submissions.submission import encode_submission
from materialization.integrity.quarantine import quarantine, reopen
from materialization.proposals.decisions import require_askable
from materialization.submissions.backfill_mode import begin_backfill, end_backfill
from materialization.write_path.submit import Ledger
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.script_editor import A, B, ScriptEditor, create, edit
from tests.materialization.writer import AI, START


@pytest.fixture
def editor(unit_of_work: UnitOfWork) -> ScriptEditor:
    """An editor whose script does not exist yet."""
    return ScriptEditor(unit_of_work, Ledger(unit_of_work))


@pytest.fixture
def moving(editor: ScriptEditor) -> ScriptEditor:
    """A script whose first version was written by a backfill in progress."""
    begin_backfill(editor.unit_of_work, editor.script_id)
    assert editor.send(create(A, B), author="backfill").outcome == "applied"
    return editor


def health(editor: ScriptEditor) -> str:
    assert editor.head
    return editor.head.health


def code(answer: Answer | None) -> str:
    assert answer
    assert answer.refusal
    return answer.refusal.code


@pytest.mark.parametrize("through_inbox", [False, True], ids=["in process", "through the inbox"])
@pytest.mark.parametrize("author", ["user", "ai", "system", "import"])
def test_other_authors_are_refused_and_their_submissions_are_dead_letters(
    moving: ScriptEditor, author: str, through_inbox: bool
) -> None:
    more = {"cause": AI} if author == "ai" else {}
    sent = moving.submission(edit(A, "Dusk."), author=author, **more)
    if through_inbox:
        moving.enqueue(sent)
        assert moving.drain() == 1
    else:
        moving.ledger.submit(sent)

    answer = moving.answer(sent.submission_id)
    assert code(answer) == "script_being_backfilled"
    assert answer
    assert answer.refusal
    assert answer.refusal.message == (
        f"Script {moving.script_id} is being backfilled and takes no other edits until that ends; "
        "send this again later, with a new id."
    )
    (dead,) = moving.dead()
    assert (dead.code, dead.payload) == ("script_being_backfilled", encode_submission(sent))
    assert moving.texts() == [A.text, B.text]


def test_after_the_backfill_ends_all_authors_may_edit(moving: ScriptEditor) -> None:
    assert moving.send(edit(A, "Dawn."), author="backfill").outcome == "applied"

    assert end_backfill(moving.unit_of_work, moving.script_id) is False

    assert moving.send(edit(B, "Dusk.")).outcome == "applied"
    assert (moving.texts(), health(moving)) == (["Dawn.", "Dusk."], "open")
    assert moving.verified().finding is None


def test_drained_with_others_the_answers_are_the_same(moving: ScriptEditor) -> None:
    other = ScriptEditor(moving.unit_of_work, moving.ledger).begin()
    mine, theirs = moving.submission(edit(A, "x")), other.submission(edit(A, "x"))
    moving.enqueue(mine)
    other.enqueue(theirs)

    moving.ledger.drain_all([moving.script_id, other.script_id])

    assert (moving.outcomes([mine.submission_id]), other.outcomes([theirs.submission_id])) == (["refused"], ["applied"])


@pytest.mark.parametrize("through_inbox", [False, True], ids=["in process", "through the inbox"])
def test_a_script_that_does_not_exist_yet_can_be_backfilled(editor: ScriptEditor, through_inbox: bool) -> None:
    begin_backfill(editor.unit_of_work, editor.script_id)
    theirs = editor.submission(create(A, B), id="theirs")
    if through_inbox:
        editor.enqueue(theirs)
        editor.drain()
        editor.drain()
    else:
        editor.ledger.submit(theirs)

    assert code(editor.answer("theirs")) == "script_being_backfilled"
    assert editor.head is None
    assert editor.send(create(A, B), author="backfill").last_version == 1
    assert health(editor) == "backfilling"


def test_begin_and_end_are_idempotent(moving: ScriptEditor) -> None:
    unit_of_work, script_id = moving.unit_of_work, moving.script_id
    begin_backfill(unit_of_work, script_id)
    assert health(moving) == "backfilling"

    end_backfill(unit_of_work, script_id)
    end_backfill(unit_of_work, script_id)

    assert (health(moving), moving.version) == ("open", 1)


def test_a_backfill_without_submissions_leaves_no_head(editor: ScriptEditor) -> None:
    begin_backfill(editor.unit_of_work, editor.script_id)
    begin_backfill(editor.unit_of_work, editor.script_id)

    end_backfill(editor.unit_of_work, editor.script_id)
    end_backfill(editor.unit_of_work, editor.script_id)

    with editor.unit_of_work.records() as tx:
        assert tx.quarantines.backfilling(after=editor.script_id - 1) == []
    assert editor.begin().version == 1


def test_ending_returns_whether_submissions_are_pending(moving: ScriptEditor) -> None:
    moving.enqueue(moving.submission(edit(A, "x")))

    assert end_backfill(moving.unit_of_work, moving.script_id) is True


def test_a_quarantine_overrides_the_backfill_and_reopening_returns_to_it(moving: ScriptEditor) -> None:
    unit_of_work, script_id = moving.unit_of_work, moving.script_id
    quarantine(unit_of_work, script_id, found_by="a test", reason="why not", now=START)

    for change in (begin_backfill, end_backfill):
        with pytest.raises(Corrupt, match="quarantined"):
            change(unit_of_work, script_id)
    with pytest.raises(Corrupt, match="quarantined"):
        moving.send(edit(A, "x"), author="backfill")
    assert health(moving) == "quarantined"

    reopen(unit_of_work, script_id, by="Ann", now=START + 1)
    assert health(moving) == "backfilling"


def test_quarantining_a_script_that_does_not_exist_yet_keeps_the_backfill(editor: ScriptEditor) -> None:
    begin_backfill(editor.unit_of_work, editor.script_id)
    quarantine(editor.unit_of_work, editor.script_id, found_by="a test", reason="why not", now=START)

    assert code(editor.send(create(A))) == "script_being_backfilled"


def test_the_reconciler_rings_for_pending_submissions(moving: ScriptEditor) -> None:
    moving.enqueue(moving.submission(edit(A, "x")))

    with moving.unit_of_work.reading() as tx:
        waiting = tx.inbox.waiting(before=1, after=1 << 60, limit=1_000)
        assert moving.script_id in tx.quarantines.backfilling(after=moving.script_id - 1)
    assert moving.script_id in [each.script_id for each in waiting]


def test_no_ai_is_queried_about_it(moving: ScriptEditor) -> None:
    with moving.unit_of_work.reading() as tx, pytest.raises(ScriptBeingBackfilled):
        require_askable(tx, moving.script_id, None)
