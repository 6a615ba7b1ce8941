"""Runs, items, quarantined rows, keys and versions of a backfill."""

from __future__ import annotations

import gc
import weakref
from contextlib import suppress

import pytest

from repos.backfill.item import BackfillItem, ClaimLost
from repos.backfill.legacy_keys import KeyRow, NewKey
from repos.backfill.legacy_versions import LegacyVersion
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.backfill.runs import BackfillRunActive
from repos.database.driver_errors import DuplicateKey
from repos.unit_of_work import UnitOfWork

NOW = 1_700_000_000_000_000
MINUTE = 60_000_000


def open_run(unit_of_work: UnitOfWork) -> int:
    """A new run; an earlier one of this database is cancelled."""
    with unit_of_work.records() as tx:
        if (earlier := tx.backfill_runs.active()) is not None:
            tx.backfill_runs.move(earlier.id, "cancelled", now=NOW)
        return tx.backfill_runs.open(source="legacy", mapping="", hash_key=b"k" * 32, options=b"{}", now=NOW)


def added(unit_of_work: UnitOfWork, run_id: int, *names: str) -> list[BackfillItem]:
    with unit_of_work.records() as tx:
        tx.backfill_items.add(run_id, "users", names)
    with unit_of_work.reading() as tx:
        return tx.backfill_items.read(run_id)


def test_one_run_at_a_time(unit_of_work: UnitOfWork) -> None:
    run_id = open_run(unit_of_work)
    with pytest.raises(BackfillRunActive), unit_of_work.records() as tx:
        tx.backfill_runs.open(source="legacy", mapping="", hash_key=b"k" * 32, options=b"{}", now=NOW)
    with unit_of_work.records() as tx:
        assert tx.backfill_runs.move(run_id, "running", now=NOW)
        tx.backfill_runs.hold(run_id, "the source is slow")
    with unit_of_work.reading() as tx:
        run = tx.backfill_runs.active()
        assert run is not None
        assert (run.id, run.state, run.held_by) == (run_id, "running", "the source is slow")
    with unit_of_work.records() as tx:
        assert tx.backfill_runs.move(run_id, "finished", now=NOW + 1)
        assert not tx.backfill_runs.move(run_id, "running", now=NOW + 2)
    assert open_run(unit_of_work) > run_id


def test_a_void_certificate_stays_void_until_the_next_one(unit_of_work: UnitOfWork) -> None:
    run_id = open_run(unit_of_work)
    with unit_of_work.records() as tx:
        assert not tx.backfill_runs.make_void(run_id, "nothing to make void")
        tx.backfill_runs.certify(run_id, b"{}", now=NOW)
        assert tx.backfill_runs.make_void(run_id, "the source moved")
    with unit_of_work.reading() as tx:
        run = tx.backfill_runs.get(run_id)
    assert run is not None
    assert (run.certificate, run.certified_at, run.void) == (b"{}", NOW, "the source moved")


def test_an_item_belongs_to_its_last_claim(unit_of_work: UnitOfWork) -> None:
    run_id = open_run(unit_of_work)
    item = added(unit_of_work, run_id, "users")[0]
    with unit_of_work.records() as tx:
        first = tx.backfill_items.claim(item, now=NOW, until=NOW + MINUTE)
    assert first is not None
    with unit_of_work.records() as tx:
        assert tx.backfill_items.claim(first, now=NOW + 1, until=NOW + MINUTE) is None
        second = tx.backfill_items.claim(first, now=NOW + MINUTE, until=NOW + 2 * MINUTE)
    assert second is not None
    with pytest.raises(ClaimLost), unit_of_work.records() as tx:
        tx.backfill_items.record(first, checkpoint=b"1", counts=b"{}", until=NOW + MINUTE)
    with unit_of_work.records() as tx:
        tx.backfill_items.record(second, checkpoint=b"2", counts=b'{"users":{}}', until=NOW + 2 * MINUTE)
    with unit_of_work.records() as tx:
        assert not tx.backfill_items.close(first, "done")
        assert tx.backfill_items.close(second, "done")
    with unit_of_work.reading() as tx:
        stored = tx.backfill_items.get(item.id)
    assert stored is not None
    assert (stored.state, stored.checkpoint, stored.attempts) == ("done", b"2", 0)


def test_a_lost_claim_leaves_nothing_in_memory(unit_of_work: UnitOfWork) -> None:
    run_id = open_run(unit_of_work)
    item = added(unit_of_work, run_id, "users")[0]
    left: list[weakref.ref[object]] = []

    def record() -> None:
        with unit_of_work.records() as tx:
            left.append(weakref.ref(tx))
            tx.backfill_items.record(item, checkpoint=b"1", counts=b"{}", until=NOW)

    with suppress(ClaimLost):
        record()
    gc.collect()

    assert [each() for each in left] == [None]


def test_a_claim_needs_the_item_as_it_was_read(unit_of_work: UnitOfWork) -> None:
    """The holder of an expired claim may record a slice and give the item back until the next worker claims it."""
    run_id = open_run(unit_of_work)
    item = added(unit_of_work, run_id, "users")[0]
    with unit_of_work.statement() as tx:
        first = tx.backfill_items.claim(item, now=NOW, until=NOW + MINUTE)
        assert first is not None
        read = tx.backfill_items.get(item.id)
    assert read == first
    with unit_of_work.records() as tx:
        tx.backfill_items.record(first, checkpoint=b"1", counts=b"{}", until=NOW + MINUTE)
    with unit_of_work.statement() as tx:
        assert tx.backfill_items.give_back(first)
        assert tx.backfill_items.claim(read, now=NOW + MINUTE, until=NOW + 2 * MINUTE) is None
        now = tx.backfill_items.get(item.id)
        assert now is not None
        second = tx.backfill_items.claim(now, now=NOW + MINUTE, until=NOW + 2 * MINUTE)
        assert second == tx.backfill_items.get(item.id)
    assert second is not None
    assert second.checkpoint == b"1"


def test_items_are_sent_in_a_window_and_again_if_lost(unit_of_work: UnitOfWork) -> None:
    run_id = open_run(unit_of_work)
    items = added(unit_of_work, run_id, "a", "b", "c")
    with unit_of_work.records() as tx:
        chosen = tx.backfill_items.next_to_send(run_id, "users", now=NOW, lost_before=NOW - MINUTE, limit=2)
        tx.backfill_items.mark_sent([item.id for item in chosen], now=NOW)
    with unit_of_work.records() as tx:
        assert tx.backfill_items.outstanding(run_id) == 2
        left = tx.backfill_items.next_to_send(run_id, "users", now=NOW, lost_before=NOW - MINUTE, limit=9)
        assert [item.id for item in left] == [items[2].id]
        again = tx.backfill_items.next_to_send(run_id, "users", now=NOW + MINUTE, lost_before=NOW, limit=9)
        assert [item.id for item in again] == [item.id for item in items]
        assert tx.backfill_items.claim(again[0], now=NOW, until=NOW + MINUTE) is not None
        assert tx.backfill_items.stop(run_id) == 2
    with unit_of_work.reading() as tx:
        assert [tuple(each) for each in tx.backfill_items.progress(run_id)] == [("users", "due", 3)]


def test_a_retried_item_begins_again(unit_of_work: UnitOfWork) -> None:
    run_id = open_run(unit_of_work)
    item = added(unit_of_work, run_id, "users")[0]
    row = QuarantinedRow("users", "[7]", "bad_email", "The e-mail address is none.", "email", 3, "ab")
    with unit_of_work.records() as tx:
        claimed = tx.backfill_items.claim(item, now=NOW, until=NOW + MINUTE)
        assert claimed is not None
        tx.backfill_items.record(claimed, checkpoint=b"7", counts=b"{}", until=NOW + MINUTE)
        tx.quarantined_rows.add(run_id, item.id, [row], NOW)
    with unit_of_work.records() as tx:
        tx.backfill_items.close(claimed, "failed", "a sentence")
    with unit_of_work.reading() as tx:
        [stored] = tx.quarantined_rows.read(run_id)
        assert (stored.row, stored.item_id, stored.found_at) == (row, item.id, NOW)
        assert tx.quarantined_rows.get(stored.id) == stored
        assert [tuple(count) for count in tx.quarantined_rows.counts(run_id)] == [("users", "bad_email", 1, stored.id)]
    with unit_of_work.records() as tx:
        assert tx.backfill_items.retry(item.id)
        assert tx.quarantined_rows.remove_of_item(item.id) == 1
    with unit_of_work.reading() as tx:
        again = tx.backfill_items.get(item.id)
    assert again is not None
    assert (again.state, again.checkpoint, again.attempts, again.error) == ("due", b"", 0, None)
    assert again.claim > claimed.claim


def test_a_key_is_stored_once_and_its_hash_may_change(unit_of_work: UnitOfWork) -> None:
    keys = [NewKey(f"[{number}]", number, b"h" * 16) for number in range(1, 1_201)]
    with unit_of_work.records() as tx:
        tx.legacy_keys.add("people", "users", keys)
    with unit_of_work.records() as tx:
        found = tx.legacy_keys.find("people", [key.key for key in keys] + ["[0]"])
        assert len(found) == 1_200
        assert found["[1200]"] == KeyRow("users", 1_200, b"h" * 16)
        tx.legacy_keys.change("people", "[7]", b"n" * 16)
    with unit_of_work.reading() as tx:
        assert tx.legacy_keys.find("people", ["[7]"])["[7]"].row_hash == b"n" * 16
        assert tx.legacy_keys.highest("users") == 1_200
        assert tx.legacy_keys.highest("scripts") == 0
        assert tx.legacy_keys.count("people") == 1_200
    with pytest.raises(DuplicateKey), unit_of_work.records() as tx:
        tx.legacy_keys.add("people", "users", keys[:1])


def test_saves_keep_their_numbers(unit_of_work: UnitOfWork) -> None:
    saves = [LegacyVersion("script_versions", f"[{n}]", n * 10, n, NOW + n, b"raw" if n == 2 else None) for n in (1, 2)]
    with unit_of_work.records() as tx:
        tx.legacy_versions.add(7, saves)
    with unit_of_work.reading() as tx:
        assert [save for _, save in tx.legacy_versions.read(7)] == saves
        assert tx.legacy_versions.last(7) == saves[-1]
        assert tx.legacy_versions.last(8) is None
        assert tx.legacy_versions.count(7) == 2
