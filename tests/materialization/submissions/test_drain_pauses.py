"""A pause of drains is one row that every process sees within a second, at the cost of one query a second."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pymysql
import pytest
from structlog.testing import capture_logs

from domain.errors import Conflict
from materialization.submissions.drain_pauses import (
    LOOK_SECONDS,
    DrainsPaused,
    PauseWatch,
    described,
    pause_drains,
    pending_scripts,
    resume_drains,
)
from repos.database.driver_errors import DatabaseUnreachable
from repos.scheduling.drain_pauses import MAX_BY, MAX_REASON, DrainPause
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from tests.materialization.writer import START, Writer


class Seconds:
    """A monotonic clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def resumed(unit_of_work: UnitOfWork) -> Iterator[None]:
    yield
    resume_drains(unit_of_work, "test")


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


class CountedReads:
    """A unit of work that counts the reads it opens."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self.unit_of_work = unit_of_work
        self.count = 0
        self.error: Exception | None = None

    @contextmanager
    def reading(self) -> Iterator[RecordsTransaction]:
        self.count += 1
        if self.error is not None:
            raise self.error
        with self.unit_of_work.reading() as tx:
            yield tx


def test_a_pause_is_idempotent_and_so_is_its_end(unit_of_work: UnitOfWork):
    first, began = pause_drains(unit_of_work, "ana", "a dump", clock=lambda: START)
    second, began_again = pause_drains(unit_of_work, "ben", "another", clock=lambda: START + 1)

    assert (began, began_again) == (True, False)
    assert first == second
    assert (first.paused_by, first.reason, first.paused_at) == ("ana", "a dump", START)

    last, ended = resume_drains(unit_of_work, "ben", clock=lambda: START + 2)
    again, ended_again = resume_drains(unit_of_work, "eve", clock=lambda: START + 3)
    assert (ended, ended_again) == (True, False)
    assert last == again == first._replace(resumed_at=START + 2, resumed_by="ben")


def test_of_commands_at_the_same_moment_one_begins_the_pause(unit_of_work: UnitOfWork):
    with ThreadPoolExecutor(4) as threads:
        began = list(threads.map(lambda who: pause_drains(unit_of_work, str(who), "")[1], range(8)))

    assert began.count(True) == 1
    with unit_of_work.reading() as tx:
        assert sum(row.resumed_at is None for row in tx.drain_pauses.read()) == 1


def test_a_pause_is_described_with_its_reason_if_it_has_one():
    pause = DrainPause(1, 1_796_000_000_000_000, "ana", "a dump")
    assert described(pause) == "paused since 2026-11-30 00:53:20 UTC by ana (a dump)"
    assert described(pause._replace(reason="")) == "paused since 2026-11-30 00:53:20 UTC by ana"


def test_long_texts_fit_into_their_columns(unit_of_work: UnitOfWork):
    pause, _ = pause_drains(unit_of_work, "é" * 500, "𝄞" * 900)
    assert (pause.paused_by, pause.reason) == ("é" * MAX_BY, "𝄞" * MAX_REASON)


def test_a_process_looks_once_a_second_however_many_drains_it_runs(unit_of_work: UnitOfWork, seconds: Seconds):
    reads = CountedReads(unit_of_work)
    watch = PauseWatch(lambda: reads, clock=seconds)  # type: ignore[arg-type, return-value]
    for _ in range(1_000):
        assert watch.pause() is None
    assert reads.count == 1

    pause_drains(unit_of_work, "ana", "")
    assert watch.pause() is None
    seconds.now += LOOK_SECONDS
    assert watch.pause() is not None
    assert reads.count == 2


def test_an_outage_during_a_pause_is_met_once_a_second(unit_of_work: UnitOfWork, seconds: Seconds):
    reads = CountedReads(unit_of_work)
    watch = PauseWatch(lambda: reads, clock=seconds)  # type: ignore[arg-type, return-value]
    pause_drains(unit_of_work, "ana", "")
    assert watch.pause() is not None

    reads.error = DatabaseUnreachable("away")
    for _ in range(100):
        assert watch.pause() is not None
    assert reads.count == 2


def test_the_processes_of_a_worker_log_the_beginning_and_the_end_once(unit_of_work: UnitOfWork, seconds: Seconds):
    watch = PauseWatch(lambda: unit_of_work, clock=seconds)
    with capture_logs() as lines:
        for change in (
            lambda: pause_drains(unit_of_work, "ana", "secret words"),
            lambda: resume_drains(unit_of_work, "ben"),
        ):
            change()
            for _ in range(3):
                seconds.now += LOOK_SECONDS
                watch.pause()

    assert [line["event"] for line in lines] == ["drains.paused", "drains.resumed"]
    assert lines[0]["by"] == "ana"
    assert "secret words" not in str(lines)


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (DatabaseUnreachable("away"), []),
        (Conflict("a deadlock"), []),
        (pymysql.OperationalError(2013, "lost"), []),
        (pymysql.OperationalError(1142, "SELECT command denied"), ["drains.pause_not_read"]),
    ],
)
def test_without_an_answer_the_last_known_pause_counts(
    unit_of_work: UnitOfWork, seconds: Seconds, error: Exception, logged: list[str]
):
    reads = CountedReads(unit_of_work)
    watch = PauseWatch(lambda: reads, clock=seconds)  # type: ignore[arg-type, return-value]
    pause_drains(unit_of_work, "ana", "")
    assert watch.pause() is not None

    reads.error = error
    with capture_logs() as lines:
        for _ in range(3):
            seconds.now += LOOK_SECONDS
            assert watch.pause() is not None
    assert [line["event"] for line in lines] == logged

    reads.error = None
    resume_drains(unit_of_work, "ana")
    seconds.now += LOOK_SECONDS
    assert watch.pause() is None


def test_a_submission_in_process_is_refused_for_the_moment_and_writes_nothing(
    unit_of_work: UnitOfWork, writer: Writer, seconds: Seconds
):
    writer.ledger.pauses = PauseWatch(lambda: unit_of_work, clock=seconds)
    pause_drains(unit_of_work, "ana", "a dump")

    with pytest.raises(DrainsPaused, match=r"by ana \(a dump\); `scriptledger drains resume`"):
        writer.create()
    with unit_of_work.reading() as tx:
        assert tx.heads.get(writer.script_id) is None

    resume_drains(unit_of_work, "ana")
    seconds.now += LOOK_SECONDS
    writer.create()
    assert writer.version == 1


def test_scripts_with_pending_submissions_are_listed_once_each(unit_of_work: UnitOfWork):
    ids = [7_000_001, 7_000_002, -5]
    with unit_of_work.records() as tx:
        for script_id in ids:
            tx.inbox.put(script_id, "a", b"{}", START)
            tx.inbox.put(script_id, "b", b"{}", START)

    listed = [script_id for page in pending_scripts(unit_of_work) for script_id in page]
    assert [script_id for script_id in listed if script_id in ids] == sorted(ids)
    assert len(listed) == len(set(listed))
