"""Materialization worker tests: a tick, a run and a message for each script, with real workers and broker."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from repos.database.engine import open_engine
from repos.scheduling.materialization_runs import RunRow
from repos.schema.upgrade import upgrade
from tests.materialization.writer import Writer, close_databases, open_database
from tests.processes.nodes import LocalWorker, start_together
from workers.process.roles import ROLES
from workers.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.services]

SCRIPTS = 6
TIMEOUT_SECONDS = 60.0


@pytest.fixture
def settings(mariadb_url: str, redis_url: str, tmp_path: Path) -> Settings:
    with open_engine(mariadb_url) as engine:
        upgrade(engine)
    return Settings(home=tmp_path, database_url=mariadb_url, broker_url=redis_url)


@pytest.fixture
def workers(settings: Settings, tmp_path: Path) -> Iterator[None]:
    nodes = [
        LocalWorker(ROLES["upkeep"], settings, tmp_path, name="upkeep"),
        LocalWorker(ROLES["materialization"], settings, tmp_path, name="materialization"),
    ]
    try:
        start_together(nodes)
        yield
    finally:
        for node in nodes:
            node.teardown()
        close_databases()


@pytest.mark.usefixtures("workers")
def test_a_tick_brings_every_script_to_its_head(settings: Settings) -> None:
    unit_of_work = open_database(settings.database_url)
    writers = [Writer(unit_of_work) for _ in range(SCRIPTS)]
    for writer in writers:
        writer.create()
    app = Celery("tests", broker=settings.broker_url, config_source="celeryconfig", set_as_current=False)

    for _ in range(2):  # a second tick of the same slot does nothing
        app.send_task("scriptledger.keep_schedules", queue="upkeep")

    run = finished_run(writers[0])
    assert (run.due, run.done, run.failed) == (SCRIPTS, SCRIPTS, 0)
    with unit_of_work.reading() as tx:
        assert sum(run.lag_versions for run in tx.runs.read()) == 1, "only one run recorded a lag"
        for writer in writers:
            shown = tx.projections.get(writer.script_id)
            assert shown
            assert shown.version == 1


def finished_run(writer: Writer) -> RunRow:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        with writer.unit_of_work.reading() as tx:
            runs = tx.runs.read()
        if runs and runs[-1].finished_at is not None:
            return runs[-1]
        time.sleep(0.1)
    raise TimeoutError("no run was finished")
