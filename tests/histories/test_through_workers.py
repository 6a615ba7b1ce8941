"""Revision histories through a real broker and a real worker process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.histories.history import OURS, RECORDED, History
from tests.histories.script_editor import ScriptEditor, Send, through
from tests.processes.nodes import LocalWorker, start_together
from workers.messaging.bell import LoneBell
from workers.process.roles import ROLES
from workers.producers.producer import Producer
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

TIMEOUT_SECONDS = 30.0  # for an answer; there is no reconciler for missed bells, and none is needed


@pytest.fixture(scope="module")
def unit_of_work(mariadb_url: str) -> Iterator[UnitOfWork]:
    engine = make_engine(mariadb_url)
    upgrade(engine)
    yield UnitOfWork(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def send(
    unit_of_work: UnitOfWork, mariadb_url: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Send]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, database_url=mariadb_url, broker_url=redis_url)
    worker = LocalWorker(ROLES["commands"], settings, home, name="histories")
    try:
        start_together([worker])
        yield through(Producer(unit_of_work, LoneBell(redis_url)), TIMEOUT_SECONDS)
    finally:
        worker.teardown()


@pytest.mark.parametrize("history", [OURS, RECORDED[-1]], indirect=True)
def test_every_revision_comes_out_of_a_worker_as_it_was_saved_and_is_undone_by_one(
    history: History, unit_of_work: UnitOfWork, send: Send
) -> None:
    editor = ScriptEditor(unit_of_work, send)
    for data in history.revisions:
        editor.save(data)
    assert [editor.export(saved.version) for saved in editor.saved] == list(history.revisions)

    files = [b"", *history.revisions]
    for saved in reversed(editor.saved):
        editor.undo(saved)
        files.pop()
        assert editor.export() == files[-1]
