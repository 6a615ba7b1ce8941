"""Several database nodes that write: workers, reconcilers and producers spread over them, on the same few scripts."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec.structs import replace

from tests.faults.cluster import Cluster, wait_until
from tests.faults.fork_server import NodeOrder, TickerOrder
from tests.faults.table import Row, row_of
from tests.services.galera import NODES, Galera
from tests.services.redis_server import RedisServer
from workers.settings import Settings

NAME = "three database nodes that write (Galera)"
SCRIPTS = 6
HANDS = 3
TICK_SECONDS = 0.5
RING_AGAIN_AFTER_SECONDS = 1.0


class SpreadCluster(Cluster):
    """What it starts is given the database nodes in turn, by the number at the end of its name."""

    def __init__(self, settings: Settings, folder: Path, urls: list[str]) -> None:
        super().__init__(settings, folder, bells="one")
        self._urls = [f"{url}&ssl_disabled=true" for url in urls]

    def environ_of(self, name: str) -> dict[str, str]:
        number = int(name.rpartition("-")[2])
        return replace(self.settings, database_url=self._urls[number % NODES]).to_env()

    def start_everywhere(self) -> None:
        """A worker and a reconciler at each database node."""
        for number in range(NODES):
            self.start(f"node-{number}", NodeOrder("commands", "prefork", 1))
            self.start(f"ticker-{number}", TickerOrder(TICK_SECONDS, RING_AGAIN_AFTER_SECONDS))


def write_everywhere(folder: Path, *, seconds: float) -> Row:
    """Write to three nodes for so long, and judge; the cases are the transactions that one node took from another."""
    began = time.monotonic()
    with Galera() as galera, RedisServer() as broker:
        database = "ledger"
        galera.nodes[0].create_database(database)
        urls = [node.url(database) for node in galera.nodes]
        settings = Settings(home=folder, database_url=urls[0], broker_url=broker.url)
        with SpreadCluster(settings, folder, urls) as cluster:
            cluster.start_everywhere()
            load = cluster.load(SCRIPTS, hands=HANDS, window=3)
            wait_until(galera.conflicts)
            time.sleep(seconds)
            records = load.finish()
            # What one node committed another may not show yet.
            cluster.unit_of_work.catch_up()
            found = load.violations(records)
        return row_of(NAME, galera.conflicts(), records, found, seconds=time.monotonic() - began)
