"""A migration continues after any interruption, and a second run writes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from backfill.scripts.legacy_script import LegacySave, ScriptEdited, SourceChanged
from backfill.scripts.migrate_script import MigratedScript
from backfill.scripts.pending_saves import PendingSaves
from backfill.scripts.prove_script import Proof
from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Conflict
from materialization.history.state_at import state_at
from materialization.submissions.backfill_mode import begin_backfill
from materialization.write_path import backfill_slice
from materialization.write_path.backfill_slice import BackfillLedger
from materialization.write_path.settlement import Settlement
from repos.unit_of_work import UnitOfWork
from tests.backfill.scripts.legacy_history import YEARS_AGO, Legacy, json_save, saves_of
from tests.materialization.writer import SECOND, Clock, Writer


def test_a_run_that_stops_anywhere_continues_there(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    contents = [json_save(*(f"Line {place} of save {number}." for place in range(4))) for number in range(12)]
    for stop in range(1, 13):
        legacy = Legacy(unit_of_work, clock, contents)

        def stopping(stop: int = stop, legacy: Legacy = legacy) -> Iterator[LegacySave]:
            yield from legacy.saves[:stop]
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            legacy.migration.run(legacy.script, stopping)
        assert legacy.run().refused is None
        assert legacy.proof() == Proof(12, ())


def test_each_slice_reads_only_the_saves_after_the_one_before(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    legacy = Legacy(unit_of_work, clock, [json_save(f"Save {number}.") for number in range(9)])
    reads = 0

    def counted() -> Iterator[LegacySave]:
        nonlocal reads
        for save in legacy.saves:
            reads += 1
            yield save

    legacy.migration.run(legacy.script, counted)

    assert reads == 9
    assert legacy.head() == 9


def test_a_refused_save_stops_the_script_and_can_be_repaired(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), b'{"version":2,"lines":[{', json_save("Three.")])

    outcome = legacy.run()

    assert outcome.submissions == 1
    assert outcome.refused is not None
    assert outcome.refused.origin.number == 2
    assert outcome.refused.refusal.code == "json_malformed"
    assert not legacy.proof().holds

    legacy.saves = saves_of([json_save("One."), json_save("Two."), json_save("Three.")])

    assert legacy.run() == MigratedScript(2, 2, 0, None)
    assert legacy.proof().holds


def test_a_source_without_the_last_migrated_row_is_refused(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two.")])
    legacy.run()
    del legacy.saves[1]

    with pytest.raises(SourceChanged):
        legacy.run()
    assert legacy.head() == 2


def test_a_conflict_in_a_later_slice_skips_no_save(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    legacy = Legacy(unit_of_work, clock, [json_save(f"Save {number}.") for number in range(8)])
    write = Settlement.write
    slices = 0

    def conflicting(settlement: Settlement) -> None:
        nonlocal slices
        slices += 1
        if slices in (1, 4, 9):
            raise Conflict("another node committed first")
        write(settlement)

    monkeypatch.setattr(Settlement, "write", conflicting)

    assert legacy.run() == MigratedScript(8, 8, 0, None)
    assert legacy.proof() == Proof(8, ())


def test_equal_saves_end_a_slice_in_time(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "SLICE_SECONDS", 0)
    legacy = Legacy(unit_of_work, clock, [json_save("One.")] * 5)
    ledger = BackfillLedger(unit_of_work, clock=clock)
    begin_backfill(unit_of_work, legacy.script.script_id)
    pending = PendingSaves(legacy.script, lambda: legacy.saves)

    slices = [ledger.write(legacy.script.script_id, pending, seconds=0) for _ in range(6)]

    assert [len(written.answers) for written in slices] == [1, 0, 0, 0, 0, 0]
    assert [written.more for written in slices] == [True] * 5 + [False]


def test_an_edit_by_a_person_ends_the_migration_of_a_script(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    legacy.run()
    writer = Writer(unit_of_work, clock=clock)
    writer.script_id, writer.version = legacy.script.script_id, 1
    assert writer.send(LineEdit(line="a", text="Mine.", expect=writer.expect("a"))).outcome == "applied"

    assert legacy.run() == MigratedScript(0, 0, 0, None)
    legacy.saves = saves_of([json_save("One."), json_save("Two.")])
    with pytest.raises(ScriptEdited):
        legacy.run()

    assert writer.send(LineEdit(line="a", text="Mine, still.", expect=writer.expect("a"))).outcome == "applied"
    assert legacy.texts() == ["Mine, still."]


def test_a_renamed_author_does_not_hide_a_row(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two.")])
    legacy.run()
    legacy.saves = saves_of([json_save("One."), json_save("Two.")], [("user", "Anna"), ("user", "Anna")])

    assert legacy.run() == MigratedScript(0, 0, 0, None)


def test_a_save_after_the_archiving_and_a_restored_script_come_over(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    legacy.script = replace(legacy.script, archived_at=YEARS_AGO + 5 * SECOND)
    assert legacy.run().versions == 2

    legacy.saves = saves_of([json_save("One."), json_save("Two.")])
    assert legacy.run().refused is None
    assert legacy.texts() == ["Two."]
    assert legacy.proof() == Proof(2, ())

    legacy.script = replace(legacy.script, archived_at=None)
    assert legacy.run().versions == 1
    with unit_of_work.reading() as tx:
        assert not state_at(tx, legacy.script.script_id).archived
