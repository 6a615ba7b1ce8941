"""Work on one item: claims and their fence, slices, retries, pauses, and what an error may say."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pymysql
import pytest
from pymysql.constants import ER

from backfill.domains.base import CLAIM_SECONDS, BackfillContext, Domain, ItemWork
from backfill.runs import control, feeding
from backfill.runs.control import UnknownBackfillItem, cancel, pause, retry
from backfill.runs.item_worker import MAX_ATTEMPTS, ItemWorker
from backfill.runs.local_run import run_here
from backfill.runs.opening import LedgerInUse, NoBackfillRun, open_run
from backfill.runs.progress import DomainState, domain_states
from backfill.runs.run_context import MappingOutdated, OtherSource
from backfill.runs.throttle import rest
from domain.errors import Conflict, Corrupt
from repos.backfill.item import BackfillItem
from repos.backfill.runs import BackfillRunRow
from repos.legacy.connection import open_source
from repos.legacy.errors import SourceError
from repos.unit_of_work import RecordsTransaction
from tests.backfill.runs.backfill_setup import SECRET, Backfill, make_legacy_file
from tests.backfill.runs.made_domains import Made, one_slice, record


@pytest.fixture
def only(domains: dict[str, Domain]) -> Callable[[Made], None]:
    """Lets one domain be the only one."""

    def make(domain: Made) -> None:
        domains.clear()
        domains[domain.name] = domain

    return make


def worker_of(backfill: Backfill, context: BackfillContext, **options: float) -> ItemWorker:
    return ItemWorker(backfill.unit_of_work, lambda _: context, clock=backfill.clock, **options)  # type: ignore[arg-type]


def the_item(backfill: Backfill) -> BackfillItem:
    with backfill.unit_of_work.reading() as tx:
        [run] = tx.backfill_runs.read(limit=1)
        [item] = tx.backfill_items.read(run.id)
    return item


def test_slices_go_on_until_time_is_up_and_continue_from_the_checkpoint(
    backfill: Backfill, only: Callable[[Made], None]
):
    seen: list[bytes] = []

    def counting(work: ItemWork) -> bool:
        seen.append(work.checkpoint)
        record(work, b"%d" % len(seen))
        return len(seen) == 5

    only(Made("first", ["a"], does=counting))
    with backfill.context() as context:
        outcomes = [worker_of(backfill, context, seconds=0).work(1).outcome for _ in range(2)]
        outcomes.append(worker_of(backfill, context).work(1).outcome)
    assert (outcomes, seen) == (["more", "more", "done"], [b"", b"1", b"2", b"3", b"4"])
    assert the_item(backfill).counts == b'{"ideas":{"migrated":5}}'


def test_a_worker_whose_claim_was_taken_writes_nothing_more(backfill: Backfill, only: Callable[[Made], None]):
    def slow(work: ItemWork) -> bool:
        record(work, b"first slice")
        backfill.clock.pass_seconds(CLAIM_SECONDS + 1)
        only(Made("first", ["a"]))
        assert worker_of(backfill, work.context).work(1).outcome == "done"
        record(work, b"after another worker was done")
        raise AssertionError("it was recorded")

    only(Made("first", ["a"], does=slow))
    with backfill.context() as context:
        assert worker_of(backfill, context).work(1).outcome == "skipped"
    item = the_item(backfill)
    assert (item.state, item.checkpoint, item.counts) == ("done", b"end", b'{"ideas":{"migrated":2}}')


def test_a_cancelled_run_is_fenced_off(backfill: Backfill, only: Callable[[Made], None]):
    def slow(work: ItemWork) -> bool:
        cancel(backfill.unit_of_work, backfill.clock())
        record(work, b"too late")
        raise AssertionError("it was recorded")

    only(Made("first", ["a"], does=slow))
    with backfill.context() as context:
        assert worker_of(backfill, context).work(1).outcome == "skipped"
    assert the_item(backfill).checkpoint == b""
    with backfill.context() as context:
        assert context.run_id == 2, "a new run may begin"


def test_a_paused_run_ends_after_the_slice(backfill: Backfill, only: Callable[[Made], None]):
    def pausing(work: ItemWork) -> bool:
        record(work, b"one slice")
        pause(backfill.unit_of_work, backfill.clock())
        return False

    only(Made("first", ["a"], does=pausing))
    with backfill.context() as context:
        assert worker_of(backfill, context).work(1).outcome == "held"
    item = the_item(backfill)
    assert (item.state, item.checkpoint, item.attempts) == ("due", b"one slice", 0)


class Bug(Exception):
    """A bug whose message quotes a row."""


def raising(error: Exception) -> Callable[[ItemWork], bool]:
    def migrate(_: ItemWork) -> bool:
        raise error

    return migrate


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (Conflict(SECRET), "held", "the database is busy (Conflict)"),
        (SourceError("source_lost", "The connection was lost."), "held", "The connection was lost."),
        (SourceError("source_no_select", "Grant it SELECT."), "failed", "Grant it SELECT."),
        (Corrupt(SECRET), "failed", "the ledger contradicts itself: see `scriptledger quarantine list`"),
        (
            pymysql.OperationalError(ER.TABLEACCESS_DENIED_ERROR, "SELECT command denied to user 'b'@'h'"),
            "failed",
            "the database account lacks a privilege (SELECT command denied to user 'b'@'h'): `scriptledger gates inst",
        ),
        (Bug(SECRET), "failed", "stopped by Bug at test_item_worker.py:"),
        (OtherSource(wanted="a", named="b"), "held", "This backfill reads a, and the legacy database named here is b."),
        (MappingOutdated(source="a", where="", sentence="It changed."), "held", "The mapping no longer fits a: It"),
    ],
)
def test_an_error_is_recorded_without_a_value(
    backfill: Backfill, only: Callable[[Made], None], error: Exception, outcome: str, reason: str
):
    only(Made("first", ["a"], does=raising(error)))
    with backfill.context() as context:
        worked = worker_of(backfill, context).work(1)
    assert (worked.outcome, worked.reason.startswith(reason)) == (outcome, True), worked
    item = the_item(backfill)
    assert item.state == ("failed" if outcome == "failed" else "due")
    assert SECRET not in f"{item.error}{worked.reason}"
    with backfill.unit_of_work.reading() as tx:
        run = tx.backfill_runs.active()
    assert run is not None
    assert run.state == ("paused" if isinstance(error, MappingOutdated) else "running")
    assert bool(run.held_by) is (outcome == "held")


def test_an_item_that_ends_its_workers_is_given_up_and_progress_counts(
    backfill: Backfill, only: Callable[[Made], None]
):
    class Killed(BaseException):
        """The worker ends here."""

    def deadly(work: ItemWork) -> bool:
        if work.checkpoint != b"half":
            record(work, b"half")
        raise Killed

    only(Made("first", ["a"], does=deadly))
    with backfill.context() as context:
        for _ in range(MAX_ATTEMPTS):
            with pytest.raises(Killed):
                worker_of(backfill, context).work(1)
            backfill.clock.pass_seconds(CLAIM_SECONDS + 1)
        # The first one made progress.
        with pytest.raises(Killed):
            worker_of(backfill, context).work(1)
        backfill.clock.pass_seconds(CLAIM_SECONDS + 1)
        worked = worker_of(backfill, context).work(1)
    assert (worked.outcome, worked.reason) == ("failed", f"{MAX_ATTEMPTS} workers ended while they worked on it")


def test_a_failed_item_is_done_again_from_its_beginning(backfill: Backfill, only: Callable[[Made], None]):
    def half(work: ItemWork) -> bool:
        record(work, b"half")
        raise Corrupt("x")

    only(Made("first", ["a"], does=half))
    with backfill.context() as context:
        worker_of(backfill, context).work(1)
        with pytest.raises(UnknownBackfillItem):
            retry(backfill.unit_of_work, item=7)
        only(Made("first", ["a"], does=one_slice))
        run, items = retry(backfill.unit_of_work, failed=True)
        assert (run.id, items) == (1, 1)
        assert worker_of(backfill, context).work(1).outcome == "done"
    assert the_item(backfill).counts == b'{"ideas":{"migrated":1}}'


def test_a_finished_run_is_reopened_and_its_certificate_void(backfill: Backfill, only: Callable[[Made], None]):
    only(Made("first", ["a"]))
    fed = backfill.run()
    assert fed.run.state == "finished"
    with backfill.unit_of_work.records() as tx:
        tx.backfill_runs.certify(fed.run.id, b"{}", now=1)
    assert retry(backfill.unit_of_work, failed=True, quarantined=True)[1] == 0

    retry(backfill.unit_of_work, item=1)

    with backfill.unit_of_work.reading() as tx:
        run = control.latest_run(tx)
    assert (run.state, run.active, run.void) == ("running", 1, "items were done again after it was made")
    assert backfill.run().run.state == "finished"


def test_a_run_is_not_finished_over_an_item_that_is_done_again(
    backfill: Backfill, only: Callable[[Made], None], monkeypatch: pytest.MonkeyPatch
):
    only(Made("first", ["a"]))

    def counted(tx: RecordsTransaction, run: BackfillRunRow) -> list[DomainState]:
        monkeypatch.setattr(feeding, "domain_states", domain_states)
        states = domain_states(tx, run)
        retry(backfill.unit_of_work, item=1)
        return states

    with backfill.context() as context:
        worker_of(backfill, context).work(1)
        monkeypatch.setattr(feeding, "domain_states", counted)
        assert run_here(context, lambda _: None, clock=backfill.clock).run.state == "finished"
    assert (the_item(backfill).state, the_item(backfill).claim) == ("done", 3)


def test_runs_exclude_each_other(backfill: Backfill, only: Callable[[Made], None]):
    only(Made("first", ["a"]))
    with backfill.context() as context:
        with backfill.context() as same:
            assert same.run_id == context.run_id
        other = backfill.file.with_name("other.db")
        make_legacy_file(other)
        with open_source(f"sqlite:///{other}") as source, pytest.raises(OtherSource):
            open_run(backfill.unit_of_work, source, "", share=None, clock=backfill.clock)


def test_a_source_whose_tables_changed_is_refused_until_the_mapping_fits(backfill: Backfill):
    mapping = backfill.mapping()
    with backfill.context(mapping=mapping) as context:
        assert context.run_id == 1
    with closing(sqlite3.connect(backfill.file)) as connection:
        connection.execute("ALTER TABLE ideas ADD COLUMN colour TEXT")
    with (
        pytest.raises(MappingOutdated, match=r"ideas: The columns or the key changed"),
        backfill.context(mapping=mapping),
    ):
        pass

    fed = backfill.run()

    assert (fed.run.id, fed.run.state) == (1, "finished")
    with backfill.unit_of_work.reading() as tx:
        assert '"colour":null' in tx.legacy_rows.read("ideas", limit=1)[0].content


def test_a_ledger_with_users_of_its_own_is_refused(backfill: Backfill):
    with backfill.unit_of_work.records() as tx:
        tx.users.add("ada@example.org", 1)
    with open_source(backfill.url) as source, pytest.raises(LedgerInUse) as refused:
        open_run(backfill.unit_of_work, source, "", share=None, clock=backfill.clock)
    assert refused.value.message.startswith("The ledger has users, whose ids")
    with backfill.unit_of_work.reading() as tx, pytest.raises(NoBackfillRun):
        control.latest_run(tx)


@pytest.mark.parametrize(("share", "pause"), [(100, []), (50, [2.0]), (20, [5.0]), (80, [0.5])])
def test_a_share_of_time_is_a_pause_after_each_slice(share: int, pause: list[float]):
    paused: list[float] = []
    rest(2.0, share, paused.append)
    assert paused == pause


def test_a_share_of_time_is_also_kept_between_items_of_one_slice(backfill: Backfill, only: Callable[[Made], None]):
    only(Made("first", ["a", "b"]))
    paused: list[float] = []
    with backfill.context(share=50) as context:
        worker = ItemWorker(backfill.unit_of_work, lambda _: context, clock=backfill.clock, sleep=paused.append)
        assert [worker.work(number).outcome for number in (1, 2)] == ["done", "done"]
    assert len(paused) == 2
    assert min(paused) > 0
