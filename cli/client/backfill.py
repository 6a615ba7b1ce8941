"""A backfill from the command line: its source, its ledger and its workers, and the progress of the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace
from rich.progress import Progress, TaskID

from backfill.mapping.decode import decode
from backfill.runs.feeding import Fed, Feeder
from backfill.runs.progress import IDLE_SECONDS, domain_of, row_counts
from backfill.runs.run_options import load_options
from backfill.runs.throttle import Throttle
from cli.client import database
from cli.terminal import screen
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade_if_outdated
from repos.unit_of_work import UnitOfWork
from workers.embedded.stack import Stack
from workers.messaging.backfill_messages import BackfillMessages
from workers.settings import Settings

POLL_SECONDS = 0.5
# With more items, the rows of those in work are estimated from the number of items that are done.
MAX_COUNTED_ITEMS = 5_000
NO_WORKER = (
    "No worker takes items: start one with `scriptledger worker --role backfill`, with SCRIPTLEDGER_LEGACY_URL in its "
    "environment, or use --in-process."
)


def absolute(url: str) -> str:
    """The URL of a source, with a file named from the root: workers have another working directory."""
    scheme, mark, path = url.partition(":///")
    is_relative = scheme == "sqlite" and mark and path and not path.startswith("/")
    return f"{scheme}:///{Path(path).absolute()}" if is_relative else url


class Served(NamedTuple):
    """A ledger with workers. `are_ours` is whether all are of this process; `tend` keeps them running."""

    unit_of_work: UnitOfWork
    feeder: Feeder
    tend: Callable[[], object]
    are_ours: bool


@contextmanager
def ledger_here(chosen: Settings) -> Iterator[UnitOfWork]:
    """The ledger for a run in this process; an embedded one is created."""
    if chosen.embedded_database and not (chosen.sqlite_file and chosen.sqlite_file.exists()):
        chosen.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with database.explained(chosen), open_engine(chosen.database_url) as engine:
            upgrade_if_outdated(engine)
    with database.opened(chosen) as unit_of_work:
        yield unit_of_work


@contextmanager
def ledger_with_workers(chosen: Settings, url: str) -> Iterator[Served]:
    """The ledger and its workers: those of the configured broker, or embedded ones while the command runs."""
    chosen = replace(chosen, legacy_url=url)
    if not chosen.embedded_broker:
        with database.opened(chosen) as unit_of_work:
            yield Served(unit_of_work, feeder(unit_of_work, chosen.broker_url), lambda: None, are_ours=False)
        return
    with database.explained(chosen), Stack(chosen) as stack, database.opened(stack.settings) as unit_of_work:
        yield Served(unit_of_work, feeder(unit_of_work, stack.settings.broker_url), stack.tend, stack.is_ours)


def feeder(unit_of_work: UnitOfWork, broker_url: str) -> Feeder:
    """A feeder that sends to the workers of a broker."""
    messages = BackfillMessages.at(broker_url)
    return Feeder(unit_of_work, messages, Throttle(unit_of_work, messages.edits_waiting))


def watch(turn: Callable[[], Fed | None], unit_of_work: UnitOfWork, tend: Callable[[], object]) -> Fed | None:
    """Show the progress of a run until it ends or is stopped; `turn` feeds it, or only reads it."""
    idle = _Idle()
    with shown_progress(unit_of_work) as show:
        while True:
            begun = time.monotonic()
            fed = turn()
            if fed is None or fed.ended or fed.run.state in ("paused", "cancelled", "finished"):
                if fed is not None:
                    show(fed)
                return fed
            show(fed)
            idle.look(fed)
            tend()
            # Counting the items of a large run takes time that is better spent on them.
            time.sleep(max(POLL_SECONDS, 5 * (time.monotonic() - begun)))


@contextmanager
def shown_progress(unit_of_work: UnitOfWork) -> Iterator[Callable[[Fed], None]]:
    """A bar for each domain, with its rows, the rate and the time that is left; why a run is held, once each time."""
    with screen.rated_progress() as bars:
        yield _Shown(unit_of_work, bars)


class _Shown:
    def __init__(self, unit_of_work: UnitOfWork, bars: Progress) -> None:
        self._unit_of_work = unit_of_work
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._held: str | None = None
        self._shown_at = 0.0

    def __call__(self, fed: Fed) -> None:
        if fed.held_by != self._held:
            self._held = fed.held_by
            if fed.held_by and not fed.ended:
                screen.warn(f"Held: {fed.held_by.rstrip('.')}.", style="yellow")
        if self._bars.disable or time.monotonic() - self._shown_at < POLL_SECONDS / 2:
            return
        self._shown_at = time.monotonic()
        for name, total, done in self._rows(fed):
            if name not in self._tasks:
                self._tasks[name] = self._bars.add_task(name, total=total)
            self._bars.update(self._tasks[name], completed=done)

    def _rows(self, fed: Fed) -> Iterator[tuple[str, int, int]]:
        """Each domain with its rows, and how many of them are done."""
        mapping, rows = decode(fed.run.mapping), load_options(fed.run.options).rows
        totals: dict[str, int] = {}
        for table, count in rows.items():
            totals[domain_of(mapping, table)] = totals.get(domain_of(mapping, table), 0) + count
        done: dict[str, int] = {}
        counted = sum(domain.items for domain in fed.domains) <= MAX_COUNTED_ITEMS
        if counted:
            with self._unit_of_work.reading() as tx:
                for table, counts in row_counts(tx, fed.run).items():
                    done[domain_of(mapping, table)] = done.get(domain_of(mapping, table), 0) + counts.rows
        for domain in fed.domains:
            if total := totals.get(domain.name):
                of_items = total * domain.done // max(domain.items, 1)
                yield domain.name, total, done.get(domain.name, 0) if counted else of_items


class _Idle:
    """Warns once if no worker takes items."""

    def __init__(self) -> None:
        self._seen: tuple[object, ...] = ()
        self._since = time.monotonic()

    def look(self, fed: Fed) -> None:
        seen = tuple((domain.done, domain.failed) for domain in fed.domains)
        if seen != self._seen or fed.held_by or any(domain.running for domain in fed.domains):
            self._seen, self._since = seen, time.monotonic()
        elif time.monotonic() - self._since > IDLE_SECONDS:
            self._since = float("inf")
            screen.warn(NO_WORKER, style="yellow")
