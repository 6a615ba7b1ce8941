"""The stage: a private MariaDB and Redis, durable as in production, and worker processes on them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import redis

from repos.database.engine import Engine, make_engine
from repos.schema.upgrade import upgrade
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.embedded.child_process import Child
from workers.process.command_lines import ENVIRON, worker_command
from workers.process.roles import ROLES
from workers.settings import Settings

DURABILITY = {
    "innodb_flush_log_at_trx_commit": 1,
    "sync_binlog": 1,
    "log_bin": 1,
    "innodb_doublewrite": 1,
    "foreign_key_checks": 1,
    "check_constraint_checks": 1,
}
"""What the server must say of itself, or no figure counts."""
TIMEOUT_SECONDS = 180.0
OURS, STOCK, ASIDE = 0, 1, 2
"""Numbered databases of Redis: the queues of our workers, those of stock Celery, and messages that wait to be moved."""


T = TypeVar("T")


class NotDurableError(RuntimeError):
    """The database would lose commits; what is measured on it says nothing."""


class Stage:
    """Where benchmarks run. `quick` asks for counts that show only that they run, `scale` for a part of the full."""

    def __init__(self, folder: Path, *, quick: bool = False, scale: float = 1.0) -> None:
        self.folder = folder
        self.quick = quick
        self._scale = scale
        self.mariadb = MariaDB(durable=True)
        self.redis = RedisServer()
        self._stack = ExitStack()
        self._workers = 0
        self._kept: dict[str, Any] = {}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.mariadb)
            stack.enter_context(self.redis)
            self.durability()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def durability(self) -> dict[str, int]:
        """What the server says of its durability; raises `NotDurableError` where that is less than all."""
        [values] = self.mariadb.execute(f"SELECT {', '.join(f'@@{name}' for name in DURABILITY)}")
        settings = dict(zip(DURABILITY, map(int, values), strict=True))
        if settings != DURABILITY:
            raise NotDurableError(f"the server says {settings}")
        return settings

    def count(self, full: int, quick: int) -> int:
        """How many of something this run takes."""
        return quick if self.quick else max(quick, int(full * self._scale))

    def kept(self, name: str, make: AbstractContextManager[T]) -> T:
        """What several benchmarks look at: made when the first asks for it, and kept to the end."""
        if name not in self._kept:
            self._kept[name] = self._stack.enter_context(make)
        found: T = self._kept[name]
        return found

    @contextmanager
    def database(self, name: str | None = None) -> Iterator[Engine]:
        """The engine of a new database with our tables; its URL is `engine.url`."""
        url = self.mariadb.create_database(name)
        engine = make_engine(url, pool_size=60)
        upgrade(engine)
        try:
            yield engine
        finally:
            engine.dispose()
            self.mariadb.drop_database(url)

    def broker_url(self, number: int) -> str:
        """The URL of a numbered database of Redis."""
        return f"{self.redis.url.rpartition('/')[0]}/{number}"

    @contextmanager
    def broker(self, number: int) -> Iterator[redis.Redis]:
        """A client of a numbered database of Redis, emptied."""
        with redis.Redis.from_url(self.broker_url(number)) as client:
            client.flushdb()
            yield client

    def settings(self, engine: Engine) -> Settings:
        """Settings for our workers on a database."""
        url = engine.url.render_as_string(hide_password=False)
        return Settings(home=self.folder, database_url=url, broker_url=self.broker_url(OURS))

    @contextmanager
    def our_worker(self, engine: Engine, *, pool: str, concurrency: int) -> Iterator[Child]:
        """A worker that drains, exactly as production starts it."""
        command = worker_command(ROLES["commands"], pool=pool, concurrency=concurrency)
        with self.process(command, {**ENVIRON, **self.settings(engine).to_env()}) as child:
            wait_until(lambda: "worker.ready" in child.log.read_text(errors="replace"), child)
            yield child

    @contextmanager
    def stock_worker(
        self, app: str = "stock", *, pool: str, concurrency: int, engine: Engine | None = None
    ) -> Iterator[Child]:
        """A worker of a reference: Celery as it comes, with late acknowledgement."""
        celery = [sys.executable, "-m", "celery", "-A", f"tests.benchmarks.references.{app}", "worker"]
        command = [*celery, f"--pool={pool}", f"--concurrency={concurrency}", "--without-gossip", "--without-mingle"]
        more = {"BENCHMARK_BROKER_URL": self.broker_url(STOCK)}
        if engine is not None:
            more["BENCHMARK_DATABASE_URL"] = engine.url.render_as_string(hide_password=False)
        with self.process(command, more) as child:
            yield child

    @contextmanager
    def process(self, command: Sequence[str], environ: dict[str, str]) -> Iterator[Child]:
        """A process that ends with the block."""
        self._workers += 1
        child = Child(command, log=self.folder / f"worker-{self._workers}.log", environ=environ)
        try:
            yield child
        finally:
            child.stop()


def wait_until(
    true: Callable[[], object], child: Child | None = None, *, pause: float = 0.005, timeout: float = TIMEOUT_SECONDS
) -> None:
    """Wait until something is true; it is an error if a `child` ends first, or if the wait is too long."""
    deadline = time.monotonic() + timeout
    while not true():
        if child is not None and not child.running():
            raise RuntimeError(f"the worker ended:\n{child.last_words(20)}")
        if time.monotonic() > deadline:
            raise RuntimeError(f"nothing happened for {timeout} s" + (f":\n{child.last_words(20)}" if child else ""))
        time.sleep(pause)
