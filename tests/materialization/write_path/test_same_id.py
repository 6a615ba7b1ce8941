"""The same submission twice is one effect and one answer; the same id with other content is refused."""

from __future__ import annotations

import pytest

from domain.commands.kinds.element import ElementAdd
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.script_replace import ScriptReplace
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.refusals import SameIdOtherContent
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import Element
from tests.materialization.write_path.script_editor import A, B, Desk, edit, insert, splice


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
def test_twice_is_one_effect_and_the_same_answer(desk: Desk, commands: tuple[LineEdit, ...]):
    desk.begin()
    submission = desk.submission(*commands)

    first = desk.ledger.submit(submission)
    after = desk.everything()
    second = desk.ledger.submit(submission)
    desk.enqueue(submission)
    assert desk.drain() == 1

    assert first == second == desk.answer(submission.submission_id)
    assert desk.everything() == after
    assert desk.waiting() == 0


def test_an_answer_outlives_the_edits_after_it(desk: Desk):
    desk.begin()
    submission = desk.submission(edit(A, "x"))
    first = desk.ledger.submit(submission)
    desk.send(edit(Line("a", "action", "x"), "y"))

    assert desk.ledger.submit(submission) == first
    assert desk.texts()[0] == "y"


def test_the_same_id_with_other_content_is_refused_and_the_first_answer_stands(desk: Desk):
    desk.begin()
    first = desk.send(edit(A, "x"), id="one")

    with pytest.raises(SameIdOtherContent):
        desk.send(edit(A, "y"), id="one")
    desk.enqueue(desk.submission(edit(A, "y"), id="one"))
    desk.drain()

    assert desk.answer("one") == first
    assert [(row.submission_id, row.code) for row in desk.dead()] == [("one", "same_id_other_content")]
    assert desk.texts()[0] == "x"


def test_a_submission_already_in_the_inbox_is_answered_from_there(desk: Desk):
    desk.begin()
    submission = desk.submission(edit(A, "x"))
    desk.enqueue(submission, desk.submission(edit(B, "y"), base=1))

    assert desk.ledger.submit(submission).first_version == 2
    assert (desk.version, desk.waiting()) == (3, 0)


def test_pending_submissions_are_settled_first(desk: Desk):
    desk.begin()
    desk.enqueue(desk.submission(edit(A, "first")))

    assert desk.send(edit(B, "second"), base=1).first_version == 3
    assert desk.texts() == ["first", "second", "Line c."]
