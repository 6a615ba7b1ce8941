"""A site: a cluster whose servers may be hurt, with a proxy on the way to each of them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil
import pymysql
from sqlalchemy import make_url

from tests.faults.cluster import Cluster, wait_until
from tests.faults.fault_injector import Fault
from tests.faults.proxy import Proxy
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.settings import Settings

NUMBERS = count(900_000)
"""Of faults that belong to no plan."""


class Site(NamedTuple):
    """The cluster, its servers, and the lines to them."""

    cluster: Cluster
    database: MariaDB
    broker: RedisServer
    to_database: Proxy
    to_broker: Proxy

    def kill_database(self, down: float = 0.0) -> None:
        """SIGKILL, and a restart after so many seconds."""
        self.database.kill()
        time.sleep(down)
        self.database.restart()

    def kill_broker(self, *, keeps: bool, down: float = 0.0) -> None:
        """SIGKILL, and a restart after so many seconds, with what it had appended to its file or without."""
        self.broker.kill()
        time.sleep(down)
        if not keeps:
            shutil.rmtree(self.broker.data)
            self.broker.data.mkdir()
        self.broker.restart()

    def freeze_worker(self, seconds: float) -> bool:
        """Stop a worker that has written and not committed, let the server give it up, and let it go on.

        Whether one came by in time.
        """
        frozen = self._freeze()
        if frozen is None:
            return False
        try:
            self._kill_writing_connections()
            time.sleep(seconds)
        finally:
            with suppress(psutil.NoSuchProcess):
                frozen.resume()
        return True

    def _freeze(self) -> psutil.Process | None:
        plan = self.cluster.plan
        fault = Fault(next(NUMBERS), "after versions inserted", "delay", seconds=0.5, who="node")
        plan.arm(fault)
        with suppress(AssertionError):
            wait_until(lambda: plan.report(fault), timeout=20)
        report = plan.report(fault)
        if not report:
            return None
        try:
            process = psutil.Process(report["pid"])
            process.suspend()
        except psutil.NoSuchProcess:
            return None
        return process

    def _kill_writing_connections(self) -> None:
        """What a server does with a client that has been silent for too long."""
        for number, *_ in self.database.execute(
            "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_rows_modified > 0"
        ):
            with suppress(pymysql.err.OperationalError):  # its transaction, and with it the connection, has ended
                self.database.execute(f"KILL CONNECTION {number}")


@contextmanager
def open_site(folder: Path, *, nodes: int = 2, concurrency: int = 2) -> Iterator[Site]:
    """Start the servers, as durable as in production, the proxies and the nodes."""
    with ExitStack() as stack:
        database = stack.enter_context(MariaDB(durable=True))
        broker = stack.enter_context(RedisServer(durable=True))
        to_database = stack.enter_context(Proxy(database.port))
        to_broker = stack.enter_context(Proxy(broker.port))
        url = make_url(database.create_database()).set(port=to_database.port)
        settings = Settings(
            home=folder,
            database_url=url.render_as_string(hide_password=False),
            broker_url=broker.url.replace(str(broker.port), str(to_broker.port)),
        )
        cluster = stack.enter_context(Cluster(settings, folder))
        cluster.start_nodes(nodes, concurrency=concurrency)
        yield Site(cluster, database, broker, to_database, to_broker)
