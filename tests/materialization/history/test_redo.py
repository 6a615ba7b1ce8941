"""Redo reverses the last undo that was not redone, and nothing else."""

from __future__ import annotations

import pytest

from domain.commands.kinds.line_edit import LineEdit
from domain.refusals import UnknownScript
from domain.submissions.submission import Cause, Submission
from materialization.history.redo import NothingToRedo, versions_to_redo
from materialization.history.undo import inverse_commands
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import Writer


@pytest.fixture
def script(writer: Writer) -> Writer:
    """Versions 2 to 4 are edits of l1: two, three, four."""
    writer.create(["one", "other"])
    for text in ("two", "three", "four"):
        edit(writer, text)
    return writer


def edit(writer: Writer, text: str, line: str = "l1") -> None:
    assert writer.send(LineEdit(line=line, text=text, expect=writer.expect(line))).outcome == "applied"


def take_back(writer: Writer, *versions: int) -> list[int]:
    """Undo versions, and return the versions this made."""
    with writer.unit_of_work.reading() as tx:
        commands = inverse_commands(tx, writer.script_id, versions)
    answer = writer.ledger.submit(
        Submission(
            script_id=writer.script_id,
            submission_id=f"undo-{writer.version}",
            author="user",
            base_version=writer.version,
            cause=Cause(undoes=versions[0]),
            commands=commands,
        )
    )
    assert answer.first_version
    assert answer.last_version
    writer.version = answer.last_version
    return list(range(answer.first_version, answer.last_version + 1))


def to_redo(writer: Writer) -> list[int]:
    with writer.unit_of_work.reading() as tx:
        return versions_to_redo(tx, writer.script_id)


def redo(writer: Writer) -> str:
    take_back(writer, *to_redo(writer))
    return writer.state().line("l1").text


def test_the_last_undo_is_redone_and_then_the_one_before(script: Writer) -> None:
    take_back(script, 4)
    take_back(script, 3)
    assert script.state().line("l1").text == "two"

    assert redo(script) == "three"
    assert redo(script) == "four"
    with pytest.raises(NothingToRedo):
        to_redo(script)


def test_a_redone_edit_can_be_undone_and_redone_again(script: Writer) -> None:
    take_back(script, 4)
    redo(script)
    take_back(script, 4)

    assert redo(script) == "four"


def test_an_undo_of_several_versions_is_redone_as_one(script: Writer) -> None:
    made = take_back(script, 3, 4)
    edit(script, "changed", "l2")

    assert made == [5, 6]
    assert to_redo(script) == made
    assert redo(script) == "four"


def test_an_undo_far_back_is_found(script: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("materialization.history.redo.AT_ONCE", 3)
    made = take_back(script, 4)
    for number in range(8):
        edit(script, f"{number}", "l2")

    assert to_redo(script) == made


def test_without_an_undo_there_is_nothing_to_redo(script: Writer, unit_of_work: UnitOfWork) -> None:
    with pytest.raises(NothingToRedo, match="nothing to redo"):
        to_redo(script)
    with unit_of_work.reading() as tx, pytest.raises(UnknownScript):
        versions_to_redo(tx, 999_999)
