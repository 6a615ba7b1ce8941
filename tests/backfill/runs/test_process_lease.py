"""A run whose only workers were those of a process that has ended is distinguished from one in progress."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from backfill.runs.control import latest_run
from backfill.runs.opening import open_run
from backfill.runs.process_lease import LEASE_SECONDS, ProcessLease, _started, ended_process, this_process
from repos.legacy.connection import open_source
from tests.backfill.runs.backfill_setup import Backfill

HERE = socket.gethostname()
ELSEWHERE = "0123456789ab 77 another 1"


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


@contextmanager
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs as long as the block."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.communicate()


def test_a_process_of_this_machine_has_ended_as_soon_as_it_has(backfill: Backfill) -> None:
    run = opened(backfill)
    machine = this_process().split()[0]
    with process() as running:
        take(backfill, run, f"{machine} {_started(running.pid)} {HERE} {running.pid}")
        assert ended(backfill) is None
        # It may be too busy to renew its lease.
        backfill.clock.pass_seconds(LEASE_SECONDS)
        assert ended(backfill) is None
    assert ended(backfill) == f"{HERE} {running.pid}"


def test_another_process_under_the_same_number_is_not_the_one_that_has_ended(backfill: Backfill) -> None:
    """As in a restarted container, whose processes have the same few numbers each time."""
    run = opened(backfill)
    with process() as running:
        take(backfill, run, f"{this_process().split()[0]} 1 {HERE} {running.pid}")
        assert ended(backfill) == f"{HERE} {running.pid}"


@pytest.mark.parametrize("holder", ["0123456789ab 77 {host} {number}", "{host} {number}"])
def test_a_process_of_another_container_with_this_host_name_is_not_taken_for_ended(
    backfill: Backfill, holder: str
) -> None:
    """No process here has its number. Older versions named no container."""
    run = opened(backfill)
    with process() as running:
        pass
    take(backfill, run, holder.format(host=HERE, number=running.pid))

    assert ended(backfill) is None
    backfill.clock.pass_seconds(LEASE_SECONDS)
    assert ended(backfill) == f"{HERE} {running.pid}"


def test_a_lease_names_this_process_within_the_width_of_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 253)
    assert len(this_process()) <= 120
    assert this_process().split()[1] == _started(os.getpid())


def test_a_lease_of_another_process_is_not_removed(backfill: Backfill) -> None:
    run = opened(backfill)
    take(backfill, run, ELSEWHERE)
    ProcessLease(backfill.unit_of_work, run, backfill.clock).remove()

    backfill.clock.pass_seconds(LEASE_SECONDS)
    assert ended(backfill) == "another 1"


def test_a_process_elsewhere_has_ended_when_its_lease_has(backfill: Backfill) -> None:
    take(backfill, opened(backfill), ELSEWHERE)

    assert ended(backfill) is None
    backfill.clock.pass_seconds(LEASE_SECONDS)
    assert ended(backfill) == "another 1"


def test_a_lease_is_renewed_taken_from_a_process_that_has_ended_and_given_up(backfill: Backfill) -> None:
    run = opened(backfill)
    take(backfill, run, ELSEWHERE)
    lease = ProcessLease(backfill.unit_of_work, run, backfill.clock)
    lease.renew()
    with backfill.unit_of_work.reading() as tx:
        held = tx.leases.get(f"backfill-run-{run}")
    assert held is not None
    assert held.holder == ELSEWHERE
    for _ in range(4):
        backfill.clock.pass_seconds(LEASE_SECONDS - 1)
        lease.renew()
    assert ended(backfill) is None
    lease.remove()
    assert ended(backfill) is None


def test_workers_that_go_on_with_the_run_are_seen(backfill: Backfill) -> None:
    with backfill.context() as context:
        take(backfill, context.run_id, ELSEWHERE)
    backfill.clock.pass_seconds(LEASE_SECONDS)
    assert ended(backfill) == "another 1"

    now = backfill.clock()
    with backfill.unit_of_work.records() as tx:
        item = tx.backfill_items.read(context.run_id)[0]
        assert tx.backfill_items.claim(item, now=now, until=now + 1_000_000) is not None
    assert ended(backfill) is None
    backfill.clock.pass_seconds(1)
    assert ended(backfill) == "another 1"


def test_workers_that_claim_with_their_slices_are_seen_by_what_was_sent_to_them(backfill: Backfill) -> None:
    with backfill.context() as context:
        take(backfill, context.run_id, ELSEWHERE)
    backfill.clock.pass_seconds(LEASE_SECONDS + 1)
    assert ended(backfill) == "another 1"

    with backfill.unit_of_work.records() as tx:
        tx.backfill_items.mark_sent([tx.backfill_items.read(context.run_id)[0].id], now=backfill.clock())
    assert ended(backfill) is None


def test_a_finished_run_has_none(backfill: Backfill) -> None:
    fed = backfill.run()

    assert fed.run.state == "finished"
    with backfill.unit_of_work.reading() as tx:
        assert tx.leases.get(f"backfill-run-{fed.run.id}") is None
