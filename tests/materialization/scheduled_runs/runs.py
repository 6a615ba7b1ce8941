"""Materialization runs of a test: opened at times of their own, and done by hand."""

from __future__ import annotations

import itertools

from materialization.projections.reader import staleness
from materialization.scheduled_runs.materialize_script import Materializer
from materialization.scheduled_runs.open_run import Opened, open_run
from repos.scheduling.materialization_runs import RunRow
from repos.unit_of_work import UnitOfWork
from tests.materialization.writer import SECOND, START, Clock, Writer

_slots = itertools.count(START, 60 * SECOND)


class Run:
    """The runs of one test: opens them, and does the scripts handed out."""

    def __init__(self, unit_of_work: UnitOfWork, clock: Clock, *, sample: int = 0) -> None:
        self.unit_of_work = unit_of_work
        self.clock = clock
        self.sample = sample
        self.sent: list[tuple[int, int]] = []

    def open(self, slot: int | None = None) -> Opened:
        at = next(_slots) if slot is None else slot
        return open_run(self.unit_of_work, at, self.clock(), lambda *item: self.sent.append(item), sample=self.sample)

    def work(self) -> list[str | None]:
        """Materialize all scripts handed out, in order."""
        items, self.sent = self.sent, []
        materializer = Materializer(self.unit_of_work, clock=self.clock)
        return [materializer.materialize(*item) for item in items]

    def row(self, run_id: int | None) -> RunRow:
        with self.unit_of_work.reading() as tx:
            row = tx.runs.get(run_id or 0)
        assert row
        return row


def scripts(unit_of_work: UnitOfWork, clock: Clock, count: int) -> list[Writer]:
    writers = [Writer(unit_of_work, clock=clock) for _ in range(count)]
    for writer in writers:
        writer.create()
    return writers


def behind(writer: Writer) -> int:
    with writer.unit_of_work.reading() as tx:
        return staleness(tx, writer.script_id, writer.clock()).behind
