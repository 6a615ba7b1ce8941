"""Databases and brokers that die, lines that break or stall, a frozen worker: late answers, one history."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import psutil
import pytest
from sqlalchemy import make_url

from tests.faults.cluster import Cluster, wait_until
from tests.faults.proxy import Proxy
from tests.faults.saboteur import Fault
from tests.faults.table import row_of, table
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from workers.settings import Settings

pytestmark = [pytest.mark.services, pytest.mark.slow]

SCRIPTS = 12


class Site(NamedTuple):
    """A cluster whose servers may be hurt: the way to each leads through a proxy."""

    cluster: Cluster
    database: MariaDB
    broker: RedisServer
    to_database: Proxy
    to_broker: Proxy


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with (
        MariaDB(durable=True) as database,
        RedisServer(durable=True) as broker,
        Proxy(database.port) as to_database,
        Proxy(broker.port) as to_broker,
    ):
        url = make_url(database.create_database()).set(port=to_database.port)
        settings = Settings(
            home=folder,
            database_url=url.render_as_string(hide_password=False),
            broker_url=broker.url.replace(str(broker.port), str(to_broker.port)),
        )
        with Cluster(settings, folder) as cluster:
            cluster.start_nodes(2, concurrency=2)
            yield Site(cluster, database, broker, to_database, to_broker)


@contextmanager
def judged(site: Site, name: str) -> Iterator[list[int]]:
    """Load while the block hurts something, and the verdict; the list takes how often it was hurt."""
    began = time.monotonic()
    load = site.cluster.load(SCRIPTS, window=2)
    wait_until(lambda: answers(site) > 0)
    cases: list[int] = []
    yield cases
    before = time.monotonic()
    told = load.finish()
    row = row_of(name, sum(cases), told, load.violations(told), seconds=time.monotonic() - began)
    print(f"{table([row])}\n(answered {time.monotonic() - before:.1f} s after the last of it)")
    assert row.cases
    assert row.violations == ()


def answers(site: Site) -> int:
    [(found,)] = site.database.execute(f"SELECT count(*) FROM `{site.cluster.engine.url.database}`.submissions")
    return int(found)


def test_a_database_that_is_killed(site: Site):
    with judged(site, "MariaDB SIGKILLed and restarted") as cases:
        for _ in range(2):
            site.database.kill()
            time.sleep(0.3)
            site.database.restart()
            cases.append(1)
            time.sleep(1)


@pytest.mark.parametrize("keeps", ["with AOF", "without AOF"])
def test_a_broker_that_is_killed(site: Site, keeps: str):
    with judged(site, f"Redis SIGKILLed and restarted {keeps}") as cases:
        for _ in range(3):
            site.broker.kill()
            time.sleep(0.3)
            if keeps == "without AOF":
                # What it appended to is then as good as never written.
                shutil.rmtree(site.broker.data)
                site.broker.data.mkdir()
            site.broker.restart()
            cases.append(1)
            time.sleep(1)


def test_lines_to_the_database_that_are_cut(site: Site):
    site.to_database.cuts = 0
    with judged(site, "lines to the database cut") as cases:
        for _ in range(15):
            site.to_database.cut()
            time.sleep(0.2)
        cases.append(site.to_database.cuts)


def test_lines_to_the_broker_that_are_cut(site: Site):
    site.to_broker.cuts = 0
    with judged(site, "lines to the broker cut") as cases:
        for _ in range(5):
            site.to_broker.cut()
            time.sleep(0.6)
        cases.append(site.to_broker.cuts)


@pytest.mark.parametrize("line", ["to_database", "to_broker"])
def test_a_line_that_stalls(site: Site, line: str):
    with judged(site, f"the line {line.replace('_', ' ')} stalled for two seconds") as cases:
        proxy: Proxy = getattr(site, line)
        proxy.stall()
        time.sleep(2)
        proxy.flow()
        cases.append(1)


def test_answers_to_commit_that_are_lost(site: Site):
    with judged(site, "answers to COMMIT lost") as cases:
        site.to_database.lose_answers_to_commit(40)
        wait_until(lambda: site.to_database.lost_commits == 40)
        cases.append(40)


def test_a_worker_that_froze_in_its_transaction_and_comes_back(site: Site):
    """The server has given it up, others did its work; it goes on where it was."""
    with judged(site, "a worker frozen in its transaction") as cases:
        for number in range(2):
            frozen = freeze_one(site, 900_000 + 10 * number)
            kill_frozen_connections(site)
            time.sleep(1)
            frozen.resume()
            cases.append(1)


def freeze_one(site: Site, number: int) -> psutil.Process:
    """Stop a pool process that has written, and not committed."""
    plan = site.cluster.plan
    plan.arm(Fault(number, "after versions inserted", "delay", seconds=0.5, who="node"))
    wait_until(lambda: any(fault["number"] == number for fault in plan.done()))
    [pid] = [fault["pid"] for fault in plan.done() if fault["number"] == number]
    process = psutil.Process(pid)
    process.suspend()
    return process


def kill_frozen_connections(site: Site) -> None:
    """What a server does with a client it has not heard of for too long."""
    for number, *_ in site.database.execute(
        "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_rows_modified > 0"
    ):
        site.database.execute(f"KILL CONNECTION {number}")
