"""The cost of fault points without a listener: their share of a submission, measured on this machine."""

from __future__ import annotations

import sys
import time
import timeit
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import pytest

from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from repos import fault_points
from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.processes.writers import Order, Seen, beginning, script_of

MOST = 0.01
CALLS = 20_000
SUBMISSIONS = 100


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_engine(f"sqlite:///{tmp_path}/ledger.db") as engine:
        upgrade(engine)
        yield Ledger(UnitOfWork(engine))


def test_boundaries_cost_less_than_a_hundredth_of_a_submission(ledger: Ledger, monkeypatch: pytest.MonkeyPatch):
    ledger.submit(beginning(1, 1))
    edits = edits_of(1)

    passed = boundaries_passed(ledger, next(edits), monkeypatch)
    moments = [time.perf_counter()]
    for submission in islice(edits, SUBMISSIONS):
        ledger.submit(submission)
        moments.append(time.perf_counter())
    whole = min(after - before for before, after in pairwise(moments))
    each = min(timeit.repeat(lambda: fault_points.fault_point("before head locked"), number=CALLS, repeat=5)) / CALLS

    share = passed * each / whole
    print(f"{passed} boundaries of {each * 1e9:.0f} ns in a submission of at least {whole * 1e6:.0f} µs: {share:.3%}")
    assert fault_points.listener is None
    assert passed >= len(fault_points.STEPS) / 2, "they are counted in the wrong place"
    assert share < MOST


def boundaries_passed(ledger: Ledger, submission: Submission, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many fault points one submission passes without a listener, which shortens a flush."""
    calls: list[str] = []
    original = fault_points.fault_point
    with monkeypatch.context() as counted:
        for module in list(sys.modules.values()):
            if getattr(module, "fault_point", None) is original:
                counted.setattr(module, "fault_point", calls.append)
        assert ledger.submit(submission).outcome == "applied"
    return len(calls)


def edits_of(script_id: int) -> Iterator[Submission]:
    order = Order(journals="", script_id=script_id, writers=1, each=SUBMISSIONS + 1)
    return script_of(order, 0, Seen())
