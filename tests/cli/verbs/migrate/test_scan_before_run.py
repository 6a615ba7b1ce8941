"""The scan before a run begins: verbs name the process that scans, because there is no run to pause yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backfill.mapping.draft import draft
from backfill.runs.control import BackfillNotBegun, cancel, latest_run, pause, resume
from backfill.runs.opening import NoBackfillRun
from backfill.runs.process_lease import LEASE_SECONDS, ProcessLease
from backfill.runs.scan.scan import Scan, Scanned
from cli.verbs.migrate.backfill_verbs import running
from materialization.clock import system_clock
from repos.backfill.runs import BackfillRunRow
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import Source, open_source
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.runs.backfill_setup import make_legacy_file


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UnitOfWork]:
    with open_engine(f"sqlite:///{tmp_path_factory.mktemp('scanned') / 'ledger.db'}") as engine:
        upgrade(engine)
        yield UnitOfWork(engine)


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Source]:
    make_legacy_file(tmp_path / "legacy.db")
    with open_source(f"sqlite:///{tmp_path / 'legacy.db'}") as opened:
        yield opened


def latest(unit_of_work: UnitOfWork, _now: int) -> BackfillRunRow:
    with unit_of_work.reading() as tx:
        return latest_run(tx)


@pytest.mark.parametrize("control", [pause, resume, cancel, latest])
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_run_that_is_scanned_for_has_not_begun(
    ledger: UnitOfWork,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    control: Callable[[UnitOfWork, int], BackfillRunRow],
    interrupted: bool,
) -> None:
    scan = Scan.run
    refusals: list[str] = []

    def controlled(self: Scan) -> Scanned:
        with pytest.raises(BackfillNotBegun) as refused:
            control(ledger, system_clock())
        refusals.append(refused.value.message)
        if interrupted:
            raise KeyboardInterrupt
        return scan(self)

    monkeypatch.setattr(Scan, "run", controlled)
    rules = draft(read_catalog(source)).mapping
    try:
        running._scan(source, rules, ProcessLease(ledger, None, system_clock))
    except KeyboardInterrupt:
        assert interrupted

    assert [sentence.split(" still scans")[0].split()[0] for sentence in refusals] == ["Process"]
    with pytest.raises(NoBackfillRun):
        control(ledger, system_clock())


def test_a_process_that_ended_while_it_scanned_is_not_named(ledger: UnitOfWork) -> None:
    now = system_clock()
    with ledger.records() as tx:
        tx.leases.take("backfill-scan", "0123456789ab 77 another 1", now=now, until=now + LEASE_SECONDS * 1_000_000)
    with pytest.raises(BackfillNotBegun, match=r"Process 1 of another still scans"):
        pause(ledger, now)
    with pytest.raises(NoBackfillRun):
        pause(ledger, now + LEASE_SECONDS * 1_000_000)
    with ledger.records() as tx:
        tx.leases.remove("backfill-scan")
