"""Real workers of a backfill that are killed with their broker and their database.

Each is a Celery node of its own process group, forked from this process, which feeds the run as `scriptledger backfill
run` does, starts again whatever ended, and expires claims that would last two minutes.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from contextlib import suppress
from itertools import count
from pathlib import Path
from signal import SIGKILL
from typing import Any, NoReturn

import billiard.pool
import celery.apps.worker
import celery.bin.celery
import celery.concurrency.prefork
from celery import signals
from sqlalchemy.exc import DBAPIError

import workers.tasks
from backfill.runs.feeding import Feeder
from backfill.runs.throttle import Throttle
from domain.errors import Conflict
from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from tests.faults.backfill_faults import Action, Faults, Files, Limits, choose_sizes, count_slices
from tests.faults.backfill_site import START, Site, clock, process_of
from tests.processes.writers import die_with_parent
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.app import app
from workers.backfill import item_runner
from workers.messaging.backfill_messages import BackfillMessages
from workers.process.command_lines import ENVIRON
from workers.settings import Settings

# What Celery imports when it is needed is imported here, so that no fork has to.
IMPORTED = (billiard.pool, celery.apps.worker, celery.bin.celery, celery.concurrency.prefork, workers.tasks)
ACTIONS: tuple[Action, ...] = ("kill", "kill", "kill node", "drop connection", "kill database", "kill broker")
NODES = 2
EXPIRE_SECONDS = 1.0
TIMEOUT_SECONDS = 120.0
ARGV = (
    "--quiet worker --queues=backfill --pool=prefork --concurrency=1 --loglevel=ERROR --without-gossip --without-mingle"
)


class Nodes:
    """Workers on one run of one ledger, and their broker."""

    def __init__(self, site: Site, broker: RedisServer, url: str, seed: str, faults: int) -> None:
        self._site = site
        self._broker = broker
        self._url = url
        self._seed = seed
        self._limits = Limits(faults, ACTIONS)
        self._numbers = count(1)
        self._running: set[int] = set()

    def run(self) -> None:
        """Keep nodes at work until no item can move any more."""
        messages = BackfillMessages.at(self._broker.url)
        self._start_servers()  # the last fault of the run before may have ended one
        for action, server in self._servers.items():
            self._site.happened.runs(action, process_of(server))
        expired_at = deadline = time.monotonic()
        done = -1
        try:
            while not self._feed(messages):
                self._start_again()
                if time.monotonic() - expired_at > EXPIRE_SECONDS:
                    self._site.expire_claims(self._url)
                    expired_at = time.monotonic()
                if (committed := self._site.happened.count("committed")) != done:
                    done, deadline = committed, time.monotonic() + TIMEOUT_SECONDS
                assert time.monotonic() < deadline, "nothing moves any more"
                time.sleep(0.05)
        finally:
            for node in self._running:
                self._end(node)

    def _feed(self, messages: BackfillMessages) -> bool:
        """Send what is due; returns whether the run has ended. What was sent and is not queued has lost its message."""
        with suppress(Conflict, DBAPIError), open_engine(self._url) as engine:
            unit_of_work = UnitOfWork(engine)
            throttle = Throttle(unit_of_work, messages.edits_waiting, clock=clock)
            fed = Feeder(unit_of_work, messages, throttle, lost_after=0, clock=clock).feed(1)
            return fed is not None and fed.ended
        return False

    @property
    def _servers(self) -> dict[Action, MariaDB | Files | RedisServer]:
        return {"kill database": self._site.server, "kill broker": self._broker}

    def _start_servers(self) -> None:
        for action, server in self._servers.items():
            if not server.answers():
                server.restart()
                self._site.happened.runs(action, process_of(server))

    def _start_again(self) -> None:
        self._start_servers()
        for node in list(self._running):
            if os.waitpid(node, os.WNOHANG) != (0, 0):
                self._running.remove(node)
        while len(self._running) < NODES:
            self._running.add(self._fork(next(self._numbers)))

    def _fork(self, number: int) -> int:
        node = os.fork()
        if not node:
            self._become(number)
        with suppress(OSError):
            os.setpgid(node, node)
        return node

    def _become(self, number: int) -> NoReturn:
        """The life of a node, whose pool processes have a fault each."""
        os.setpgid(0, 0)
        die_with_parent()
        log = os.open(self._site.folder / f"node-{number}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for output in (1, 2):
            os.dup2(log, output)
        try:
            os.environ.update({**ENVIRON, **self._settings(), "SCRIPTLEDGER_LOG_LEVEL": "warning"})
            time.time_ns = lambda: START * 1_000  # of our clock only; Celery uses others

            def prepare(**_: Any) -> None:
                seed = f"{self._seed} {number} {self._site.happened.count('recorded')} {os.getpid()}"
                choose_sizes(seed)
                count_slices(self._site.happened)
                Faults(seed, self._site.happened, self._limits).install()

            signals.worker_process_init.connect(prepare, weak=False)
            item_runner.HELD_SECONDS = 0.1
            app.start([*ARGV.split(), f"--hostname=node-{number}@%h"])
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stderr.flush()
            os._exit(1)

    def _settings(self) -> dict[str, str]:
        home = Path(self._site.folder, "home")
        home.mkdir(exist_ok=True)
        url = self._url.replace("charset=utf8mb4", "charset=utf8mb4&ssl_disabled=true")
        return Settings(home=home, database_url=url, broker_url=self._broker.url, legacy_url=self._site.legacy).to_env()

    def _end(self, node: int) -> None:
        with suppress(OSError):
            os.killpg(node, SIGKILL)
        with suppress(OSError):
            os.waitpid(node, 0)
