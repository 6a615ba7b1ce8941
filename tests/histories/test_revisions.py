"""Screenplays revised file by file through the queue: each version is exported byte for byte and can be undone."""

from __future__ import annotations

import pytest

from materialization.integrity.verify import verify
from repos.unit_of_work import UnitOfWork
from tests.histories.history import History
from tests.histories.script_editor import Desk, Saved, in_process


@pytest.fixture
def desk(unit_of_work: UnitOfWork) -> Desk:
    return Desk(unit_of_work, in_process(unit_of_work))


def test_every_revision_is_exported_as_it_was_saved(history: History, desk: Desk, unit_of_work: UnitOfWork) -> None:
    for data in history.revisions:
        desk.save(data)
        assert desk.export() == data

    assert [desk.export(saved.version) for saved in desk.saved] == list(history.revisions)
    with unit_of_work.reading() as tx:
        assert verify(tx, desk.script_id).finding is None


def test_every_revision_is_undone_down_to_the_empty_script(history: History, desk: Desk) -> None:
    for data in history.revisions:
        desk.save(data)
    versions = [1, *(saved.version for saved in desk.saved)]
    files = [b"", *history.revisions]

    for saved in reversed(desk.saved):
        answer = desk.undo(saved)
        versions.pop()
        files.pop()

        assert (answer.outcome, answer.commands) == ("applied", ())
        assert desk.export() == files[-1]
        assert list(desk.state().lines()) == list(desk.state(versions[-1]).lines())

    assert list(desk.state().lines()) == []


def test_everything_is_undone_at_once_and_redone(history: History, desk: Desk) -> None:
    for data in history.revisions:
        desk.save(data)
    last = desk.state()

    desk.undo(Saved(last.version, last.version - 1))
    assert list(desk.state().lines()) == []

    undone = desk.state().version
    desk.undo(Saved(undone, undone - last.version))
    assert desk.export() == history.revisions[-1]
    assert list(desk.state().lines()) == list(last.lines())
