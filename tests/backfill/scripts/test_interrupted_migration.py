"""A migration continues after any interruption, and a second run writes nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from backfill.scripts.legacy_script import ScriptEdited, SourceChanged
from backfill.scripts.migrate_script import MigratedScript
from backfill.scripts.pending_saves import PendingSaves, WrittenSaves
from backfill.scripts.prove_script import Proof
from domain.commands.kinds.line_edit import LineEdit
from domain.errors import Conflict
from materialization.history.state_at import state_at
from materialization.submissions.backfill_mode import begin_backfill
from materialization.write_path import backfill_slice
from materialization.write_path.backfill_slice import BackfillLedger
from materialization.write_path.settlement import Settlement
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork
from tests.backfill.scripts.legacy_history import YEARS_AGO, Legacy, ListedSaves, json_save, saves_of
from tests.materialization.writer import SECOND, Clock, Writer


def test_a_run_that_stops_anywhere_continues_there(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    contents = [json_save(*(f"Line {place} of save {number}." for place in range(4))) for number in range(12)]
    for stop in range(1, 13):
        legacy = Legacy(unit_of_work, clock, contents)

        if stop < 12:
            with pytest.raises(KeyboardInterrupt):
                legacy.migration.run(legacy.script, ListedSaves(legacy.saves, stop=stop))
        assert legacy.run().refused == ()
        assert legacy.proof() == Proof(12, ())


def test_each_slice_reads_only_the_saves_after_the_one_before(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "MAX_SLICE_BYTES", 1)
    legacy = Legacy(unit_of_work, clock, [json_save(f"Save {number}.") for number in range(9)])
    saves = ListedSaves(legacy.saves)

    legacy.migration.run(legacy.script, saves)

    assert saves.reads == 9
    assert legacy.head() == 9


BROKEN = b'{"version":2,"lines":[{'
TOO_LONG = json_save("x" * 1_100_000)


@pytest.mark.parametrize(("content", "code"), [(BROKEN, "json_malformed"), (TOO_LONG, "text_too_long")])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_refused_save_is_set_aside_and_its_neighbours_come_over(
    unit_of_work: UnitOfWork, clock: Clock, place: int, content: bytes, code: str
) -> None:
    contents = [json_save("One."), json_save("Two."), json_save("Three.")]
    contents[place] = content
    legacy = Legacy(unit_of_work, clock, contents)

    outcome = legacy.run()

    assert [(each.origin.number, each.refusal.code) for each in outcome.refused] == [(place + 1, code)]
    assert outcome.versions >= 2
    with unit_of_work.reading() as tx:
        written = [save.number for _, save in tx.legacy_versions.read(legacy.script.script_id)]
    assert written == [number for number in (1, 2, 3) if number != place + 1]


def test_a_refused_save_that_is_the_last_one_can_be_repaired_and_brought_over(
    unit_of_work: UnitOfWork, clock: Clock
) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), BROKEN])
    assert len(legacy.run().refused) == 1

    legacy.saves = saves_of([json_save("One."), json_save("Two.")])

    assert legacy.run() == MigratedScript(1, 1, 0)
    assert legacy.proof().holds


def test_a_repaired_save_is_not_written_after_later_ones(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), BROKEN, json_save("Three.")])
    legacy.run()

    legacy.saves = saves_of([json_save("One."), json_save("Two."), json_save("Three.")])

    assert legacy.run() == MigratedScript(0, 0, 0)
    assert legacy.texts() == ["Three."]


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

    assert legacy.run() == MigratedScript(8, 8, 0)
    assert legacy.proof() == Proof(8, ())


class ReachedPlace:
    """The place that was recorded last."""

    reached = 0

    def place(self, tx: LockedScript) -> int:  # noqa: ARG002 - as recorders are called
        return self.reached

    def record(self, tx: LockedScript, written: WrittenSaves) -> None:  # noqa: ARG002 - as recorders are called
        self.reached = written.place


def test_equal_saves_end_a_slice_in_time(
    unit_of_work: UnitOfWork, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill_slice, "SLICE_SECONDS", 0)
    legacy = Legacy(unit_of_work, clock, [json_save("One.")] * 5)
    ledger = BackfillLedger(unit_of_work, clock=clock)
    begin_backfill(unit_of_work, legacy.script.script_id)
    pending = PendingSaves(legacy.script, ListedSaves(legacy.saves), ReachedPlace())

    slices = [ledger.write(legacy.script.script_id, pending, seconds=0) for _ in range(6)]

    assert [len(written.answers) for written in slices] == [1, 0, 0, 0, 0, 0]
    assert [written.more for written in slices] == [True] * 5 + [False]


def test_an_edit_by_a_person_ends_the_migration_of_a_script(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    legacy.run()
    writer = Writer(unit_of_work, clock=clock)
    writer.script_id, writer.version = legacy.script.script_id, 1
    assert writer.send(LineEdit(line="a", text="Mine.", expect=writer.expect("a"))).outcome == "applied"

    assert legacy.run() == MigratedScript(0, 0, 0)
    legacy.saves = saves_of([json_save("One."), json_save("Two.")])
    with pytest.raises(ScriptEdited):
        legacy.run()

    assert writer.send(LineEdit(line="a", text="Mine, still.", expect=writer.expect("a"))).outcome == "applied"
    assert legacy.texts() == ["Mine, still."]


def test_a_renamed_author_does_not_hide_a_row(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One."), json_save("Two.")])
    legacy.run()
    legacy.saves = saves_of([json_save("One."), json_save("Two.")], [("user", "Anna"), ("user", "Anna")])

    assert legacy.run() == MigratedScript(0, 0, 0)


def test_a_save_after_the_archiving_and_a_restored_script_come_over(unit_of_work: UnitOfWork, clock: Clock) -> None:
    legacy = Legacy(unit_of_work, clock, [json_save("One.")])
    legacy.script = replace(legacy.script, archived_at=YEARS_AGO + 5 * SECOND)
    assert legacy.run().versions == 2

    legacy.saves = saves_of([json_save("One."), json_save("Two.")])
    assert legacy.run().refused == ()
    assert legacy.texts() == ["Two."]
    assert legacy.proof() == Proof(2, ())

    legacy.script = replace(legacy.script, archived_at=None)
    assert legacy.run().versions == 1
    with unit_of_work.reading() as tx:
        assert not state_at(tx, legacy.script.script_id).archived
