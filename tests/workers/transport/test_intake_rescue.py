"""Intake rescue tests: a message that Redis does not take back is stored in the database."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.processes.malformed import message
from workers import bootstrap
from workers.transport.intake_rescue import keep_in_database
from workers.transport.message_guard import read_item


@pytest.fixture
def engine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The database of this process."""
    engine = make_engine(database_url)
    upgrade.upgrade(engine)
    monkeypatch.setattr(bootstrap, "unit_of_work", lambda: UnitOfWork(engine))
    yield engine
    engine.dispose()


def keep(content: bytes) -> None:
    trusted = read_item("intake", content)
    keep_in_database(trusted.task, trusted.body, trusted.message_id)


def submission(name: str) -> bytes:
    text = f'{{"script_id": 7, "submission_id": "{name}"}}'
    return json.dumps(message("scriptledger.intake", [text], "intake")).encode()


def waits(engine: Engine, name: str) -> bool:
    with UnitOfWork(engine).reading() as tx:
        return tx.inbox.holds(7, name)


def test_a_submission_goes_into_the_inbox_once(engine: Engine):
    keep(submission("kept"))
    keep(submission("kept"))

    assert waits(engine, "kept")


def test_an_invalid_submission_becomes_a_dead_letter(engine: Engine):
    keep(b"not a submission")

    with UnitOfWork(engine).reading() as tx:
        payloads = [row.payload for row in tx.rejected.read(limit=1_000)]
    assert b"not a submission" in payloads


def test_the_rescue_waits_for_an_unavailable_database(engine: Engine):
    rename(engine, "submission_inbox", "submission_inbox_away")
    keeping = threading.Thread(target=keep, args=(submission("waited"),))
    keeping.start()
    try:
        time.sleep(1.5)
        assert keeping.is_alive()
    finally:
        rename(engine, "submission_inbox_away", "submission_inbox")
        keeping.join(20)

    assert not keeping.is_alive()
    assert waits(engine, "waited")


def rename(engine: Engine, old: str, new: str) -> None:
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")
