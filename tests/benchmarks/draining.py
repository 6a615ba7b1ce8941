"""Draining: messages that wait in a queue, a worker that is let at all of them at once, and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import redis
from celery import Celery

from repos.database.engine import Engine
from tests.benchmarks.frame import Figures
from tests.benchmarks.scripts import EditedScript, create_scripts, inbox_is_empty, put_in_inbox, require_versions
from tests.benchmarks.stage import ASIDE, OURS, STOCK, Stage, wait_until
from workers.embedded.child_process import Child
from workers.messaging.bell import Bell

COMMANDS_PER_SECOND = "commands/s"


class OurDrain:
    """Our worker, and scripts with submissions that wait."""

    def __init__(
        self, stage: Stage, engine: Engine, child: Child, clients: Clients, scripts: list[EditedScript]
    ) -> None:
        self._engine = engine
        self._child = child
        self._clients = clients
        self.scripts = scripts
        app = Celery("ringing", broker=stage.broker_url(ASIDE), config_source="celeryconfig", set_as_current=False)
        self._bell = Bell(app)

    def measure(self, waiting: int = 1) -> Figures:
        """Let so many submissions of one command wait for each script, ring once for each, and drain them all."""
        # One transaction a turn, so that every script's submissions arrive as they would from many producers.
        put_in_inbox(self._engine, [script.edit() for _ in range(waiting) for script in self.scripts])
        for script in self.scripts:
            assert self._bell.ring(script.script_id)
        began = time.perf_counter()
        self._clients.let_in("commands", OURS)
        wait_until(lambda: not self._clients.ours.llen("commands"), self._child)
        wait_until(lambda: inbox_is_empty(self._engine), self._child)
        seconds = time.perf_counter() - began
        require_versions(self._engine, self.scripts)
        return {COMMANDS_PER_SECOND: waiting * len(self.scripts) / seconds}


class StockDrain:
    """A worker of stock Celery, and tasks that wait, each a name and its arguments."""

    def __init__(
        self, stage: Stage, child: Child, clients: Clients, tasks: Callable[[], Sequence[tuple[Any, ...]]]
    ) -> None:
        self._child = child
        self._clients = clients
        self._tasks = tasks
        self._app = Celery("publishing", broker=stage.broker_url(ASIDE), set_as_current=False)

    def measure(self) -> Figures:
        """Let the tasks wait, and have them all run and acknowledged."""
        with self._app.producer_pool.acquire() as producer:
            tasks = self._tasks()
            for name, *args in tasks:
                self._app.send_task(name, args=args, producer=producer)
        began = time.perf_counter()
        self._clients.let_in("celery", STOCK)
        wait_until(self._all_acknowledged, self._child)
        return {COMMANDS_PER_SECOND: len(tasks) / (time.perf_counter() - began)}

    def _all_acknowledged(self) -> bool:
        # A message is in neither for a moment, between being taken and being noted as taken: hence two looks.
        return not any(self._clients.stock.llen("celery") or self._clients.stock.hlen("unacked") for _ in range(2))


class Clients:
    """Redis, from three sides."""

    def __init__(self, ours: redis.Redis, stock_: redis.Redis, aside: redis.Redis) -> None:
        self.ours = ours
        self.stock = stock_
        self._aside = aside

    def let_in(self, queue: str, database: int) -> None:
        """Move a queue to where a worker listens, whole and at once."""
        assert self._aside.move(queue, database)


@contextmanager
def our_drain(
    stage: Stage, *, pool: str, concurrency: int, scripts: int, lines: int = 50
) -> Iterator[tuple[OurDrain, Child]]:
    """Our worker alone."""
    with ExitStack() as stack:
        clients = Clients(*[stack.enter_context(stage.broker(number)) for number in (OURS, STOCK, ASIDE)])
        engine = stack.enter_context(stage.database())
        worker = stack.enter_context(stage.our_worker(engine, pool=pool, concurrency=concurrency))
        yield OurDrain(stage, engine, worker, clients, create_scripts(engine, scripts, lines=lines)), worker


@contextmanager
def drains(stage: Stage, *, pool: str, concurrency: int, scripts: int) -> Iterator[tuple[OurDrain, StockDrain]]:
    """Both workers, of the same pool and concurrency."""
    with ExitStack() as stack:
        clients = Clients(*[stack.enter_context(stage.broker(number)) for number in (OURS, STOCK, ASIDE)])
        engine = stack.enter_context(stage.database())
        ours = stack.enter_context(stage.our_worker(engine, pool=pool, concurrency=concurrency))
        theirs = stack.enter_context(stage.stock_worker(pool=pool, concurrency=concurrency))
        our_drain = OurDrain(stage, engine, ours, clients, create_scripts(engine, scripts))
        stock_drain = StockDrain(stage, theirs, clients, lambda: [("noop", number) for number in range(scripts)])
        StockDrain(stage, theirs, clients, lambda: [("noop", 1)]).measure()  # it may still be starting
        yield our_drain, stock_drain
