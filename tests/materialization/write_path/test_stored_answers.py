"""Stored answers: outcome and versions in columns, and only the rest as JSON."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Corrupt
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.answer import encode_answer
from tests.materialization.write_path.script_editor import A, B, C, ScriptEditor, edit, insert

MISSING_LINE = LineEdit(line="nowhere", expect=expect_hash(A), text="x")


@pytest.fixture
def begun(editor: ScriptEditor) -> ScriptEditor:
    return editor.begin()


def stored(engine: Engine, editor: ScriptEditor, submission_id: str) -> bytes:
    names = {"script": editor.script_id, "submission": submission_id}
    of = "SELECT answer FROM submissions WHERE script_id = :script AND submission_id = :submission"
    with engine.connect() as connection:
        return bytes(connection.execute(text(of), names).scalar_one())


def store(engine: Engine, editor: ScriptEditor, submission_id: str, answer: bytes) -> None:
    names = {"script": editor.script_id, "submission": submission_id, "answer": answer}
    of = "UPDATE submissions SET answer = :answer WHERE script_id = :script AND submission_id = :submission"
    with engine.begin() as connection:
        connection.execute(text(of), names)


def test_a_simple_answer_is_stored_in_columns_only(engine: Engine, begun: ScriptEditor):
    answer = begun.send(edit(A, "x"), id="plain")

    assert stored(engine, begun, "plain") == b"{}"
    assert begun.answer("plain") == answer
    assert (answer.first_version, answer.last_version) == (2, 2)


@pytest.mark.parametrize("form", ["new", "old"])
def test_every_answer_is_read_as_it_was_given(engine: Engine, begun: ScriptEditor, form: str):
    given = {
        "plain": begun.send(edit(A, "x"), id="plain"),
        "nothing": begun.send(edit(B, B.text), id="nothing"),
        "refused": begun.send(MISSING_LINE, id="refused"),
        "over": begun.send(edit(C, "y"), id="over", base=1),
        "partly": begun.send(edit(B, "z"), MISSING_LINE, id="partly", apply_rest=True),
        "placed": begun.send(insert(Line("new", "action", "new"), after="a", before="nowhere"), id="placed"),
    }
    assert [answer.outcome for answer in given.values()] == [
        "applied", "no_op", "refused", "applied", "partly", "applied",
    ]  # fmt: skip
    if form == "old":
        # The earlier format: the whole answer as JSON.
        for submission_id, answer in given.items():
            store(engine, begun, submission_id, encode_answer(answer))

    assert {submission_id: begun.answer(submission_id) for submission_id in given} == given
    with begun.unit_of_work.reading() as tx:
        listed = {each.answer.submission_id: each.answer for each in tx.answers.read(begun.script_id)}
    assert {submission_id: listed[submission_id] for submission_id in given} == given


def test_an_unreadable_answer_is_corrupt(engine: Engine, begun: ScriptEditor):
    begun.send(edit(A, "x"), id="damaged")
    store(engine, begun, "damaged", b"{")

    with pytest.raises(Corrupt, match="a stored answer cannot be read"):
        begun.answer("damaged")
