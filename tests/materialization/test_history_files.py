"""A script leaves with its whole history and comes back with equal hashes, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from domain.answer import encode_answer
from domain.commands.line_edit import LineEdit
from domain.commands.script_create import ScriptCreate
from domain.hashing import expect_hash
from domain.head import Head
from domain.line import Line
from materialization import import_history as import_module
from materialization.history_file import BadHistoryFile, export_history
from materialization.import_history import AnotherScript, Imported, import_history
from materialization.verify import verify
from repos.unit_of_work import RecordsWork, UnitOfWork
from tests.materialization.writing import Clock, Writer, open_database

VERSIONS = 300
ANSWERS = 25


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module, "PIECE", 64)


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


def test_a_script_comes_into_an_empty_database_with_equal_hashes(
    written: Writer, elsewhere: UnitOfWork, file: Path
) -> None:
    lines = export(written, file)

    done = import_history(elsewhere, file)

    script_id = written.script_id
    assert done == Imported(script_id, VERSIONS, ANSWERS, 0)
    assert head_of(elsewhere, script_id) == head_of(written.unit_of_work, script_id)
    with elsewhere.reading() as tx:
        assert list(export_history(tx, script_id)) == lines, "and leaves again as the same bytes"
        assert verify(tx, script_id).finding is None
        row = tx.scripts.get(script_id)
    assert row
    assert (row.title, row.user_id) == ("Ünïcode 🎬", 3)
    with elsewhere.records() as tx:
        assert tx.scripts.new_id() > script_id, "nobody is given its number"


def test_it_goes_on_as_before_and_knows_what_it_answered(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
    export(written, file)
    import_history(elsewhere, file)
    moved = Writer(elsewhere)
    moved.script_id, moved.version = written.script_id, written.version

    assert moved.send(LineEdit(line="l1", text="Dusk.", expect=moved.expect("l1"))).last_version == VERSIONS + 1
    with elsewhere.reading() as tx, written.unit_of_work.reading() as before:
        assert said(before, written) <= said(tx, written)


def test_an_import_that_was_ended_goes_on(
    written: Writer, elsewhere: UnitOfWork, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(written, file)
    write, calls = import_module._write_commands, []

    def end_in_the_third(*args: Any) -> None:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        write(*args)

    monkeypatch.setattr(import_module, "_write_commands", end_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        import_history(elsewhere, file)
    monkeypatch.setattr(import_module, "_write_commands", write)

    assert import_history(elsewhere, file).before == 128
    assert import_history(elsewhere, file).before == VERSIONS, "and once more does nothing"
    assert head_of(elsewhere, written.script_id) == head_of(written.unit_of_work, written.script_id)


def test_a_later_file_of_the_same_script_adds_what_is_new(written: Writer, elsewhere: UnitOfWork, file: Path) -> None:
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


def said(tx: RecordsWork, writer: Writer) -> set[tuple[bytes, bytes]]:
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
        (change(0, format="zip"), r"Line 1 .*no history file"),
        (change(0, versions=299), r"do not lead to the version the header names"),
        (change(0, chain_hash="00" * 32), r"do not lead to"),
        (change(40, actor="Eve"), r"Line 41 .*command 40 was changed"),
        (change(40, payload="{}"), r"Line 41 .*command 40 was changed"),
        (change(40, chain_hash="xyz"), r"Line 41 "),
        (change(40, state_hash="00" * 16), r"Line 41 .*state hash"),
        (change(40, colour="blue"), r"Line 41 .*unknown field"),
        (drop(40, 40), r"Line 41 .*version 41 follows version 39"),
        (drop(290, 300), r"do not lead to"),
        (drop(305, 310), r"does not end where it says"),
        (drop(326, 326), r"does not end where it says"),
        (drop(1, 326), r"do not lead to"),
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
