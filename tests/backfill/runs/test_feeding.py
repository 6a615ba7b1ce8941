"""Feeding: a window of items, domains in order, lost messages, and what holds a run."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from backfill.domains.base import CLAIM_SECONDS, BackfillContext, ItemWork
from backfill.domains.registry import DOMAINS
from backfill.runs.control import pause, resume
from backfill.runs.feeding import EXPIRED_AFTER_SECONDS, LOST_AFTER_SECONDS, Fed, Feeder
from backfill.runs.item_worker import ItemWorker
from backfill.runs.opening import NoBackfillRun, open_run, take_over
from backfill.runs.throttle import MAX_EDITS, Throttle
from domain.errors import Rejected
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.legacy.connection import open_source
from tests.backfill.runs.backfill_setup import Backfill
from tests.backfill.runs.made_domains import Made, record


class Broker:
    """What a broker holds, and whether it responds."""

    def __init__(self) -> None:
        self.queue: list[int] = []
        self.responds = True
        self.bells: int | None = 0

    def send_all(self, items: Sequence[int]) -> bool:
        self.queue += items if self.responds else []
        return self.responds

    def waiting(self) -> int | None:
        return len(self.queue) if self.responds else None


class Fleet:
    """One feeder and one worker."""

    def __init__(self, context: BackfillContext, backfill: Backfill, *, window: int = 2_000) -> None:
        self.broker = Broker()
        self.unit_of_work, clock = backfill.unit_of_work, backfill.clock
        throttle = Throttle(self.unit_of_work, lambda: self.broker.bells, clock=clock)
        self.feeder = Feeder(self.unit_of_work, self.broker, throttle, window=window, clock=clock)
        self.worker = ItemWorker(self.unit_of_work, lambda _: context, clock=clock)

    def feed(self) -> Fed:
        fed = self.feeder.feed()
        assert fed is not None
        return fed

    def work(self) -> list[str]:
        """Work on all that is queued."""
        items, self.broker.queue = self.broker.queue, []
        return [self.worker.work(item).outcome for item in items]


def make(*made: Made) -> None:
    DOMAINS.update({each.name: each for each in made})


@pytest.mark.usefixtures("domains")
def test_at_most_a_window_of_items_is_outstanding(backfill: Backfill):
    make(Made("first", [str(number) for number in range(25)]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill, window=10)
        sent = []
        while not (fed := fleet.feed()).ended:
            sent.append(fed.sent)
            assert len(fleet.broker.queue) <= 10
            assert fleet.feed().sent == 0, "what is outstanding is not sent again"
            fleet.work()
    assert sent == [10, 10, 5]
    assert fed.run.state == "finished"


@pytest.mark.usefixtures("domains")
def test_a_domain_waits_for_those_that_it_needs(backfill: Backfill):
    make(Made("users", ["a"]), Made("scripts", ["1", "2"], "users"), Made("apart", ["x"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        assert fleet.feed().sent == 2
        fleet.work()
        assert fleet.feed().sent == 2
        fleet.work()
        assert fleet.feed().run.state == "finished"


def refused(_: ItemWork) -> bool:
    class AnyRefusal(Rejected):
        """A sentence with {value}."""

    raise AnyRefusal(value="a value of a row")


@pytest.mark.usefixtures("domains")
def test_a_domain_with_failed_items_blocks_those_that_need_it_and_no_other(backfill: Backfill):
    users = Made("users", ["a"], does=refused)
    make(users, Made("scripts", ["1"], "users"), Made("elements", ["1"], "scripts"), Made("apart", ["x"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        assert sorted(fleet.work()) == ["done", "failed"]
        fed = fleet.feed()
        assert (fed.ended, fed.held_by, fed.run.active) == (True, "users: 1 failed item", 1)
        assert [domain.waits_for for domain in fed.domains] == [(), ("users",), ("scripts",), ()]
        with backfill.unit_of_work.reading() as tx:
            [failed] = tx.backfill_items.read(fed.run.id, state="failed")
        assert failed.error == "refused: any_refusal", "and not the value"


@pytest.mark.usefixtures("domains")
@pytest.mark.parametrize(("decisions", "blocked"), [("", True), ('L14 = "quarantine"', False)])
def test_quarantined_rows_block_where_their_code_does_and_the_mapping_does_not_decide(
    backfill: Backfill, decisions: str, blocked: bool
):
    def sets_aside(work: ItemWork) -> bool:
        with work.context.unit_of_work.records() as tx:
            rows = [QuarantinedRow("ideas", "[3]", code, "The reason.") for code in ("L14", "L05", "bad_email")]
            work.record(tx, b"", {}, rows)
        work.committed()
        return True

    make(Made("legacy_rows", ["a"], does=sets_aside), Made("later", ["x"], "legacy_rows"))
    mapping = backfill.mapping().replace("[decisions]\n", f"[decisions]\n{decisions}\n")
    with backfill.context(mapping=mapping) as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        fleet.work()
        fed = fleet.feed()
    assert fed.ended is blocked
    assert fed.held_by == ("legacy_rows: 1 quarantined row to decide" if blocked else None)


@pytest.mark.usefixtures("domains")
def test_lost_messages_are_sent_again_and_queued_ones_are_not(backfill: Backfill):
    make(Made("first", ["a", "b", "c"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        backfill.clock.pass_seconds(LOST_AFTER_SECONDS + 1)
        assert fleet.feed().sent == 0, "they are in the queue"
        fleet.broker.queue.clear()
        assert fleet.feed().sent == 3
        assert fleet.feed().sent == 0
        backfill.clock.pass_seconds(EXPIRED_AFTER_SECONDS + 1)
        assert fleet.feed().sent == 3, "they have expired in the queue"
        # Each is delivered twice, and worked on once.
        assert sorted(fleet.work()) == ["done"] * 3 + ["skipped"] * 3


@pytest.mark.usefixtures("domains")
def test_the_item_of_a_dead_worker_is_sent_again_once_its_claim_has_expired(backfill: Backfill):
    make(Made("first", ["a"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        [item] = fleet.broker.queue
        fleet.broker.queue.clear()
        assert not isinstance(fleet.worker._claim(item), str)
        backfill.clock.pass_seconds(LOST_AFTER_SECONDS + 1)
        assert fleet.feed().sent == 0, "its worker may live"
        backfill.clock.pass_seconds(CLAIM_SECONDS)
        assert [fleet.feed().sent, fleet.feed().sent] == [1, 0]
        assert fleet.work() == ["done"]


@pytest.mark.usefixtures("domains")
def test_a_held_run_says_why_and_goes_on_afterwards(backfill: Backfill):
    make(Made("first", ["a"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.broker.responds = False
        assert fleet.feed().held_by == "the broker does not respond"
        fleet.broker.responds = True
        fleet.broker.bells = MAX_EDITS
        assert fleet.feed().held_by == f"people's edits come first: {MAX_EDITS} bells are queued"
        fleet.broker.bells = 0
        assert fleet.feed().sent == 1
        assert fleet.work() == ["done"]
        assert fleet.feed().run.held_by is None


@pytest.mark.usefixtures("domains")
def test_pending_edits_hold_the_feeder_and_its_workers(backfill: Backfill):
    make(Made("first", ["a", "b"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        assert fleet.feed().sent == 2
        with backfill.unit_of_work.records() as tx:
            tx.inbox.put_all([(1, f"edit-{number}", b"{}", backfill.clock()) for number in range(MAX_EDITS)])
        backfill.clock.pass_seconds(3)
        assert fleet.feed().held_by == f"people's edits come first: {MAX_EDITS} are pending"
        worker = ItemWorker(
            backfill.unit_of_work,
            lambda _: context,
            throttle=Throttle(backfill.unit_of_work, clock=backfill.clock),
            clock=backfill.clock,
        )
        assert worker.work(fleet.broker.queue[0]).outcome == "held"


@pytest.mark.usefixtures("domains")
def test_a_paused_run_is_left_alone(backfill: Backfill):
    make(Made("first", ["a", "b"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        pause(backfill.unit_of_work, backfill.clock())
        assert fleet.work() == ["skipped", "skipped"]
        assert fleet.feed().sent == 0
        resume(backfill.unit_of_work, backfill.clock())
        backfill.clock.pass_seconds(LOST_AFTER_SECONDS)
        assert fleet.feed().sent == 2
        assert fleet.work() == ["done", "done"]


@pytest.mark.usefixtures("domains")
def test_a_paused_run_whose_items_are_all_done_is_finished_when_it_is_resumed(backfill: Backfill):
    make(Made("first", ["a"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        assert fleet.work() == ["done"]
        pause(backfill.unit_of_work, backfill.clock())
        resumed = resume(backfill.unit_of_work, backfill.clock())

        assert (resumed.state, resumed.active) == ("finished", None)
        with pytest.raises(NoBackfillRun):
            resume(backfill.unit_of_work, backfill.clock())


@pytest.mark.usefixtures("domains")
def test_two_feeders_and_two_workers_do_each_item_once(backfill: Backfill):
    done: list[str] = []

    def noted(work: ItemWork) -> bool:
        record(work, b"")
        done.append(work.name)
        return True

    make(Made("first", [str(number) for number in range(30)], does=noted), Made("second", ["x"], "first", does=noted))
    with backfill.context() as context:
        one, other = Fleet(context, backfill, window=20), Fleet(context, backfill, window=20)
        while not one.feed().ended:
            other.feed()
            other.broker.queue += one.broker.queue
            one.work()
            other.work()
    assert sorted(done) == sorted([*map(str, range(30)), "x"])


@pytest.mark.usefixtures("domains")
def test_a_changed_mapping_is_planned_again_before_anything_is_sent(backfill: Backfill):
    first = Made("first", ["a"])
    make(first)
    mapping = backfill.mapping()
    with backfill.context(mapping=mapping) as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        fleet.work()
    first.names = ["a", "b"]
    with open_source(backfill.url) as source:
        run, is_new = open_run(backfill.unit_of_work, source, f"{mapping}# changed\n", share=None, clock=backfill.clock)
        assert (run.state, is_new, fleet.feed().sent) == ("planning", False, 0)
    with backfill.context(mapping=f"{mapping}# changed\n") as context:
        fleet = Fleet(context, backfill)
        assert (context.run_id, fleet.feed().sent, fleet.work()) == (run.id, 1, ["done"])
        assert fleet.feed().run.state == "finished"


@pytest.mark.usefixtures("domains")
def test_a_newer_program_with_more_domains_does_not_finish_without_them(backfill: Backfill):
    make(Made("first", ["a"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        fleet.work()
        make(Made("second", ["b"]))
        fed = fleet.feed()
        assert (fed.ended, fed.run.state) == (False, "running")
        assert fed.held_by == "the items of second are not known yet: `scriptledger backfill run` finds them"
    assert backfill.run().run.state == "finished"


@pytest.mark.usefixtures("domains")
def test_the_items_of_ended_workers_are_taken_over_at_once(backfill: Backfill):
    make(Made("first", ["a", "b"]))
    with backfill.context() as context:
        fleet = Fleet(context, backfill)
        fleet.feed()
        assert not isinstance(fleet.worker._claim(fleet.broker.queue.pop()), str)
        take_over(backfill.unit_of_work, context.run_id)
        assert (fleet.feed().sent, set(fleet.work())) == (2, {"done", "skipped"})
