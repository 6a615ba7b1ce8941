"""B1c: `enqueue`, one producer; against a raw insert and `apply_async`, and in batches against `apply_async` alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

from celery import Celery

from domain.submissions.submission import Submission, encode_submission
from repos.database.engine import Engine
from repos.unit_of_work import UnitOfWork
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.references.inserting import InsertingProducer
from tests.benchmarks.scripts import EditedScript
from tests.benchmarks.stage import OURS, STOCK, Stage
from tests.benchmarks.submitting import raw_connection
from workers.messaging.bell import Bell
from workers.producers.producer import Producer

KEY = "B1c"
RATE = "submissions/s"
BATCH = 500


def pairs(stage: Stage) -> Iterator[Pair]:
    """One by one, and five hundred at a time."""
    count = stage.count(1_500, quick=20)
    batches = stage.count(10, quick=1)
    with stage.database() as engine, raw_connection(stage, engine) as connection, stage.broker(OURS):
        app = Celery("ringing", broker=stage.broker_url(OURS), config_source="celeryconfig", set_as_current=False)
        ours = Producer(UnitOfWork(engine), Bell(app))
        theirs = InsertingProducer(connection, stage.broker_url(STOCK))
        edits = _edits()

        def enqueue(each: Submission) -> None:
            assert ours.enqueue(each)

        def insert_and_send(each: Submission) -> None:
            theirs.put(each.script_id, each.submission_id, encode_submission(each), time.time_ns() // 1_000)

        def enqueue_many() -> Figures:
            waiting = [list(itertools.islice(edits, BATCH)) for _ in range(batches)]
            began = time.perf_counter()
            for batch in waiting:
                assert len(ours.enqueue_all(batch)) == BATCH
            return {RATE: batches * BATCH / (time.perf_counter() - began)}

        goal = Goal(RATE, "submissions/s", "at least", 0.8)
        what = "enqueue, one by one; a raw insert and apply_async"
        yield Pair(f"{KEY} one", what, _each(edits, count, enqueue), _each(edits, count, insert_and_send), (goal,))
        goal = Goal(RATE, "submissions/s", "at least", 5.0)
        what = "enqueue_all, batches of 500; apply_async in a loop, without any insert"
        send = _each(edits, count, lambda each: theirs.send(each.script_id))
        yield Pair(f"{KEY} batch", what, enqueue_many, send, (goal,))
        _require_rows(engine)


def _edits() -> Iterator[Submission]:
    """Submissions of one command, each for another script."""
    return (EditedScript(number, lines=2).edit() for number in itertools.count(1))


def _each(edits: Iterator[Submission], count: int, send: Callable[[Submission], None]) -> Callable[[], Figures]:
    def measure() -> Figures:
        waiting = list(itertools.islice(edits, count))
        began = time.perf_counter()
        for each in waiting:
            send(each)
        return {RATE: count / (time.perf_counter() - began)}

    return measure


def _require_rows(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM submission_inbox").scalar()
