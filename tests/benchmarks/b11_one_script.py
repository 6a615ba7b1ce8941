"""B11: fifty writers on one script; against one writer on one script."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from celery import Celery

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from repos.database.engine import Engine
from repos.unit_of_work import UnitOfWork
from tests.benchmarks.frame import Figures, Goal, Pair
from tests.benchmarks.scripts import inbox_is_empty
from tests.benchmarks.stage import OURS, Stage, wait_until
from workers.embedded.child_process import Child
from workers.messaging.bell import Bell
from workers.producers.producer import Producer

KEY = "B11"
RATE = "submissions/s"
WRITERS = 50


def pairs(stage: Stage) -> Iterator[Pair]:
    """From the first enqueue to the last answer, by a worker of four processes."""
    with (
        stage.broker(OURS),
        stage.database() as engine,
        stage.our_worker(engine, pool="prefork", concurrency=4) as worker,
    ):
        count = stage.count(1_500, quick=100)
        many, one = OneScript(stage, engine, worker, 1), OneScript(stage, engine, worker, 2)
        goal = Goal(RATE, "submissions/s", "at least", 0.8)
        what = f"{WRITERS} writers on one script, until all is answered; one writer"
        yield Pair(KEY, what, partial(many.measure, WRITERS, count), partial(one.measure, 1, count), (goal,))


class OneScript:
    """A script with a line for each of its writers, and a worker that drains it."""

    def __init__(self, stage: Stage, engine: Engine, worker: Child, script_id: int) -> None:
        self._engine = engine
        self._worker = worker
        self._script_id = script_id
        app = Celery("ringing", broker=stage.broker_url(OURS), config_source="celeryconfig", set_as_current=False)
        self._producer = Producer(UnitOfWork(engine), Bell(app))
        self._lines = [Line(f"line-{number}", "action", f"Of writer {number}.") for number in range(WRITERS)]
        self._edits = 0
        create = ScriptCreate(title="One script", lines=tuple(self._lines))
        Ledger(UnitOfWork(engine)).submit(self._submission("begin", create, 0))

    def measure(self, writers: int, count: int) -> Figures:
        """So many submissions in all, each writer on a line of its own."""
        written = [[self._edit(writer) for _ in range(count // writers)] for writer in range(writers)]
        began = time.perf_counter()
        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(self._write, written))
        wait_until(lambda: inbox_is_empty(self._engine), self._worker)
        seconds = time.perf_counter() - began
        with UnitOfWork(self._engine).reading() as tx:
            head = tx.heads.get(self._script_id)
        assert head is not None
        assert head.version == 1 + self._edits
        return {RATE: count // writers * writers / seconds}

    def _write(self, edits: list[Submission]) -> None:
        for edit in edits:
            self._producer.enqueue(edit)

    def _edit(self, writer: int) -> Submission:
        old = self._lines[writer]
        self._edits += 1
        self._lines[writer] = Line(old.id, old.format, f"Of writer {writer}, edit {self._edits}.")
        edit = LineEdit(line=old.id, expect=expect_hash(old), text=self._lines[writer].text)
        return self._submission(f"edit-{self._edits}", edit, 1)

    def _submission(self, name: str, command: LineEdit | ScriptCreate, base: int) -> Submission:
        return Submission(
            script_id=self._script_id, submission_id=name, author="user", base_version=base, commands=(command,)
        )
