"""The same submission twice is one effect and one answer; the same id with other content is refused."""

from __future__ import annotations

import pytest

from domain.commands.kinds.element import ElementAdd
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.refusals import SameIdOtherContent
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import Element
from tests.materialization.write_path.script_editor import A, B, ScriptEditor, edit, insert, splice


@pytest.mark.parametrize(
    "commands",
    [
        (edit(A, "x"),),
        (edit(A, "x"), edit(B, "y")),
        (edit(A, A.text),),
        (LineEdit(line="nowhere", expect=expect_hash(A), text="x"),),
        (splice(A, 10_000, "x"),),
        (ScriptSetMetadata(fields={"title": "New"}, expect={"title": "not this"}),),
        (ElementAdd(element=Element("e", "location", {"name": ["Kitchen", 1.5, None]})),),
        (ScriptReplace(lines=("a",)),),
        (insert(Line("n", "action", "new"), after="a", before="nowhere"),),
        (LineSplice(line="b", at=0, insert="x"),),
    ],
    ids=lambda commands: commands[0].kind(),
)
def test_twice_is_one_effect_and_the_same_answer(editor: ScriptEditor, commands: tuple[LineEdit, ...]):
    editor.begin()
    submission = editor.submission(*commands)

    first = editor.ledger.submit(submission)
    after = editor.everything()
    second = editor.ledger.submit(submission)
    editor.enqueue(submission)
    assert editor.drain() == 1

    assert first == second == editor.answer(submission.submission_id)
    assert editor.everything() == after
    assert editor.waiting() == 0


def test_an_answer_outlives_the_edits_after_it(editor: ScriptEditor):
    editor.begin()
    submission = editor.submission(edit(A, "x"))
    first = editor.ledger.submit(submission)
    editor.send(edit(Line("a", "action", "x"), "y"))

    assert editor.ledger.submit(submission) == first
    assert editor.texts()[0] == "y"


def test_the_same_id_with_other_content_is_refused_and_the_first_answer_stands(editor: ScriptEditor):
    editor.begin()
    first = editor.send(edit(A, "x"), id="one")

    with pytest.raises(SameIdOtherContent):
        editor.send(edit(A, "y"), id="one")
    editor.enqueue(editor.submission(edit(A, "y"), id="one"))
    editor.drain()

    assert editor.answer("one") == first
    assert [(row.submission_id, row.code) for row in editor.dead()] == [("one", "same_id_other_content")]
    assert editor.texts()[0] == "x"


def test_a_submission_already_in_the_inbox_is_answered_from_there(editor: ScriptEditor):
    editor.begin()
    submission = editor.submission(edit(A, "x"))
    editor.enqueue(submission, editor.submission(edit(B, "y"), base=1))

    assert editor.ledger.submit(submission).first_version == 2
    assert (editor.version, editor.waiting()) == (3, 0)


def test_pending_submissions_are_settled_first(editor: ScriptEditor):
    editor.begin()
    editor.enqueue(editor.submission(edit(A, "first")))

    assert editor.send(edit(B, "second"), base=1).first_version == 3
    assert editor.texts() == ["first", "second", "Line c."]
