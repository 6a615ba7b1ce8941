"""What each guard of the write path is there for, one test a guard.

`test_guards_are_needed` removes each guard and sees its test fail.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, text

from domain.submissions.answer import encode_answer
from domain.submissions.submission import Submission, encode_submission
from materialization.write_path.submit import Ledger
from repos import fault_points
from repos.database import engine as engine_module
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.processes.history_checker import check_history
from tests.processes.journal import ProducerRecord
from tests.processes.true_history import submissions
from tests.services.databases import DatabaseServer
from workers.process.task_names import DRAIN
from workers.producers.producer import Producer
from workers.scheduling.reconciler import Reconciler

pytestmark = [pytest.mark.services, pytest.mark.slow]

SECOND = 1_000_000


class RecordingBell:
    """A bell that records its rings."""

    def __init__(self) -> None:
        self.rung: list[int] = []

    def ring(self, script_id: int, task: str = DRAIN) -> bool:  # noqa: ARG002
        self.rung.append(script_id)
        return True

    def waiting(self) -> int:
        return 0


class Script:
    """A script, with the record of its one producer."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.unit_of_work = UnitOfWork(engine)
        self.bell = RecordingBell()
        with self.unit_of_work.records() as tx:
            self.id = tx.scripts.new_id()
        self.submissions: list[Submission] = [
            each for each in submissions(self.id) if each.submission_id in ("begin", "a1", "b1", "a2")
        ]

    def ledger(self) -> Ledger:
        """A ledger as a worker of its own has it: with nothing in memory."""
        return Ledger(self.unit_of_work)

    def enqueue(self) -> None:
        producer = Producer(self.unit_of_work, self.bell)  # type: ignore[arg-type]
        for each in self.submissions:
            producer.enqueue(each)

    def violations(self) -> list[object]:
        """The violations that the history checker finds; stored answers count as received."""
        records = []
        for place, each in enumerate(self.submissions, start=1):
            with self.unit_of_work.reading() as tx:
                found = tx.submissions.get(self.id, each.submission_id)
            answers = (encode_answer(found.answer),) if found else ()
            frame = ("one", place, self.id, each.submission_id, encode_submission(each))
            records.append(ProducerRecord(*frame, acknowledged=True, answers=answers))
        with self.engine.connect() as connection:
            return list(check_history(connection, records, only=[self.id]))


@pytest.fixture(scope="module")
def engine(mariadb_url: str) -> Iterator[Engine]:
    engine = make_engine(mariadb_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def script(engine: Engine) -> Script:
    return Script(engine)


@contextmanager
def listening(listener: Callable[[str], object]) -> Iterator[None]:
    """Hear of every phase boundary of this process."""
    fault_points.listener = listener
    try:
        yield
    finally:
        fault_points.listener = None


def test_the_key_of_submissions_gives_a_submission_one_answer(script: Script):
    script.enqueue()
    script.ledger().drain(script.id)
    first, *_ = script.submissions
    with script.unit_of_work.reading() as tx:
        found = tx.submissions.get(script.id, first.submission_id)
    assert found

    # The same again, by a process that is sure it is new: the row is not in the inbox, where its answer would be seen.
    assert script.ledger().submit(first) == found.answer
    with script.engine.connect() as connection:
        count = "SELECT count(*) FROM submissions WHERE script_id = :script AND submission_id = :submission"
        found = connection.execute(text(count), {"script": script.id, "submission": first.submission_id})
        assert found.scalar() == 1
    assert script.violations() == []


def test_the_head_lock_keeps_a_second_worker_from_doing_the_same_work(script: Script):
    first, *others = script.submissions
    script.ledger().submit(first)
    script.enqueue()
    has_read, may_go_on = threading.Event(), threading.Event()

    def hold(boundary: str) -> None:
        if boundary == "after inbox read" and threading.current_thread() is not threading.main_thread():
            has_read.set()
            may_go_on.wait(10)

    answered: list[int] = []
    with listening(hold):
        holder = threading.Thread(target=lambda: answered.append(script.ledger().drain(script.id).answered))
        holder.start()
        assert has_read.wait(10)
        try:
            second = script.ledger().drain(script.id)
        finally:
            may_go_on.set()
            holder.join()

    assert second.answered == 0
    assert answered == [1 + len(others)]
    assert script.violations() == []


def test_the_one_transaction_takes_back_what_a_lost_worker_had_written(script: Script):
    script.enqueue()
    cut: list[str] = []

    def lose(boundary: str) -> None:
        if boundary == "before versions inserted" and not cut:
            cut.append(boundary)
            kill_other_connections(script.engine)

    with listening(lose):
        drained = script.ledger().drain(script.id)

    assert cut
    assert drained.answered == len(script.submissions)
    assert script.violations() == []


def test_the_reconciler_rings_for_what_no_worker_took(script: Script):
    script.enqueue()
    script.bell.rung.clear()
    later = time.time_ns() // 1_000 + 10 * SECOND

    Reconciler(script.unit_of_work, script.bell, clock=lambda: later).tick()  # type: ignore[arg-type]
    for script_id in script.bell.rung:
        script.ledger().drain(script_id)

    assert script.violations() == []


@pytest.fixture
def impatient(engine: Engine, mariadb_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:  # noqa: ARG001
    """A script behind connections that wait a second for a lock. They are closed whatever the test left in them."""
    hurried = engine_module.SESSION_SETTINGS.replace("innodb_lock_wait_timeout=5", "innodb_lock_wait_timeout=1")
    assert hurried != engine_module.SESSION_SETTINGS
    monkeypatch.setattr(engine_module, "SESSION_SETTINGS", hurried)
    own = make_engine(mariadb_url)
    yield Script(own)
    own.dispose()


def test_a_lock_wait_timeout_takes_back_the_whole_transaction(impatient: Script, mariadb: DatabaseServer):
    script = impatient
    script.enqueue()
    with mariadb.connect(database=script.engine.url.database, autocommit=False) as other, other.cursor() as cursor:
        # The commands, the versions and the answers go in; taking the rows out of the inbox then waits in vain.
        cursor.execute(f"SELECT id FROM submission_inbox WHERE script_id = {script.id} FOR UPDATE")
        threading.Timer(1.5, other.rollback).start()

        drained = script.ledger().drain(script.id)

    assert drained.answered == len(script.submissions)
    assert script.violations() == []


def kill_other_connections(engine: Engine) -> None:
    """Let the server end every connection to this database but the one that asks."""
    with engine.connect() as connection:
        own = connection.execute(text("SELECT CONNECTION_ID()")).scalar()
        rows = connection.execute(text("SELECT id FROM information_schema.processlist WHERE db = DATABASE()"))
        for (number,) in rows.fetchall():
            if number != own:
                connection.execute(text(f"KILL CONNECTION {number}"))
