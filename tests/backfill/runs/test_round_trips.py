"""Round trips of an item: most scripts are short, so what is done once for each of them is most of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from backfill.domains.base import BackfillContext, Domain
from backfill.runs.item_worker import ItemWorker
from backfill.runs.throttle import Throttle
from repos.backfill.item import BackfillItem
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill
from tests.backfill.runs.backfill_setup import Backfill
from tests.backfill.runs.made_domains import Made, one_slice
from tests.benchmarks.legacy_saves import json_saves, legacy_scripts
from tests.materialization.write_path.wire_tap import Tap
from tests.materialization.writer import START
from tests.services.databases import DatabaseServer

NEW_SCRIPT = [
    "SELECT backfill_items.id,",
    "SELECT backfill_runs.id,",
    "SELECT legacy_keys.key_sha256,",
    "SELECT script_heads.script_id,",
    "SET autocommit=0",
    "SELECT json_array(head.version_number,",
    "INSERT INTO",
    "SELECT json_array(head.version_number,",
    "SELECT backfill_items.id,",  # locked
    "SELECT users.id",
    "SELECT legacy_keys.key_sha256,",
]
CLOSED = ["UPDATE backfill_items", "COMMIT", "SET autocommit=1", "SELECT 1"]
ROUND_TRIPS = 11
SCRIPTS = 10


class Scripts(NamedTuple):
    """Two scripts of a few saves that are sent, their items, and what goes over the wire."""

    backfill: FlatBackfill
    tap: Tap
    run_id: int
    first: int
    second: int

    def commits(self) -> int:
        """The transactions that wrote, each a flush of the server's logs."""
        count, is_open, has_written = 0, False, False
        for statement in self.tap.statements():
            words = statement.split()
            if statement == "SET autocommit=0":
                is_open, has_written = True, False
            elif words[0] in ("INSERT", "UPDATE", "DELETE"):
                count, has_written = count + (not is_open), True
            elif words[0] == "COMMIT":
                count, is_open = count + has_written, False
        return count

    def item(self, number: int) -> BackfillItem:
        with self.backfill.unit_of_work.reading() as tx:
            item = tx.backfill_items.get(number)
        assert item is not None
        return item


@pytest.fixture(scope="module")
def sent(mariadb: DatabaseServer) -> Iterator[tuple[FlatBackfill, Tap, Iterator[int]]]:
    """A run whose scripts, of a few saves each, are sent to workers; and their items, for tests to take."""
    legacy, ledger = legacy_scripts(mariadb, [json_saves(5, 10) for _ in range(SCRIPTS)]), mariadb.create_database()
    engine = make_engine(ledger)
    upgrade(engine)
    backfill = FlatBackfill(legacy, UnitOfWork(engine))
    run_id = backfill.open_sent("scripts")
    items = [item.id for item in backfill.items(run_id) if item.name.startswith("scripts [")]
    yield backfill, Tap(engine), iter(items)
    engine.dispose()
    for url in (legacy, ledger):
        mariadb.drop_database(url)


@pytest.fixture
def scripts(sent: tuple[FlatBackfill, Tap, Iterator[int]]) -> Scripts:
    """Two scripts that no test has brought over."""
    backfill, tap, items = sent
    tap.clear()
    return Scripts(backfill, tap, 1, next(items), next(items))


def test_a_new_script_is_brought_over_in_eleven_round_trips_and_one_commit(scripts: Scripts):
    with scripts.backfill.context(scripts.run_id) as context:
        worker = ItemWorker(scripts.backfill.unit_of_work, lambda _: context, clock=context.clock)
        assert worker.work(scripts.first).outcome == "done"
        scripts.tap.clear()
        assert worker.work(scripts.second).outcome == "done"

    assert scripts.tap.statements()[: len(NEW_SCRIPT)] == NEW_SCRIPT
    assert scripts.tap.statements()[-len(CLOSED) :] == CLOSED
    assert (len(scripts.tap.sent), scripts.commits()) == (ROUND_TRIPS, 1)


def test_an_attempted_script_costs_the_commit_of_its_claim_and_a_slice_another(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("backfill.domains.scripts.MIN_SLICE_SECONDS", 0.0)
    with scripts.backfill.context(scripts.run_id) as context:
        unit_of_work = scripts.backfill.unit_of_work
        assert ItemWorker(unit_of_work, lambda _: context).work(scripts.first, again=True).outcome == "done"
        assert scripts.commits() == 2, "claimed; written and closed"
        scripts.tap.clear()
        worker = ItemWorker(unit_of_work, lambda _: context, slice_seconds=0.0)
        assert worker.work(scripts.second).outcome == "done"
        # One slice creates the script, five bring a save each, and one finds no other.
        assert scripts.commits() == 7
    assert scripts.item(scripts.second).counts == scripts.item(scripts.first).counts


def test_a_commit_without_an_answer_is_found_closed_and_nothing_is_counted_twice(
    scripts: Scripts, mariadb: DatabaseServer
):
    lost: list[int] = []

    def lose(_number: int, text: str, connection: Any) -> None:
        if text.startswith("COMMIT") and not lost:
            lost.append(1)
            assert connection._sock.recv(1 << 16), "the server answered"
            mariadb.execute(f"KILL CONNECTION {connection.thread_id()}")

    with scripts.backfill.context(scripts.run_id) as context:
        worker = ItemWorker(scripts.backfill.unit_of_work, lambda _: context, clock=context.clock)
        scripts.tap.between = lose
        assert worker.work(scripts.first).outcome == "done"
        scripts.tap.between = None
        assert worker.work(scripts.second).outcome == "done"
    assert lost == [1]
    assert scripts.item(scripts.first).counts == scripts.item(scripts.second).counts
    assert not scripts.backfill.quarantined()


def test_a_worker_passes_over_a_script_that_another_one_writes(scripts: Scripts):
    """Before anything is committed: the row of its item is locked. Neither waits, nor is the item sent again."""
    found: list[Any] = []

    def at_the_commit(_number: int, text: str, _connection: object) -> None:
        if text.startswith("COMMIT") and not found:
            found.append(None)
            found.append(other.work(scripts.first))
            with scripts.backfill.unit_of_work.records() as tx:
                lost = tx.backfill_items.next_to_send(
                    scripts.run_id, "scripts", now=START + 1, lost_before=START + 1, limit=9
                )
            found.append([item.id for item in lost])

    with scripts.backfill.context(scripts.run_id) as context:
        unit_of_work = scripts.backfill.unit_of_work
        worker, other = (ItemWorker(unit_of_work, lambda _: context, clock=context.clock) for _ in range(2))
        scripts.tap.before = at_the_commit
        assert worker.work(scripts.first).outcome == "done"
    assert found[1].outcome == "skipped"
    assert scripts.first not in found[2]
    assert scripts.second in found[2]


def test_the_databases_are_queried_once_for_several_short_items(
    backfill: Backfill, domains: dict[str, Domain], monkeypatch: pytest.MonkeyPatch
):
    queried: list[str] = []

    def querying(name: str) -> Callable[..., None]:
        return lambda *_: queried.append(name)

    domains.clear()
    domains["first"] = Made("first", ["a", "b", "c"], does=one_slice)
    throttle = Throttle(backfill.unit_of_work)
    monkeypatch.setattr(throttle, "reason", querying("ledger"))
    monkeypatch.setattr("backfill.runs.item_worker.source_reason", querying("source"))
    monkeypatch.setattr("backfill.runs.item_worker.ASK_AGAIN_SECONDS", 60.0)

    def context_of(_: object) -> BackfillContext:
        return context

    with backfill.context() as context:
        worker = ItemWorker(backfill.unit_of_work, context_of, throttle=throttle, clock=backfill.clock)
        assert [worker.work(number).outcome for number in (1, 2)] == ["done", "done"]
        assert queried == ["ledger", "source"]
        worker._ask_at = 0.0
        assert worker.work(3).outcome == "done"
    assert queried == ["ledger", "source"] * 2


# The last test with scripts, because it ends their run.
def test_an_unchanged_script_costs_one_commit_in_the_next_run(scripts: Scripts):
    backfill = scripts.backfill
    backfill.run_items(scripts.run_id, [scripts.first, scripts.second])
    run_id = backfill.open_sent("scripts")
    name = scripts.item(scripts.first).name
    [item] = [item for item in backfill.items(run_id) if item.name == name]
    scripts.tap.clear()
    backfill.run_items(run_id, [item.id])
    assert scripts.commits() == 1
