"""Backfill slices: many saves in one transaction; a refused save leaves nothing and may be sent again."""

from __future__ import annotations

import pytest

from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Conflict
from domain.refusals import ScriptNotBeingBackfilled, UnknownScript
from materialization.integrity.quarantine import Quarantined, quarantine
from materialization.submissions.backfill_mode import begin_backfill, end_backfill
from materialization.write_path import backfill_slice
from materialization.write_path.backfill_slice import BackfillLedger, Slice
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.legacy_saves import LegacySaves, create, edit, refused, text_of
from tests.materialization.writer import START, Clock, Writer


@pytest.fixture(autouse=True)
def send_each_save_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill_slice, "BYTES_AHEAD", 1)


@pytest.fixture
def script_id(unit_of_work: UnitOfWork) -> int:
    with unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
    begin_backfill(unit_of_work, script_id)
    return script_id


@pytest.fixture
def ledger(unit_of_work: UnitOfWork, clock: Clock) -> BackfillLedger:
    return BackfillLedger(unit_of_work, clock=clock)


def test_many_saves_are_one_transaction(unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int) -> None:
    saves = LegacySaves(script_id, [create, *(edit(number) for number in range(2, 301))])

    written = ledger.write(script_id, saves)

    assert [answer.first_version for answer in written.answers] == list(range(1, 301))
    assert not written.more
    assert written.refusal is None
    assert saves.recorded == [written]
    assert saves.accepted_versions == list(range(1, 301))
    assert [text_of(unit_of_work, script_id, version) for version in (1, 150, 300)] == [
        "Save 1",
        "Save 150",
        "Save 300",
    ]


def test_a_second_run_writes_nothing(ledger: BackfillLedger, script_id: int) -> None:
    saves = LegacySaves(script_id, [create, edit(2)])
    ledger.write(script_id, saves)

    assert ledger.write(script_id, saves) == Slice((), more=False)


def test_slices_continue_from_the_head(
    unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1_000)
    saves = LegacySaves(script_id, [create, *(edit(number) for number in range(2, 31))])
    slices = []
    while not slices or slices[-1].more:
        slices.append(ledger.write(script_id, saves))

    assert len(slices) > 2
    assert sum(len(written.answers) for written in slices) == 30
    assert text_of(unit_of_work, script_id) == "Save 30"


def test_a_slice_without_time_writes_one_save(ledger: BackfillLedger, script_id: int) -> None:
    written = ledger.write(script_id, LegacySaves(script_id, [create, edit(2), edit(3)]), seconds=0)

    assert len(written.answers) == 1
    assert written.more


def test_a_refused_save_is_neither_answered_nor_kept_and_can_be_repaired(
    unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int
) -> None:
    saves = LegacySaves(script_id, [create, edit(2), refused, edit(4)])

    written = ledger.write(script_id, saves)

    assert len(written.answers) == 2
    assert written.refusal is not None
    assert written.refusal.code == "unknown_line"
    assert saves.accepted_versions == [1, 2]
    with unit_of_work.reading() as tx:
        assert tx.submissions.get(script_id, "save-3") is None
        assert [row for row in tx.rejected.read(limit=1_000) if row.script_id == script_id] == []

    saves.saves[2] = edit(3)
    written = ledger.write(script_id, saves)

    assert [answer.submission_id for answer in written.answers] == ["save-3", "save-4"]
    assert text_of(unit_of_work, script_id) == "Save 4"


def test_an_invalid_save_is_refused_like_one_from_outside(ledger: BackfillLedger, script_id: int) -> None:
    written = ledger.write(script_id, LegacySaves(script_id, [create, lambda _: LineEdit(line="l1", text="a\x00b")]))

    assert written.refusal is not None
    assert written.refusal.code == "control_character"


def test_a_failed_record_writes_no_save(unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int) -> None:
    saves = LegacySaves(script_id, [create, edit(2)])
    saves.fail = RuntimeError("no room for the checkpoint")

    with pytest.raises(RuntimeError):
        ledger.write(script_id, saves)

    with unit_of_work.reading() as tx, pytest.raises(UnknownScript):
        tx.heads.require(script_id)


def test_a_conflict_starts_the_slice_again(unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int) -> None:
    saves = LegacySaves(script_id, [create, edit(2)])
    saves.fail = Conflict("another node committed first")

    written = ledger.write(script_id, saves)

    assert saves.begun == 2
    assert len(written.answers) == 2
    assert text_of(unit_of_work, script_id) == "Save 2"


def test_a_script_that_is_open_takes_no_slice(unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int) -> None:
    saves = LegacySaves(script_id, [create])
    ledger.write(script_id, saves)
    end_backfill(unit_of_work, script_id)

    with pytest.raises(ScriptNotBeingBackfilled):
        ledger.write(script_id, LegacySaves(script_id, [create, edit(2)]))


def test_a_quarantined_script_takes_no_slice(unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int) -> None:
    ledger.write(script_id, LegacySaves(script_id, [create]))
    quarantine(unit_of_work, script_id, found_by="verify", reason="a test", now=START)

    with pytest.raises(Quarantined):
        ledger.write(script_id, LegacySaves(script_id, [create, edit(2)]))


def test_the_next_edit_by_a_person_continues_the_history(
    unit_of_work: UnitOfWork, ledger: BackfillLedger, script_id: int, writer: Writer
) -> None:
    ledger.write(script_id, LegacySaves(script_id, [create, edit(2)]))
    end_backfill(unit_of_work, script_id)
    writer.script_id, writer.version = script_id, 2

    answer = writer.send(LineEdit(line="l1", text="Mine", expect=writer.expect("l1")))

    assert answer.outcome == "applied"
    assert text_of(unit_of_work, script_id) == "Mine"
