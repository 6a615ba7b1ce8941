"""A run whose only workers were those of a process that has ended is distinguished from one in progress."""

from __future__ import annotations

import socket
import subprocess
import sys

from backfill.runs.control import latest_run
from backfill.runs.opening import open_run
from backfill.runs.process_lease import LEASE_SECONDS, ProcessLease, ended_process
from repos.legacy.connection import open_source
from tests.backfill.runs.backfill_setup import Backfill

HERE = socket.gethostname()


def opened(backfill: Backfill) -> int:
    with open_source(backfill.url) as source:
        run, _ = open_run(backfill.unit_of_work, source, backfill.mapping(), share=None, clock=backfill.clock)
    return run.id


def ended(backfill: Backfill) -> str | None:
    with backfill.unit_of_work.reading() as tx:
        return ended_process(tx, latest_run(tx), backfill.clock())


def take(backfill: Backfill, run: int, holder: str) -> None:
    now = backfill.clock()
    with backfill.unit_of_work.records() as tx:
        tx.leases.remove(f"backfill-run-{run}")
        tx.leases.take(f"backfill-run-{run}", holder, now=now, until=now + LEASE_SECONDS * 1_000_000)


def test_a_run_without_a_lease_has_workers_of_their_own(backfill: Backfill) -> None:
    opened(backfill)

    assert ended(backfill) is None


def test_a_process_of_this_machine_has_ended_as_soon_as_it_has(backfill: Backfill) -> None:
    run = opened(backfill)
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    take(backfill, run, f"{HERE} {process.pid}")

    assert ended(backfill) is None
    process.communicate()
    assert ended(backfill) == f"{HERE} {process.pid}"


def test_a_process_elsewhere_has_ended_when_its_lease_has(backfill: Backfill) -> None:
    take(backfill, opened(backfill), "another machine 1")

    assert ended(backfill) is None
    backfill.clock.pass_seconds(LEASE_SECONDS)
    assert ended(backfill) == "another machine 1"


def test_a_lease_is_renewed_taken_from_a_process_that_has_ended_and_given_up(backfill: Backfill) -> None:
    run = opened(backfill)
    take(backfill, run, "another machine 1")
    lease = ProcessLease(backfill.unit_of_work, run, backfill.clock)
    lease.renew()
    with backfill.unit_of_work.reading() as tx:
        held = tx.leases.get(f"backfill-run-{run}")
    assert held is not None
    assert held.holder == "another machine 1"
    for _ in range(4):
        backfill.clock.pass_seconds(LEASE_SECONDS - 1)
        lease.renew()
    assert ended(backfill) is None
    backfill.clock.pass_seconds(LEASE_SECONDS)
    assert ended(backfill) is not None
    lease.remove()
    assert ended(backfill) is None


def test_workers_that_go_on_with_the_run_are_seen(backfill: Backfill) -> None:
    with backfill.context() as context:
        take(backfill, context.run_id, "another machine 1")
    backfill.clock.pass_seconds(LEASE_SECONDS)
    assert ended(backfill) == "another machine 1"

    now = backfill.clock()
    with backfill.unit_of_work.records() as tx:
        item = tx.backfill_items.read(context.run_id)[0]
        assert tx.backfill_items.claim(item, now=now, until=now + 1_000_000) is not None
    assert ended(backfill) is None
    backfill.clock.pass_seconds(1)
    assert ended(backfill) == "another machine 1"


def test_a_finished_run_has_none(backfill: Backfill) -> None:
    fed = backfill.run()

    assert fed.run.state == "finished"
    with backfill.unit_of_work.reading() as tx:
        assert tx.leases.get(f"backfill-run-{fed.run.id}") is None
