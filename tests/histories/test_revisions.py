"""Screenplays revised file by file through the queue: each version is exported byte for byte and can be undone."""

from __future__ import annotations

import pytest

from materialization.integrity.verify import verify
from repos.unit_of_work import UnitOfWork
from tests.histories.history import History
from tests.histories.script_editor import Saved, ScriptEditor, in_process


@pytest.fixture
def editor(unit_of_work: UnitOfWork) -> ScriptEditor:
    return ScriptEditor(unit_of_work, in_process(unit_of_work))


def test_every_revision_is_exported_as_it_was_saved(
    history: History, editor: ScriptEditor, unit_of_work: UnitOfWork
) -> None:
    for data in history.revisions:
        editor.save(data)
        assert editor.export() == data

    assert [editor.export(saved.version) for saved in editor.saved] == list(history.revisions)
    with unit_of_work.reading() as tx:
        assert verify(tx, editor.script_id).finding is None


def test_every_revision_is_undone_down_to_the_empty_script(history: History, editor: ScriptEditor) -> None:
    for data in history.revisions:
        editor.save(data)
    versions = [1, *(saved.version for saved in editor.saved)]
    files = [b"", *history.revisions]

    for saved in reversed(editor.saved):
        answer = editor.undo(saved)
        versions.pop()
        files.pop()

        assert (answer.outcome, answer.commands) == ("applied", ())
        assert editor.export() == files[-1]
        assert list(editor.state().lines()) == list(editor.state(versions[-1]).lines())

    assert list(editor.state().lines()) == []


def test_everything_is_undone_at_once_and_redone(history: History, editor: ScriptEditor) -> None:
    for data in history.revisions:
        editor.save(data)
    last = editor.state()

    editor.undo(Saved(last.version, last.version - 1))
    assert list(editor.state().lines()) == []

    undone = editor.state().version
    editor.undo(Saved(undone, undone - last.version))
    assert editor.export() == history.revisions[-1]
    assert list(editor.state().lines()) == list(last.lines())
