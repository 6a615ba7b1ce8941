"""Round trips of an item: most scripts are short, so what is done once for each of them is most of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from backfill.domains.base import BackfillContext, Domain
from backfill.runs.item_worker import ItemWorker
from backfill.runs.throttle import Throttle
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
    "UPDATE backfill_items",  # claimed
    "SELECT legacy_keys.key_sha256,",
    "SELECT script_heads.script_id,",
    "SET autocommit=0",
    "SELECT json_array(head.version_number,",
    "INSERT INTO",
    "SELECT json_array(head.version_number,",
    "SELECT backfill_items.id,",
    "SELECT users.id",
    "SELECT legacy_keys.key_sha256,",
]
ROUND_TRIPS = 13


@pytest.fixture
def scripts(mariadb: DatabaseServer) -> Iterator[tuple[FlatBackfill, Tap]]:
    """A legacy database whose users came over, with two scripts of a few saves."""
    source_url, ledger_url = legacy_scripts(mariadb, [json_saves(5, 10), json_saves(5, 10)]), mariadb.create_database()
    engine = make_engine(ledger_url)
    upgrade(engine)
    backfill = FlatBackfill(source_url, UnitOfWork(engine))
    run_id = backfill.open()
    with backfill.unit_of_work.records() as tx:
        tx.backfill_runs.move(run_id, "running", now=START)
    backfill.run_domain(run_id, "users")
    backfill.plan(run_id, "scripts")
    tap = Tap(engine)
    yield backfill, tap
    engine.dispose()
    for url in (source_url, ledger_url):
        mariadb.drop_database(url)


def test_a_new_script_is_brought_over_in_thirteen_round_trips(scripts: tuple[FlatBackfill, Tap]):
    backfill, tap = scripts
    [(run_id, first, second)] = [
        (item.run_id, item.id, item.id + 1) for item in backfill.items(1) if item.name == "scripts [1]"
    ]
    with backfill.context(run_id) as context:
        worker = ItemWorker(backfill.unit_of_work, lambda _: context, clock=context.clock)
        assert worker.work(first).outcome == "done"
        tap.clear()
        assert worker.work(second).outcome == "done"

    assert tap.statements()[: len(NEW_SCRIPT)] == NEW_SCRIPT
    assert tap.statements()[-1] == "UPDATE backfill_items", "closed by a statement of its own"
    assert len(tap.sent) == ROUND_TRIPS


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
