"""Claims of scripts in materialization runs: of stopped and dead workers, and of long replays; and the lag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from domain.commands.kinds.line_edit import LineEdit
from materialization.integrity import verify as verify_module
from materialization.integrity.quarantine import quarantine
from materialization.scheduled_runs import materialize_script as materialize_module
from materialization.scheduled_runs.materialize_script import CLAIM_MICROS, Materializer
from materialization.scheduled_runs.open_run import Opened
from repos.unit_of_work import UnitOfWork
from tests.materialization.scheduled_runs.runs import Run, behind, scripts
from tests.materialization.writer import SECOND, Clock


def test_a_process_that_is_stopped_hands_its_script_over_at_once(
    own: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = scripts(own, clock, 1)[0]
    run = Run(own, clock)
    opened = run.open()

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(materialize_module, "project", stop)
        with pytest.raises(KeyboardInterrupt):
            run.work()

    assert run.open() == Opened(None, 0, 1), "without waiting for the claim to expire"
    assert run.work() == ["done"]
    assert run.row(opened.run_id).finished_at
    assert behind(writer) == 0


def test_a_long_replay_keeps_its_claim(own: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = scripts(own, clock, 1)[0]
    run = Run(own, clock, sample=1)
    run.open()
    others: list[str | None] = []
    monkeypatch.setattr(verify_module, "PROGRESS_EVERY_VERSIONS", 1)
    for number in range(5):
        writer.send(LineEdit(line="l1", text=f"Dawn {number}.", expect=writer.expect("l1")))
    whole = materialize_module.audit

    def slowly(*args: Any, progress: Callable[[int], None], **more: Any) -> Any:
        def slow(version: int) -> None:
            clock.pass_seconds(60)
            progress(version)
            others.append(Materializer(own, clock=clock).materialize(*item))

        return whole(*args, progress=slow, **more)

    (item,) = run.sent
    monkeypatch.setattr(materialize_module, "audit", slowly)

    assert run.work() == ["done"]
    assert len(others) >= 6, "minutes passed"
    assert {*others} == {None}


def test_a_claim_that_was_lost_ends_the_replay(own: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = scripts(own, clock, 1)[0]
    run = Run(own, clock, sample=1)
    opened = run.open()
    whole = materialize_module.audit

    def suspended(*args: Any, progress: Callable[[int], None], **more: Any) -> Any:
        clock.pass_seconds(CLAIM_MICROS / SECOND)
        with own.records() as tx:
            assert tx.run_items.claim(*item, now=clock(), until=clock() + CLAIM_MICROS)
        return whole(*args, progress=progress, **more)

    (item,) = run.sent
    monkeypatch.setattr(materialize_module, "audit", suspended)

    assert run.work() == ["due"], "it gives up"
    with own.reading() as tx:
        (kept,) = tx.run_items.read(opened.run_id or 0)
    assert (kept.state, kept.attempts) == ("running", 2), "the other worker has it"
    assert writer.script_id == kept.script_id


def test_the_lag_counts_scripts_of_a_stalled_run(own: UnitOfWork, clock: Clock) -> None:
    first, second = scripts(own, clock, 2)
    run = Run(own, clock)
    run.open()
    with own.records() as tx:
        for item in run.sent:
            assert tx.run_items.claim(*item, now=clock(), until=clock() + CLAIM_MICROS)
    clock.pass_seconds(60)
    run.sent.clear()
    assert run.open() == Opened(None, 0, 0)

    with own.reading() as tx:
        assert tx.outdated.lag().micros(clock()) == 60 * SECOND, "though nothing is due"
    clock.pass_seconds(60)
    assert run.open().again == 2, "their workers are dead"
    second.send(LineEdit(line="l1", text="Dawn.", expect=second.expect("l1")))
    run.work()
    with own.reading() as tx:
        lag = tx.outdated.lag()
    assert (lag.scripts, lag.versions, lag.since) == (0, 0, None)
    assert [behind(first), behind(second)] == [0, 0]


def test_scripts_out_of_service_have_no_lag(own: UnitOfWork, clock: Clock) -> None:
    writer = scripts(own, clock, 1)[0]
    quarantine(own, writer.script_id, found_by="a test", reason="broken", now=clock())

    with own.reading() as tx:
        assert tx.outdated.lag().scripts == 0


def test_a_script_that_was_quarantined_in_the_meantime_is_left_as_it_is(own: UnitOfWork, clock: Clock) -> None:
    writer = scripts(own, clock, 1)[0]
    run = Run(own, clock)
    run.open()
    quarantine(own, writer.script_id, found_by="a test", reason="broken", now=clock())

    assert run.work() == ["done"]
    assert behind(writer) == 1
    with own.reading() as tx:
        assert tx.seals.read(writer.script_id) == []
