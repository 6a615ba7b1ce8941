"""Slices that hold a script: the first begins its backfill mode, the last ends it, each in its own transaction."""

from __future__ import annotations

import pytest

from materialization.submissions.backfill_mode import begin_backfill
from materialization.write_path.backfill_slice import BackfillLedger
from repos.unit_of_work import UnitOfWork
from tests.materialization.write_path.legacy_saves import LegacySaves, create, edit, refused, text_of
from tests.materialization.writer import Clock


@pytest.fixture
def ledger(unit_of_work: UnitOfWork, clock: Clock) -> BackfillLedger:
    return BackfillLedger(unit_of_work, clock=clock)


def health_of(unit_of_work: UnitOfWork, script_id: int) -> str | None:
    with unit_of_work.reading() as tx:
        head = tx.heads.get(script_id)
    return None if head is None else head.health


@pytest.fixture
def new_id(unit_of_work: UnitOfWork) -> int:
    with unit_of_work.records() as tx:
        return tx.scripts.new_id()


def test_a_slice_that_holds_a_script_and_completes_it_leaves_it_open(
    unit_of_work: UnitOfWork, ledger: BackfillLedger, new_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = []
    script = unit_of_work.script
    monkeypatch.setattr(
        unit_of_work, "script", lambda *args, **options: transactions.append(args) or script(*args, **options)
    )

    assert ledger.write(new_id, LegacySaves(new_id, [create, edit(2)]), hold=True).more is False

    assert (health_of(unit_of_work, new_id), text_of(unit_of_work, new_id)) == ("open", "Save 2")
    assert transactions == [(new_id,)]


def test_slices_that_hold_a_script_let_nothing_in_between_them(
    unit_of_work: UnitOfWork, ledger: BackfillLedger, new_id: int
) -> None:
    saves = LegacySaves(new_id, [create, edit(2), edit(3)])
    found = []
    while ledger.write(new_id, saves, seconds=0, hold=True).more:
        found.append(health_of(unit_of_work, new_id))

    assert found == ["backfilling"] * 3
    assert (health_of(unit_of_work, new_id), text_of(unit_of_work, new_id)) == ("open", "Save 3")


def test_a_slice_without_saves_opens_a_script_or_leaves_none(
    unit_of_work: UnitOfWork, ledger: BackfillLedger, new_id: int
) -> None:
    with unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
    begin_backfill(unit_of_work, script_id)
    ledger.write(script_id, LegacySaves(script_id, [create]))
    assert health_of(unit_of_work, script_id) == "backfilling"

    for number, saves in ((script_id, [create]), (new_id, [])):
        assert ledger.write(number, LegacySaves(number, saves), hold=True).answers == ()
        assert ledger.write(number, LegacySaves(number, saves), hold=True).answers == ()

    assert health_of(unit_of_work, script_id) == "open"
    assert health_of(unit_of_work, new_id) is None


def test_a_refused_first_save_holds_the_script(unit_of_work: UnitOfWork, ledger: BackfillLedger, new_id: int) -> None:
    written = ledger.write(new_id, LegacySaves(new_id, [refused]), hold=True)

    assert written.more
    assert written.refusal is not None
    with unit_of_work.records() as tx:
        assert tx.quarantines.backfilling(after=new_id - 1) == [new_id]


def test_an_error_leaves_a_held_script_as_it_was(unit_of_work: UnitOfWork, ledger: BackfillLedger, new_id: int) -> None:
    saves = LegacySaves(new_id, [create])
    saves.fail = ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake"):
        ledger.write(new_id, saves, hold=True)

    assert health_of(unit_of_work, new_id) is None
    with unit_of_work.records() as tx:
        assert tx.quarantines.backfilling(after=new_id - 1) == []
