"""A script is exported with its whole history and imported with equal hashes, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive
from domain.commands.kinds.script_create import ScriptCreate
from domain.log.entry import LogEntry
from domain.log.head import Head
from domain.refusals import ScriptBeingBackfilled, ScriptQuarantined
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.answer import encode_answer
from domain.submissions.submission import Submission
from materialization.history_files import importer as import_module
from materialization.history_files.format import BadHistoryFile, export_history
from materialization.history_files.importer import AnotherScript, AnsweredOtherwise, Imported, import_history
from materialization.integrity.verify import verify
from materialization.write_path.submit import Ledger
from repos.log.commands import AppendableCommands
from repos.unit_of_work import RecordsTransaction, UnitOfWork
from tests.materialization.history_files.refused_history import rows_in
from tests.materialization.writer import Clock, Writer, open_database

VERSIONS = 300
ANSWERS = 25


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module, "BATCH_ROWS", 64)


@pytest.fixture
def elsewhere(tmp_path: Path) -> UnitOfWork:
    """An empty database."""
    return open_database(f"sqlite:///{tmp_path}/elsewhere.db")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "script.jsonl"


@pytest.fixture
def written(writer: Writer, clock: Clock) -> Writer:
    """A script with a history of 300 versions, Unicode, an AI, and a refused submission."""
    return write_much(writer, clock)


def write_much(writer: Writer, clock: Clock) -> Writer:
    line = Line("l1", "action", "é\u2028\u0301 \ufeff")
    writer.send(ScriptCreate(title="Ünïcode 🎬", owner=3, lines=(line,)))
    for number in range(23):
        clock.pass_seconds(1)
        edits = []
        for text in (f"Dawn {number}, {part}." for part in range(13)):
            edits.append(LineEdit(line="l1", text=text, expect=expect_hash(line)))
            line = Line("l1", "action", text)
        writer.send(*edits, author="ai" if number % 7 == 0 else "user")
    assert writer.version == VERSIONS
    assert writer.send(LineEdit(line="l1", text="x", expect="0" * 12)).outcome == "refused"
    return writer


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, list[bytes]]:
    """The number of a script and the lines of its file, to be damaged."""
    folder, clock = tmp_path_factory.mktemp("exported"), Clock()
    writer = write_much(Writer(open_database(f"sqlite:///{folder}/ledger.db"), clock=clock), clock)
    return writer.script_id, export(writer, folder / "script.jsonl")


def export(writer: Writer, file: Path) -> list[bytes]:
    with writer.unit_of_work.reading() as tx:
        lines = list(export_history(tx, writer.script_id))
    file.write_bytes(b"".join(lines))
    return lines


def head_of(unit_of_work: UnitOfWork, script_id: int) -> Head | None:
    with unit_of_work.reading() as tx:
        return tx.heads.get(script_id)


def test_a_script_is_imported_into_an_empty_database_with_equal_hashes(
    written: Writer, elsewhere: UnitOfWork, file: Path
) -> None:
    lines = export(written, file)

    done = import_history(elsewhere, file)

    script_id = written.script_id
    assert done == Imported(script_id, VERSIONS, ANSWERS, 0)
    assert head_of(elsewhere, script_id) == head_of(written.unit_of_work, script_id)
    with elsewhere.reading() as tx:
        assert list(export_history(tx, script_id)) == lines, "and is exported again as the same bytes"
        assert verify(tx, script_id).finding is None
        row = tx.scripts.get(script_id)
    assert row
    assert (row.title, row.user_id) == ("Ünïcode 🎬", 3)
    with elsewhere.records() as tx:
        assert tx.scripts.new_id() > script_id, "no new script gets its number"


def test_an_imported_script_goes_on_and_keeps_its_answers(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    export(written, file)
    import_history(elsewhere, file)
    moved = Writer(elsewhere)
    moved.script_id, moved.version = written.script_id, written.version

    assert moved.send(LineEdit(line="l1", text="Dusk.", expect=moved.expect("l1"))).last_version == VERSIONS + 1
    with elsewhere.reading() as tx, written.unit_of_work.reading() as before:
        assert answers_of(before, written) <= answers_of(tx, written)


def test_an_interrupted_import_leaves_nothing(
    written: Writer, elsewhere: UnitOfWork, file: Path, tmp_path: Path
) -> None:
    export(written, file)

    def end_late(steps: int) -> None:
        if steps == 2 * VERSIONS - 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_history(elsewhere, file, end_late)
    assert set(rows_in(f"sqlite:///{tmp_path}/elsewhere.db").values()) == {0}

    assert import_history(elsewhere, file).before == 0
    assert import_history(elsewhere, file).before == VERSIONS, "and a second run does nothing"
    assert head_of(elsewhere, written.script_id) == head_of(written.unit_of_work, written.script_id)


def test_an_import_is_visible_only_after_the_commit(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    export(written, file)
    seen = []

    def look(steps: int) -> None:
        if steps > VERSIONS and steps % 100 == 0:
            with elsewhere.reading() as tx:
                seen.append((tx.heads.get(written.script_id), list(tx.commands.read(written.script_id, upto=VERSIONS))))

    import_history(elsewhere, file, look)
    assert seen == [(None, [])] * 3


def test_rows_are_sent_in_batches_in_one_transaction(
    written: Writer, elsewhere: UnitOfWork, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(written, file)
    sizes, appended = [], AppendableCommands.append

    def append(self: AppendableCommands, entries: Sequence[LogEntry]) -> None:
        sizes.append(len(entries))
        appended(self, entries)

    monkeypatch.setattr(AppendableCommands, "append", append)
    import_history(elsewhere, file)
    assert sum(sizes) == VERSIONS
    assert max(sizes) == 64


def test_a_script_out_of_service_accepts_no_import(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    export(written, file)
    import_history(elsewhere, file)
    written.send(LineEdit(line="l1", text="Dusk.", expect=written.expect("l1")))
    export(written, file)
    for health, refusal in (("quarantined", ScriptQuarantined), ("backfilling", ScriptBeingBackfilled)):
        with elsewhere.script(written.script_id, wait=True) as tx:
            tx.heads.set_health(written.script_id, health)  # type: ignore[arg-type]
        with pytest.raises(refusal):
            import_history(elsewhere, file)
    head = head_of(elsewhere, written.script_id)
    assert head
    assert head.version == VERSIONS


def test_a_different_stored_answer_is_kept(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    lines = export(written, file)
    submission_id = msgspec.json.decode(msgspec.json.decode(lines[-2])["answer"]["answer"])["submission_id"]
    frame: dict[str, Any] = {"script_id": written.script_id, "submission_id": submission_id, "base_version": 0}
    stray = Submission(**frame, author="user", commands=(ScriptArchive(),))
    assert Ledger(elsewhere).submit(stray).outcome == "refused"

    with pytest.raises(AnsweredOtherwise, match=rf"Line {len(lines) - 1} .*{submission_id!r} to script"):
        import_history(elsewhere, file)
    assert head_of(elsewhere, written.script_id) is None


def test_a_line_may_have_other_answers_here(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    export(written, file)
    import_history(elsewhere, file)
    moved = Writer(elsewhere)
    moved.script_id, moved.version = written.script_id, written.version
    assert moved.send(LineEdit(line="l1", text="x", expect="0" * 12)).outcome == "refused"

    assert import_history(elsewhere, file).before == VERSIONS


def test_a_later_file_of_a_script_adds_new_versions(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    export(written, file)
    import_history(elsewhere, file)
    written.send(LineEdit(line="l1", text="Dusk.", expect=written.expect("l1")))
    lines = export(written, file)

    assert import_history(elsewhere, file).before == VERSIONS
    with elsewhere.reading() as tx:
        assert list(export_history(tx, written.script_id)) == lines


def test_another_script_of_the_same_number_is_not_touched(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    export(written, file)
    with elsewhere.records() as tx:
        tx.script_ids.reserve(written.script_id)
    other = Writer(elsewhere)
    other.script_id = written.script_id
    other.create()
    before = head_of(elsewhere, other.script_id)

    with pytest.raises(AnotherScript):
        import_history(elsewhere, file)
    assert head_of(elsewhere, other.script_id) == before


def answers_of(tx: RecordsTransaction, writer: Writer) -> set[tuple[bytes, bytes]]:
    return {(encode_answer(each.answer), each.content_hash) for each in tx.answers.read(writer.script_id)}


def change(line: int, **fields: object) -> Callable[[list[bytes]], None]:
    def onto(lines: list[bytes]) -> None:
        record = msgspec.json.decode(lines[line])
        inner = record if line == 0 else next(iter(record.values()))
        inner.update(fields)
        lines[line] = msgspec.json.encode(record) + b"\n"

    return onto


def drop(first: int, last: int) -> Callable[[list[bytes]], None]:
    def onto(lines: list[bytes]) -> None:
        del lines[first : last + 1]

    return onto


def swap(lines: list[bytes]) -> None:
    lines[40], lines[41] = lines[41], lines[40]


def double(lines: list[bytes]) -> None:
    lines.insert(40, lines[40])


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (change(0, format_version=2), r"Line 1 .*format version 2 is not 1"),
        (change(0, format="zip"), r"Line 1 .*not a history file"),
        (change(0, versions=299), r"do not lead to the version the header names"),
        (change(0, chain_hash="00" * 32), r"do not lead to"),
        (change(40, actor="Eve"), r"Line 41 .*command 40 was changed"),
        (change(40, payload="{}"), r"Line 41 .*command 40 was changed"),
        (change(40, chain_hash="xyz"), r"Line 41 "),
        (change(40, state_hash="00" * 16), r"Line 41 .*state hash"),
        (change(40, colour="blue"), r"Line 41 .*unknown field"),
        (drop(40, 40), r"Line 41 .*version 41 follows version 39"),
        (drop(290, 300), r"do not lead to"),
        (drop(305, 310), r"Line 321 .*6 of the submissions that made its versions have no answer"),
        (drop(326, 326), r"Line 327 .*ends without its end"),
        (drop(1, 326), r"Line 2 .*ends without its end"),
        (swap, r"Line 41 .*version 41 follows"),
        (double, r"Line 42 .*version 40 follows version 40"),
        (lambda lines: lines.__setitem__(40, lines[40][:50]), r"Line 41 "),
        (lambda lines: lines.__setitem__(0, b"\xff\xfe\n"), r"Line 1 "),
    ],
)
def test_a_damaged_file_is_refused_and_nothing_is_written(
    exported: tuple[int, list[bytes]],
    elsewhere: UnitOfWork,
    file: Path,
    damage: Callable[[list[bytes]], None],
    problem: str,
) -> None:
    script_id, lines = exported[0], list(exported[1])
    damage(lines)
    file.write_bytes(b"".join(lines))

    with pytest.raises(BadHistoryFile, match=problem):
        import_history(elsewhere, file)
    assert head_of(elsewhere, script_id) is None
