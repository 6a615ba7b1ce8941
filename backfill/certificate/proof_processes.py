"""A proof in several processes: each has connections of its own, and gets a few tasks at a time.

What they find is put together in the order of the tasks, so a certificate does not depend on how many there are. A
process starts afresh (`spawn`): it shares no connection, lock or thread with the one that started it, and ends with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from itertools import islice
from multiprocessing.util import Finalize
from typing import NamedTuple, Protocol

from backfill.certificate.problems import Problems
from backfill.certificate.proof_tasks import Progress, ProofTask, proof_tasks
from backfill.domains.base import BackfillContext
from backfill.runs.run_context import run_context
from domain.errors import LedgerError
from repos.backfill.runs import BackfillRunRow
from repos.database.engine import open_engine
from repos.legacy.catalog import Catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork

MAX_PROCESSES = 64
# More are used only if they are asked for: each has connections and memory of its own.
SUITABLE_PROCESSES = 8
# Rows of the source for which one more process is worth its start.
ROWS_PER_PROCESS = 5_000
# Tasks that are sent together: few at first, because one may be a script with 100,000 saves.
MAX_TASKS_TOGETHER = 16
SENDINGS_PER_TASK_MORE = 64
# Sendings to each process that have no result yet; the sender may be busy with the source for so long.
SENDINGS_PER_PROCESS = 64
WAITED_SENDINGS_PER_PROCESS = 4
# Problems that wait for the result of an earlier task.
MAX_HELD_PROBLEMS = 10_000
TasksOf = Callable[[BackfillContext], Iterator[ProofTask]]

# A process takes no notice of them: the one that started it ends it.
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# To the ledger; they are opened when they are needed.
CONNECTIONS = 5


class ProofProcessLost(LedgerError):
    """A process of a proof was ended from outside, so that there is no verdict."""

    code = "proof_process_lost"

    def __init__(self) -> None:
        super().__init__(
            "A process of the proof was ended from outside, perhaps because memory ran out: there is no verdict. "
            "Run it again, with fewer --processes if it happens again."
        )


class ProofProcesses(NamedTuple):
    """How many processes prove, and what they open. `prepare` is called at their start, e.g. to set up a log."""

    number: int
    legacy_url: str
    database_url: str
    prepare: Callable[[], object]


def suitable_processes(rows: int) -> int:
    """How many processes suit a source with so many rows, on the processors that this one may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    processors = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return min(processors, SUITABLE_PROCESSES, 1 + rows // ROWS_PER_PROCESS)


class Proof(Protocol):
    """A proof that may be going on while its caller does something else."""

    def advance(self) -> None:
        """Give the processes more tasks, without waiting."""

    def finish(self, problems: Problems) -> None:
        """Prove what is left, and add all problems that were found."""


@contextmanager
def proving(
    context: BackfillContext,
    run: BackfillRunRow,
    processes: ProofProcesses | None,
    progress: Progress,
    tasks: TasksOf = proof_tasks,
) -> Iterator[Proof]:
    """The proof of a run; several processes begin at once, one at the end. They end with the block."""
    if processes is None or processes.number == 1:
        yield _ProofHere(context, tasks(context), progress)
        return
    opening = _Opening(processes, run, context.catalog, context.clock)
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(processes.number, multiprocessing.get_context("spawn"), _begin, (opening,))
    try:
        problems = Problems(context.hash_key)
        yield _ProofElsewhere(pool, processes.number, tasks(context), progress, problems)
    except BaseException as error:
        # Not at the end of their tasks: one may take long. Nor by SIGTERM, which they do not notice.
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
        if isinstance(error, BrokenProcessPool):
            raise ProofProcessLost from None
        raise
    finally:
        pool.shutdown(cancel_futures=True)


class _ProofHere:
    """A proof in this process."""

    def __init__(self, context: BackfillContext, tasks: Iterator[ProofTask], progress: Progress) -> None:
        self._context = context
        self._tasks = tasks
        self._progress = progress

    def advance(self) -> None:
        """Nothing goes on elsewhere."""

    def finish(self, problems: Problems) -> None:
        for task in self._tasks:
            task.run(self._context, problems)
            self._progress(task.progress_name, 1)


class _ProofElsewhere:
    """A proof in other processes."""

    def __init__(
        self,
        pool: ProcessPoolExecutor,
        count: int,
        tasks: Iterator[ProofTask],
        progress: Progress,
        problems: Problems,
    ) -> None:
        self._pool = pool
        self._progress = progress
        self._tasks = tasks
        self._is_read = False
        self._count = count
        self._max_sendings = count * SENDINGS_PER_PROCESS
        self._running: dict[Future[Problems], tuple[int, list[ProofTask]]] = {}
        self._sent = self._added = 0
        # Results of tasks after the first one that has none yet.
        self._held: dict[int, Problems] = {}
        self._held_problems = 0
        self._problems = problems

    def advance(self) -> None:
        self._take(timeout=0)
        self._send()

    def finish(self, problems: Problems) -> None:
        # From now on nothing else is done here.
        self._max_sendings = min(self._max_sendings, self._count * WAITED_SENDINGS_PER_PROCESS)
        self._send()
        while self._running:
            self._take(timeout=None)
            self._send()
        problems.add_all(self._problems)

    def _send(self) -> None:
        while (
            not self._is_read
            and len(self._running) < self._max_sendings
            and (not self._running or self._held_problems < MAX_HELD_PROBLEMS)
        ):
            tasks = list(islice(self._tasks, min(MAX_TASKS_TOGETHER, 1 + self._sent // SENDINGS_PER_TASK_MORE)))
            self._is_read = not tasks
            if tasks:
                with _signals_kept_from_children():
                    future = self._pool.submit(_run, tasks)
                self._running[future] = self._sent, tasks
                self._sent += 1

    def _take(self, timeout: float | None) -> None:
        for future in wait(self._running, timeout, FIRST_COMPLETED).done:
            number, tasks = self._running.pop(future)
            found = self._held[number] = future.result()
            self._held_problems += len(found.kept)
            for task in tasks:
                self._progress(task.progress_name, 1)
        while (first := self._held.pop(self._added, None)) is not None:
            self._held_problems -= len(first.kept)
            self._problems.add_all(first)
            self._added += 1


@contextmanager
def _signals_kept_from_children() -> Iterator[None]:
    """A process that is started in the block inherits that these signals are blocked, from its first moment on.

    In this process they arrive after the block.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Opening(NamedTuple):
    """What a process of a proof opens with its first task."""

    processes: ProofProcesses
    run: BackfillRunRow
    catalog: Catalog
    clock: Callable[[], int]


class _OwnContext:
    """The context of a process of a proof."""

    def __init__(self, opening: _Opening) -> None:
        self._opening = opening
        self._opened: BackfillContext | None = None

    def get(self) -> BackfillContext:
        """The context; the connections are closed when the process ends."""
        if self._opened is None:
            (processes, run, catalog, clock), stack = self._opening, ExitStack()
            Finalize(None, stack.close, exitpriority=0)
            source = stack.enter_context(open_source(processes.legacy_url))
            engine = stack.enter_context(open_engine(processes.database_url, pool_size=CONNECTIONS))
            self._opened = run_context(run, source, UnitOfWork(engine), clock, catalog)
        return self._opened


_own: _OwnContext


def _begin(opening: _Opening) -> None:
    """Begin a process: an error of what it opens belongs to its first task, where it is passed on."""
    global _own  # noqa: PLW0603 - a process of the pool is given its arguments once
    sys.stdout = sys.stderr  # standard output is for the result of the command
    opening.processes.prepare()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _own = _OwnContext(opening)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(tasks: list[ProofTask]) -> Problems:
    context = _own.get()
    found = Problems(context.hash_key, secret_tables(context))
    for task in tasks:
        task.run(context, found)
    return found


def secret_tables(context: BackfillContext) -> frozenset[str]:
    """The tables of the source whose keys may be secrets."""
    return frozenset(table.name for table in context.tables.values() if table.has_secret_key)
