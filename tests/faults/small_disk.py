"""A database on a small disk that can be filled: only root on Linux may mount one."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pymysql

from tests.faults.cluster import Cluster, wait_until
from tests.faults.table import Row, row_of
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.settings import Settings

DISK_BYTES = 320 << 20
FULL_SECONDS = 4
SCRIPTS = 8
ANSWERS_BEFORE = 30
NAME = "the database's disk full for 5 s"


class NoSmallDiskError(Exception):
    """There is no small disk to fill here."""


class CrampedMariaDB(MariaDB):
    """A MariaDB on a disk of its own, and a small one; raises `NoSmallDiskError`."""

    def __init__(self) -> None:
        if sys.platform != "linux" or os.geteuid() != 0:
            raise NoSmallDiskError("only root on Linux may mount the small disk that this fills")
        super().__init__(durable=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "ledger", str(self._home)]
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        if mounted.returncode:
            self._home.rmdir()
            raise NoSmallDiskError(mounted.stderr.strip())

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
                write_until_full(file, size)


def write_until_full(file: io.FileIO, size: int) -> None:
    try:
        while True:
            file.write(b"x" * size)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def fill_disk(folder: Path) -> Row:
    """Load on a database whose disk is full for a while, and the verdict; raises `NoSmallDiskError`.

    It takes longer than a minute: that is when InnoDB looks for room again.
    """
    with CrampedMariaDB() as database, RedisServer() as broker:
        settings = Settings(home=folder, database_url=database.create_database(), broker_url=broker.url)
        with Cluster(settings, folder) as cluster:
            began = time.monotonic()
            cluster.start_nodes(2, concurrency=2)
            load = cluster.load(SCRIPTS, window=2)
            wait_until(lambda: answers(database, cluster) > ANSWERS_BEFORE)
            database.fill()
            wait_until(lambda: stands_still(database, cluster), why=lambda: "but a full disk took answers")
            time.sleep(FULL_SECONDS)
            database.filler.unlink()
            if not database.answers():  # sometimes it ends, and an operator starts it again
                database.kill()
                database.start()
            records = load.finish()
            return row_of(NAME, 1, records, load.violations(records), seconds=time.monotonic() - began)


def stands_still(database: MariaDB, cluster: Cluster) -> bool:
    """Whether nothing is answered for a second, or the server has given up."""
    try:
        before = answers(database, cluster)
        time.sleep(1)
        return answers(database, cluster) == before
    except pymysql.MySQLError:
        return True


def answers(database: MariaDB, cluster: Cluster) -> int:
    [(found,)] = database.execute(f"SELECT count(*) FROM `{cluster.engine.url.database}`.submissions")
    return int(found)
