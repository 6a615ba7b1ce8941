"""A database whose disk is full takes no writes for a while; when there is room again everything is answered."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, wait_until
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.settings import Settings

pytestmark = [
    pytest.mark.services,
    pytest.mark.full,  # InnoDB looks for room again after a minute
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0, reason="only root may mount the small disk that this test fills"
    ),
]

DISK_BYTES = 320 << 20
FULL_SECONDS = 4


class CrampedMariaDB(MariaDB):
    """A MariaDB on a disk of its own, and a small one."""

    def __init__(self) -> None:
        super().__init__(durable=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "ledger", str(self._home)]
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        if mounted.returncode:
            self._home.rmdir()
            pytest.skip(f"no small disk to fill: {mounted.stderr.strip()}")

    def options(self) -> list[str]:
        return [*super().options(), "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=32M"]

    def discard(self) -> None:
        self.kill()
        subprocess.run(["umount", "--lazy", str(self._home)], check=False)
        super().discard()

    @property
    def filler(self) -> Path:
        return self._home / "filler"

    def fill(self) -> None:
        """Leave no room."""
        with self.filler.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
                    write_for_ever(file, size)


@pytest.fixture
def database() -> Iterator[CrampedMariaDB]:
    with CrampedMariaDB() as database:
        yield database


@pytest.mark.timeout(300)
def test_a_full_disk_delays_and_loses_nothing(database: CrampedMariaDB, tmp_path: Path):
    with RedisServer() as broker:
        settings = Settings(home=tmp_path, database_url=database.create_database(), broker_url=broker.url)
        with Cluster(settings, tmp_path) as cluster:
            cluster.start_nodes(2, concurrency=2)
            load = cluster.load(8, window=2)
            wait_until(lambda: answers(database, cluster) > 30)

            database.fill()
            time.sleep(FULL_SECONDS)
            before = answers(database, cluster)
            time.sleep(1)
            stuck = answers(database, cluster) - before
            database.filler.unlink()

            told = load.finish()
            print(f"{stuck} answers in a second on a full disk, {len(told)} in all")
            assert load.violations(told) == []


def write_for_ever(file: io.FileIO, size: int) -> None:
    while True:
        file.write(b"x" * size)


def answers(database: MariaDB, cluster: Cluster) -> int:
    [(found,)] = database.execute(f"SELECT count(*) FROM `{cluster.engine.url.database}`.submissions")
    return int(found)
