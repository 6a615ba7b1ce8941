"""Private servers behave as the tests expect that kill, restart and abandon them."""

from __future__ import annotations

import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import psutil
import pytest
import redis
from sqlalchemy import make_url

from tests.services import private
from tests.services.databases import DatabaseServer
from tests.services.mariadb import SQL_MODE, MariaDB
from tests.services.places import Port
from tests.services.private import PrivateServer
from tests.services.processes import Program, survivors
from tests.services.redis_server import RedisServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

OWNER = """
import time
from tests.services.{module} import {name}
with {name}() as server:
    print(server.data.parent, flush=True)
    time.sleep(60)
"""

KINDS = pytest.mark.parametrize("kind", [MariaDB, RedisServer])


def started(kind: type[PrivateServer]) -> PrivateServer:
    server = kind()
    server.start()
    return server


@KINDS
def test_two_concurrent_starts_get_different_ports(kind: type[PrivateServer]):
    with ThreadPoolExecutor() as pool:
        servers = list(pool.map(started, [kind, kind]))
    try:
        assert servers[0].port != servers[1].port
        assert all(server.answers() for server in servers)
    finally:
        for server in servers:
            server.discard()


@KINDS
def test_no_server_survives_its_killed_owner(kind: type[PrivateServer]):
    owner = Program(OWNER.format(module=kind.__module__.rpartition(".")[2], name=kind.__name__))
    home = Path(owner.ready())
    assert home.is_dir()

    owner.end(signal.SIGKILL)

    assert not survivors(owner.offspring)
    assert not home.exists()


@KINDS
def test_discarding_a_server_leaves_no_process_and_no_files(kind: type[PrivateServer]):
    before = psutil.Process().children(recursive=True)
    with kind() as server:
        home = server.data.parent

    assert not home.exists()
    assert psutil.Process().children(recursive=True) == before


@KINDS
def test_a_port_taken_at_the_last_moment_is_replaced_by_another(kind: type[PrivateServer], monkeypatch):
    class Unlucky(Port):
        squatters: ClassVar[list[socket.socket]] = []

        def __init__(self) -> None:
            super().__init__()
            if not self.squatters:
                self.release()
                self.squatters.append(socket.create_server(("127.0.0.1", self.number)))

    monkeypatch.setattr(private, "Port", Unlucky)
    with kind() as server:
        assert server.port != Unlucky.squatters[0].getsockname()[1]
        assert server.answers()
    Unlucky.squatters[0].close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can keep a port for another process")
def test_a_stopped_server_keeps_its_port():
    with RedisServer() as server:
        server.stop()
        with socket.socket() as passer_by, pytest.raises(OSError, match="in use"):
            passer_by.bind(("127.0.0.1", server.port))
        server.start()
        assert server.answers()


def test_committed_rows_survive_kill_9():
    with MariaDB(durable=True) as server:
        server.create_database("kept")
        server.execute("CREATE TABLE kept.rows_ (n INT PRIMARY KEY)")
        port = server.port
        with server.connect(autocommit=False) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO kept.rows_ VALUES (1)")
            connection.commit()
            cursor.execute("INSERT INTO kept.rows_ VALUES (2)")
            server.kill()

        server.restart()

        assert server.port == port
        assert server.execute("SELECT n FROM kept.rows_") == [(1,)]


def test_a_durable_redis_survives_kill_9():
    with RedisServer(durable=True) as server, redis.Redis.from_url(server.url) as client:
        client.set("kept", "1")
        server.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("kept")
        server.restart()
        assert client.get("kept") == b"1"


def test_mariadb_is_as_strict_as_mysql(mariadb: DatabaseServer):
    [(mode, charset, zone)] = mariadb.execute("SELECT @@sql_mode, @@character_set_server, @@time_zone")
    assert (mode, charset, zone) == (SQL_MODE, "utf8mb4", "+00:00")


def test_the_durable_profile_is_durable():
    with MariaDB(durable=True) as server:
        variables = "@@innodb_flush_log_at_trx_commit, @@sync_binlog, @@log_bin, @@innodb_doublewrite"
        assert server.execute(f"SELECT {variables}") == [(1, 1, 1, 1)]


def test_each_database_is_new(mariadb: DatabaseServer, mariadb_url: str):
    other = mariadb.create_database()
    try:
        assert make_url(other).database != make_url(mariadb_url).database
        assert mariadb.execute(f"SHOW TABLES IN {make_url(mariadb_url).database}") == []
    finally:
        mariadb.drop_database(other)


def test_a_fresh_broker_is_empty(redis_url: str):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
