"""Overview tests: one value says whether people can write, also while a server is down."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from domain.submissions.answer import Answer
from materialization.clock import system_clock
from repos.database.engine import make_engine, open_engine
from repos.schema import upgrade
from repos.submissions.answers import Answered
from repos.unit_of_work import UnitOfWork
from tests.slowness import adjusted_for_load
from workers.monitoring.overview import Latency, Overview
from workers.monitoring.overview_reader import ANSWER_SECONDS, OverviewReader
from workers.monitoring.role_heartbeat import RoleHeartbeat
from workers.process import outages
from workers.process.answer_counters import AnswerCounters

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(f"sqlite:///{tmp_path}/ledger.db") as engine:
        upgrade.upgrade(engine)
        yield engine


def overview(engine: Engine) -> Overview:
    return OverviewReader(engine, NOWHERE).read()


def conditions(engine: Engine) -> dict[str, str]:
    return {role.name: role.condition for role in overview(engine).roles}


def test_without_workers_every_role_is_missing(engine: Engine):
    found = overview(engine)

    assert found.is_known
    assert {role.condition for role in found.roles} == {"missing"}
    assert {role.name for role in found.roles if role.required} == {
        "commands",
        "materialization",
        "reconcile",
        "upkeep",
        "beat",
    }
    assert found.broker.problem


def test_a_role_is_running_only_while_it_consumes(engine: Engine):
    heartbeat = RoleHeartbeat(["commands"], lambda: make_engine(str(engine.url)))
    heartbeat.write()
    assert conditions(engine)["commands"] == "disconnected"

    heartbeat.change("consuming")
    heartbeat.write()
    assert conditions(engine)["commands"] == "running"

    with engine.begin() as connection:
        connection.execute(text("UPDATE role_heartbeats SET seen_at = seen_at - 11000000"))
    assert conditions(engine)["commands"] == "missing"


def test_a_stopped_role_is_missing_at_once(engine: Engine):
    heartbeat = RoleHeartbeat(["commands", "intake"], lambda: make_engine(str(engine.url)))
    heartbeat.start()
    heartbeat.change("consuming")
    heartbeat.stop()

    assert {role.name: [host.state for host in role.hosts] for role in overview(engine).roles if role.hosts} == {
        "commands": ["stopped"],
        "intake": ["stopped"],
    }
    assert conditions(engine)["commands"] == "missing"


def test_a_stop_during_a_write_is_written_too(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    heartbeat = RoleHeartbeat(["commands"], lambda: make_engine(str(engine.url)))
    writing, stopped = Event(), Event()
    write = heartbeat.write

    def slow_write() -> None:
        write()
        writing.set()
        stopped.wait(5)

    monkeypatch.setattr(heartbeat, "write", slow_write)
    heartbeat.start()
    assert writing.wait(5)
    Timer(0.05, stopped.set).start()
    heartbeat.stop()

    assert [host.state for role in overview(engine).roles for host in role.hosts] == ["stopped"]


@pytest.mark.parametrize(
    ("ages", "listed"),
    [
        ({"a": 0, "b": 60, "c": 3_500}, ["a", "b", "c"]),
        ({"a": 0, "b": 3_700, "c": 86_400}, ["a"]),
        ({"a": 86_400, "b": 3_700, "c": 90_000}, ["b"]),
        ({}, []),
    ],
)
def test_hosts_that_are_gone_are_no_longer_listed(engine: Engine, ages: dict[str, int], listed: list[str]):
    put = text("INSERT INTO role_heartbeats VALUES ('commands', :host, 'stopped', 1, :seen_at)")
    with engine.begin() as connection:
        for host, age in reversed(ages.items()):
            connection.execute(put, {"host": host, "seen_at": system_clock() - age * 1_000_000})

    [role] = [role for role in overview(engine).roles if role.name == "commands"]

    assert [host.name for host in role.hosts] == listed


def test_a_heartbeat_that_cannot_be_stored_is_logged_once(tmp_path: Path):
    with capture_logs() as lines:
        heartbeat = RoleHeartbeat(["commands"], lambda: make_engine(f"sqlite:///{tmp_path}/empty.db"))
        heartbeat.start()
        for state in ("consuming", "disconnected"):
            time.sleep(0.1)
            heartbeat.change(state)
        heartbeat.stop()

    assert [(line["event"], line["reason"]) for line in lines] == [
        ("worker.heartbeat_not_stored", "no such table: role_heartbeats")
    ]


def test_an_outage_is_logged_once_by_the_heartbeat_of_an_idle_process(monkeypatch: pytest.MonkeyPatch):
    outage = outages.Outage("database")
    monkeypatch.setattr(outages, "database", lambda: outage)
    with capture_logs() as lines:
        heartbeat = RoleHeartbeat(["beat"], lambda: make_engine("mysql+pymysql://ledger:secret@127.0.0.1:1/ledger"))
        heartbeat.start()
        for state in ("consuming", "disconnected"):
            time.sleep(0.1)
            heartbeat.change(state)
        heartbeat.stop()

    assert [(line["event"], line["server"]) for line in lines] == [("server.unreachable", "database")]


def test_answers_are_counted_once_also_if_the_database_was_away(engine: Engine, tmp_path: Path):
    counters = AnswerCounters()
    targets = [f"sqlite:///{tmp_path}/elsewhere.db", str(engine.url)]
    heartbeat = RoleHeartbeat(["commands"], lambda: make_engine(targets[0]), counters)
    answer = Answer(script_id=1, submission_id="s", outcome="applied")
    counters.observe([Answered(answer, b"", 0)], [0])
    with pytest.raises(Exception, match="no such table"):
        heartbeat.write()

    other = RoleHeartbeat(["commands"], lambda: make_engine(targets[1]), counters)
    for _ in range(3):
        other.write()

    assert overview(engine).activity.outcomes == {"applied": 1}
    assert overview(engine).activity.total_outcomes == {"applied": 1}


def test_an_outdated_schema_is_named(tmp_path: Path):
    with open_engine(f"sqlite:///{tmp_path}/old.db") as engine:
        upgrade.upgrade(engine, "0018")
        found = overview(engine)

    assert (found.is_known, found.schema.found, found.roles) == (False, "0018", ())


def test_a_database_that_is_away_is_part_of_the_overview():
    with open_engine("mysql+pymysql://ledger:secret@127.0.0.1:1/ledger") as engine:
        found = overview(engine)

    assert not found.is_known
    assert found.database.problem
    assert "secret" not in found.database.problem


@pytest.mark.slow
def test_servers_that_hang_are_away_within_fifteen_seconds():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"mysql+pymysql://ledger:secret@127.0.0.1:{port}/ledger"
        began = time.monotonic()
        with open_engine(url, answer_seconds=ANSWER_SECONDS) as engine:
            found = OverviewReader(engine, f"redis://127.0.0.1:{port}/0").read()

    assert time.monotonic() - began < adjusted_for_load(12)
    assert found.database.problem
    assert found.broker.problem


def test_the_reconciler_is_named_by_its_host(engine: Engine):
    with UnitOfWork(engine).records() as tx:
        tx.leases.take("reconciler", "host-7:812:ab12", now=5, until=10)

    assert (overview(engine).reconciler.holder, overview(engine).reconciler.is_held) == ("host-7", False)


@pytest.mark.parametrize(
    ("counts", "share", "bound"),
    [
        ((0, 0, 0), 0.5, None),
        ((1, 0, 0), 0.5, 10),
        ((1, 1, 0), 0.99, 25),
        ((1, 1, 98), 0.99, None),
        ((99, 1, 0), 0.99, 10),
    ],
)
def test_a_quantile_is_a_bound_of_the_histogram(counts: tuple[int, ...], share: float, bound: int | None):
    assert Latency((10, 25), counts).quantile_ms(share) == bound
