"""Items that their first slice claims: what is counted and fenced although nothing is written before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backfill.domains.base import CLAIM_SECONDS, MAX_ATTEMPTS, BackfillContext, ItemWork
from backfill.domains.registry import DOMAINS
from backfill.runs.control import cancel
from backfill.runs.feeding import LOST_AFTER_SECONDS
from backfill.runs.item_worker import FIRST_SLICE_SECONDS, ItemWorker
from backfill.runs.opening import take_over
from domain.errors import Corrupt
from repos import fault_points
from repos.backfill.item import BackfillItem
from repos.database.driver_errors import DuplicateKey
from tests.backfill.runs.backfill_setup import Backfill
from tests.backfill.runs.made_domains import Made, Slice, only_slice, record
from tests.backfill.runs.test_feeding import Fleet

pytestmark = pytest.mark.usefixtures("domains")


class Killed(BaseException):
    """The worker ends here."""


def make(does: Slice = only_slice, items: tuple[str, ...] = ("a",)) -> None:
    DOMAINS["first"] = Made("first", list(items), does=does, by_slice=True)


def sent(context: BackfillContext, backfill: Backfill) -> Fleet:
    """A fleet whose items are sent."""
    fleet = Fleet(context, backfill)
    fleet.feed()
    return fleet


def the_item(backfill: Backfill) -> BackfillItem:
    with backfill.unit_of_work.reading() as tx:
        item = tx.backfill_items.get(1)
    assert item is not None
    return item


def die(_: ItemWork) -> bool:
    raise Killed


def killing(boundary: str) -> Callable[[str], None]:
    def listen(reached: str) -> None:
        if reached == boundary:
            raise Killed

    return listen


def killed_at(boundary: str, worker: ItemWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fault_points, "listener", killing(boundary))
        with pytest.raises(Killed):
            worker.work(1)


def test_one_slice_leaves_the_item_done(backfill: Backfill):
    make()
    with backfill.context() as context:
        assert sent(context, backfill).work() == ["done"]
    item = the_item(backfill)
    assert (item.state, item.attempts, item.checkpoint, item.counts) == ("done", 0, b"end", b'{"ideas":{"migrated":1}}')


def test_a_slice_that_is_not_the_last_claims_the_item_and_the_next_may_take_longer(backfill: Backfill):
    seen: list[tuple[bool, str, float]] = []

    def two_slices(work: ItemWork) -> bool:
        seen.append((work.is_claimed, the_item(backfill).state, work.deadline))
        record(work, b"%d" % len(seen), last=len(seen) == 2)
        return len(seen) == 2

    make(two_slices)
    with backfill.context() as context:
        assert sent(context, backfill).work() == ["done"]
    assert [each[:2] for each in seen] == [(False, "sent"), (True, "running")]
    assert seen[1][2] - seen[0][2] > FIRST_SLICE_SECONDS
    assert the_item(backfill).counts == b'{"ideas":{"migrated":2}}'


def test_the_message_of_a_worker_that_ended_before_its_slice_is_lost_and_counts_as_an_attempt(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch
):
    make()
    with backfill.context() as context:
        fleet = sent(context, backfill)
        killed_at("after item read", fleet.worker, monkeypatch)
        fleet.broker.queue.clear()
        assert (the_item(backfill).state, the_item(backfill).attempts) == ("sent", 0)
        backfill.clock.pass_seconds(LOST_AFTER_SECONDS + 1)
        assert fleet.feed().sent == 1
        assert the_item(backfill).attempts == 1
        killed_at("after item claimed", fleet.worker, monkeypatch)
        assert (the_item(backfill).state, the_item(backfill).attempts) == ("running", 2)
        backfill.clock.pass_seconds(CLAIM_SECONDS + 1)
        assert fleet.work() == ["done"]


def test_a_worker_killed_after_its_only_commit_leaves_nothing_to_do(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch
):
    make()
    with backfill.context() as context:
        fleet = sent(context, backfill)
        killed_at("after item closed", fleet.worker, monkeypatch)
        assert fleet.work() == ["skipped"]
        assert fleet.feed().run.state == "finished"
    assert the_item(backfill).counts == b'{"ideas":{"migrated":1}}'


@pytest.mark.parametrize("redelivered", [False, True])
def test_an_item_that_ends_its_workers_is_given_up(backfill: Backfill, redelivered: bool):
    """Also if the broker delivers the message of a dead worker again at once, which no row tells."""
    make(die)
    ended = 0
    with backfill.context() as context:
        fleet = sent(context, backfill)
        fleet.broker.queue.clear()
        again = False
        while the_item(backfill).state != "failed":
            try:
                fleet.worker.work(1, again=again)
            except Killed:
                ended += 1
                if redelivered and not again:
                    again = True
                    continue
            backfill.clock.pass_seconds(CLAIM_SECONDS + 1)
            fleet.feed()
            fleet.broker.queue.clear()
    assert ended == MAX_ATTEMPTS + redelivered
    assert the_item(backfill).error == f"{MAX_ATTEMPTS} workers ended while they worked on it"


def test_a_restarted_process_counts_what_its_workers_may_have_died_of(backfill: Backfill):
    make(die)
    with backfill.context() as context:
        fleet = sent(context, backfill)
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(Killed):
                fleet.work()
            take_over(backfill.unit_of_work, context.run_id)
            fleet.feed()
        assert fleet.work() == ["failed"]


def test_a_key_that_the_ledger_has_already_is_tried_so_often_only(backfill: Backfill):
    attempts: list[int] = []

    def refused(work: ItemWork) -> bool:
        attempts.append(work.is_last_attempt)
        raise DuplicateKey("1")

    make(refused)
    with backfill.context() as context:
        fleet = sent(context, backfill)
        outcomes = []
        while the_item(backfill).state != "failed":
            outcomes += fleet.work()
            fleet.feed()
    assert outcomes == ["held"] * (MAX_ATTEMPTS - 1) + ["failed"]
    assert attempts == [False] * (MAX_ATTEMPTS - 1) + [True]


def test_an_item_of_an_unknown_domain_fails(backfill: Backfill):
    """It was added by a newer program."""
    make()
    with backfill.context() as context:
        fleet = sent(context, backfill)
        DOMAINS.clear()
        assert fleet.work() == ["failed"]
    assert str(the_item(backfill).error).startswith("stopped by KeyError at item_worker.py:")


def test_a_failed_item_was_not_claimed_before(backfill: Backfill):
    def fails(_: ItemWork) -> bool:
        raise Corrupt("x")

    make(fails)
    with backfill.context() as context:
        assert sent(context, backfill).work() == ["failed"]
    assert (the_item(backfill).state, the_item(backfill).claim) == ("failed", 0)


def test_a_cancelled_run_fences_an_item_that_is_not_claimed(backfill: Backfill):
    def slow(work: ItemWork) -> bool:
        cancel(backfill.unit_of_work, backfill.clock())
        return only_slice(work)

    make(slow)
    with backfill.context() as context:
        assert sent(context, backfill).work() == ["skipped"]
    assert (the_item(backfill).state, the_item(backfill).checkpoint) == ("due", b"")


def test_what_was_sent_waits_for_the_items_that_another_mapping_adds(backfill: Backfill):
    first = Made("first", ["a"])
    DOMAINS.update(first=first, second=Made("second", ["x"], "first", does=only_slice, by_slice=True))
    mapping = backfill.mapping()
    with backfill.context(mapping=mapping) as context:
        fleet = sent(context, backfill)
        assert fleet.work() == ["done"]
        assert fleet.feed().sent == 1
    [old] = fleet.broker.queue
    first.names = ["a", "b"]
    with backfill.context(mapping=f"{mapping}# changed\n") as context:
        worker = ItemWorker(backfill.unit_of_work, lambda _: context, only_sent=True, clock=backfill.clock)
        assert worker.work(old) == ("skipped", "it is not sent")
        fleet = sent(context, backfill)
        assert fleet.work() == ["done"]
        fleet.feed()
        assert (fleet.broker.queue, fleet.work()) == ([old], ["done"])


def test_a_worker_that_another_one_overtook_claims_first_for_a_while(backfill: Backfill):
    claimed: list[bool] = []

    def overtaken(work: ItemWork) -> bool:
        claimed.append(work.is_claimed)
        if work.name == "a" and len(claimed) == 1:
            assert ItemWorker(backfill.unit_of_work, lambda _: work.context, clock=backfill.clock).work(1)[0] == "done"
        return only_slice(work)

    make(overtaken, ("a", "b", "c"))
    with backfill.context() as context:
        assert sent(context, backfill).work() == ["skipped", "done", "done"]
    assert claimed == [False, False, True, True]
    assert the_item(backfill).counts == b'{"ideas":{"migrated":1}}'


def test_a_message_that_is_sent_again_does_not_stop_the_worker_that_has_the_item(backfill: Backfill):
    """It was queued for long, so the feeder took it for lost as soon as it left the queue."""

    def slow(work: ItemWork) -> bool:
        backfill.clock.pass_seconds(LOST_AFTER_SECONDS + 1)
        assert fleet.feed().sent == 1
        return only_slice(work)

    make(slow)
    with backfill.context() as context:
        fleet = sent(context, backfill)
        assert fleet.work() == ["done"]
        assert fleet.work() == ["skipped"]


def test_a_claim_of_another_worker_is_not_taken_for_one_whose_commit_had_no_answer(backfill: Backfill):
    make()
    with backfill.context() as context:
        fleet = sent(context, backfill)
        first = fleet.worker._claim(1)
        second = ItemWorker(backfill.unit_of_work, lambda _: context, clock=backfill.clock)._claim(1)
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert first[0].claim != second[0].claim
