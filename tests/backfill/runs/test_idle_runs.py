"""Runs without a sign of a worker: the status names them."""

from __future__ import annotations

import pytest

from backfill.domains.registry import DOMAINS
from backfill.runs.control import pause
from backfill.runs.item_worker import ItemWorker
from backfill.runs.progress import IDLE_SECONDS, idle_seconds
from tests.backfill.runs.backfill_setup import Backfill
from tests.backfill.runs.made_domains import Made


@pytest.mark.usefixtures("domains")
def test_a_run_whose_items_no_worker_takes_is_idle(backfill: Backfill):
    def idle() -> int | None:
        with backfill.unit_of_work.reading() as tx:
            [run] = tx.backfill_runs.read()
            return idle_seconds(tx, run, backfill.clock())

    DOMAINS["users"] = Made("users", ["a", "b"])
    with backfill.context() as context:
        with backfill.unit_of_work.records() as tx:
            first, second = tx.backfill_items.read(context.run_id)
            tx.backfill_items.mark_sent([first.id, second.id], now=backfill.clock())
        assert idle() is None
        backfill.clock.pass_seconds(IDLE_SECONDS)
        assert idle() == IDLE_SECONDS
        worker = ItemWorker(backfill.unit_of_work, lambda _: context, clock=backfill.clock)
        assert worker.work(first.id).outcome == "done"
        assert idle() is None, "an item was claimed"
        with backfill.unit_of_work.records() as tx:
            [left] = tx.backfill_items.read(context.run_id, state="sent")
            assert tx.backfill_items.claim(left, now=0, until=backfill.clock() + 50_000_000)
        backfill.clock.pass_seconds(49)
        assert idle() is None, "its worker may be alive"
        backfill.clock.pass_seconds(90)
        assert idle() is not None
        pause(backfill.unit_of_work, backfill.clock())
        assert idle() is None
