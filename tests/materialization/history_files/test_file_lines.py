"""A history file that is cut off, too long, not a regular file, or has too high a script number is not imported."""
# ruff: noqa: E501 -- a damage a line

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Rejected
from materialization.history_files import commands, file_lines
from materialization.history_files import importer as import_module
from materialization.history_files.check import history_file
from materialization.history_files.format import BadHistoryFile
from materialization.history_files.importer import (
    MAX_NUMBERS_AHEAD,
    NumberOfAnother,
    ScriptNumberTooHigh,
    import_history,
)
from materialization.history_files.regular_file import NotARegularFile
from materialization.integrity.verify import verify
from repos.unit_of_work import UnitOfWork
from tests.materialization.history_files.forged_history import (
    Lines,
    command_of,
    exported,
    fitting,
    parsed,
    put,
    set_answer,
    written,
)
from tests.materialization.history_files.refused_history import one_history, rows_in
from tests.materialization.writer import forging, open_database


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return one_history(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('elsewhere')}/elsewhere.db"


@pytest.fixture(scope="module")
def elsewhere(url: str) -> UnitOfWork:
    """A database without a script, before and after each test."""
    return open_database(url)


def end_twice(lines: list[bytes]) -> None:
    lines.append(lines[-1])


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (end_twice, r"Line 34 .*after the end"),
        (lambda lines: lines.append(b"\n"), r"Line 34 .*after the end"),
        (lambda lines: lines.append(b"\x00"), r"after the end"),
        (lambda lines: lines.insert(3, b"\n"), r"Line 4 "),
        (lambda lines: lines.insert(3, b"[" * 100_000 + b"\n"), r"Line 4 "),
        (lambda lines: lines.insert(3, b'{"command":' * 50_000 + b"\n"), r"Line 4 "),
        (lambda lines: lines.insert(3, b'{"end":{"commands":1,"answers":%s}}\n' % (b"9" * 4_000)), r"Line 4 "),
        (lambda lines: lines.insert(3, b'{"end": {"commands":1,"answers":%s}}\n' % (b"9" * 4_400)), r"Line 4 "),
        (lambda lines: lines.insert(3, b"{}\n"), r"Line 4 .*a command, an answer or the end"),
        (lambda lines: lines.insert(3, b'{"command":null,"end":null}\n'), r"a command, an answer or the end"),
        (lambda lines: lines.__setitem__(3, lines[3].replace(b'"actor":', b'"actor":"Eve","actor":')), r"Line 4 .*'actor' appears twice"),
        (lambda lines: lines.__setitem__(3, lines[3].replace(b'{"command":', b'{"command":null,"command":')), r"'command' appears twice"),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b'"versions":', b'"versions":1,"versions":')), r"Line 1 .*'versions' appears twice"),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b'"versions":16', b'"versions":-16')), r"Line 1 .*versions must"),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b'"script_id":1', b'"script_id":0')), r"Line 1 .*script_id must"),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b'"script_id":1', b'"script_id":-5')), r"Line 1 .*script_id must"),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b'"script_id":1', b'"script_id":%d' % 2**53)), r"Line 1 .*script_id must"),
        (lambda lines: lines.__setitem__(0, lines[0].replace(b'"script_id":1', b'"script_id":%d' % 2**80)), r"Line 1 .*script_id must"),
        (lambda lines: lines.__setitem__(0, b"\xef\xbb\xbf" + lines[0]), r"Line 1 "),
        (lambda lines: lines.__setitem__(0, b"\x1f\x8b\x08\x00" + lines[0]), r"Line 1 .*not a history file"),
        (lambda lines: lines.__setitem__(5, lines[5].replace(b"x", b"\xff")), r"Line 6 "),
        (lambda lines: lines.__setitem__(5, lines[5].replace(b'"version":5', b'"version":NaN')), r"Line 6 "),
        (lambda lines: lines.__setitem__(-1, lines[-1].rstrip(b"\n")), r"cut off"),
        (lambda lines: lines.__setitem__(-1, lines[-1].replace(b"16", b"17")), r"does not end where it says"),
        (lambda lines: lines.__setitem__(-1, lines[-1].replace(b"15", b"14")), r"does not end where it says"),
        (lambda lines: lines.__delitem__(slice(-1, None)), r"ends without its end"),
        (lambda lines: lines.__delitem__(slice(1, None)), r"Line 2 .*ends without its end"),
        (lambda lines: lines.__delitem__(slice(0, 1)), r"Line 1 .*not a history file"),
        (list.clear, r"Line 1 "),
    ],
)  # fmt: skip
def test_an_incomplete_or_malformed_file_is_refused(
    history: bytes, elsewhere: UnitOfWork, url: str, tmp_path: Path, *,
    damage: Callable[[list[bytes]], object], problem: str,
) -> None:  # fmt: skip
    before, lines, file = rows_in(url), history.splitlines(keepends=True), tmp_path / "damaged.jsonl"
    damage(lines)
    file.write_bytes(b"".join(lines))

    with pytest.raises(BadHistoryFile, match=problem):
        import_history(elsewhere, file)

    assert rows_in(url) == before


def test_other_white_space_makes_the_same_history(history: bytes, tmp_path: Path) -> None:
    elsewhere, file = open_database(f"sqlite:///{tmp_path}/elsewhere.db"), tmp_path / "spaced.jsonl"
    file.write_bytes(b"".join(json.dumps(line).encode() + b" \r\n" for line in parsed(history)))

    done = import_history(elsewhere, file)

    assert exported(elsewhere, done.script_id) == history


@pytest.mark.parametrize("script_id", [MAX_NUMBERS_AHEAD + 1, 2**40, 2**53 - 1])
def test_a_number_far_beyond_the_last_is_refused(
    history: bytes, elsewhere: UnitOfWork, url: str, tmp_path: Path, script_id: int
) -> None:
    before = rows_in(url)

    with pytest.raises(ScriptNumberTooHigh, match=rf"number {script_id} is more than {MAX_NUMBERS_AHEAD} above 0"):
        import_history(elsewhere, put(under(script_id, history), tmp_path / "far.jsonl"))

    assert rows_in(url) == before


def under(script_id: int, history: bytes) -> Lines:
    """The same history under another script number."""
    lines = parsed(history)
    lines[0]["script_id"] = script_id
    for line in lines:
        if "answer" in line:
            set_answer(line["answer"], {**json.loads(line["answer"]["answer"]), "script_id": script_id})
    return fitting(lines)


def test_a_number_at_the_limit_is_imported_and_the_next_script_comes_after_it(history: bytes, tmp_path: Path) -> None:
    elsewhere = open_database(f"sqlite:///{tmp_path}/elsewhere.db")

    import_history(elsewhere, put(under(MAX_NUMBERS_AHEAD, history), tmp_path / "near.jsonl"))

    with elsewhere.records() as tx:
        assert tx.scripts.new_id() == MAX_NUMBERS_AHEAD + 1


def test_any_file_can_be_imported_under_a_new_number(history: bytes, tmp_path: Path) -> None:
    elsewhere = open_database(f"sqlite:///{tmp_path}/elsewhere.db")
    file = put(under(2**53 - 1, history), tmp_path / "far.jsonl")
    with elsewhere.records() as tx:
        tx.script_ids.new()

    assert import_history(elsewhere, file, new_number=True).script_id == 2
    assert import_history(elsewhere, file, new_number=True).script_id == 3, "each time another script"

    with elsewhere.reading() as tx:
        assert verify(tx, 2).finding is None
    with history_file(file) as opened:
        done = import_module._write(elsewhere, opened, 2, lambda _: None)
        assert done.before == 16, "run again after a lost commit reply, it finds all of it"
    again = exported(elsewhere, 2)
    assert again == written(under(2, history))
    file.write_bytes(again)
    assert import_history(elsewhere, file).before == 16, "which has a history of its own"


def test_a_number_reserved_for_another_user_is_refused(history: bytes, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere.db"
    elsewhere, file = open_database(url), put(parsed(history), tmp_path / "h.jsonl")
    with elsewhere.records() as tx:
        assert tx.script_ids.new(5) == 1
    before = rows_in(url)

    with pytest.raises(NumberOfAnother, match="future script of user 5"):
        import_history(elsewhere, file)
    assert rows_in(url) == before

    with forging(url) as connection:
        connection.exec_driver_sql("UPDATE script_ids SET user_id = 3")
    assert import_history(elsewhere, file).versions == 16, "the owner may use it"


def test_a_line_is_read_up_to_a_bound(
    history: bytes, elsewhere: UnitOfWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_lines, "MAX_LINE_BYTES", 5_000)
    lines, file = history.splitlines(keepends=True), tmp_path / "long.jsonl"
    file.write_bytes(b"".join([*lines[:3], b" " * 9_000_000, *lines[3:]]))

    with pytest.raises(BadHistoryFile, match=r"Line 4 .*more than the 5000 bytes"):
        import_history(elsewhere, file)


@pytest.mark.parametrize("name", ["MAX_PAYLOADS", "MAX_SUBMISSION_BYTES"])
def test_the_commands_of_a_submission_are_bounded_together(
    history: bytes, elsewhere: UnitOfWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(commands, name, 100)
    with pytest.raises(BadHistoryFile, match=r"more than the 100 bytes|too long"):
        import_history(elsewhere, put(parsed(history), tmp_path / "h.jsonl"))


def test_a_pipe_or_a_device_is_refused(elsewhere: UnitOfWork, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for file, what in ((pipe, "pipe"), (Path("/dev/zero"), "device"), (Path("/dev/null"), "device")):
        with pytest.raises(NotARegularFile, match=f"is a {what}, not a regular file"):
            import_history(elsewhere, file)
    with pytest.raises(IsADirectoryError):
        import_history(elsewhere, tmp_path)


def test_a_file_that_changes_while_it_is_read_is_refused(
    history: bytes, elsewhere: UnitOfWork, url: str, tmp_path: Path
) -> None:
    before, file = rows_in(url), put(parsed(history), tmp_path / "h.jsonl")
    forged = parsed(history)
    command_of(forged, "n-archive")["actor"] = "\x1b[2J"

    def change(steps: int) -> None:
        if steps == 16:
            file.write_bytes(written(fitting(forged)))

    with pytest.raises(BadHistoryFile):
        import_history(elsewhere, file, change)
    assert rows_in(url) == before


def test_two_imports_at_once_are_one(history: bytes, tmp_path: Path) -> None:
    url, file, done = f"sqlite:///{tmp_path}/elsewhere.db", put(parsed(history), tmp_path / "h.jsonl"), []
    elsewhere = open_database(url)

    def work() -> None:
        done.append(import_history(elsewhere, file).before)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == [0, 16, 16]
    assert exported(elsewhere, 1) == history


def test_no_code_is_missing() -> None:
    raised: list[Any] = [BadHistoryFile, NotARegularFile, ScriptNumberTooHigh]
    raised += [import_module.AnotherScript, import_module.AnsweredOtherwise]
    assert all(issubclass(each, Rejected) for each in raised)
    assert {each.code for each in raised} == {
        *("bad_history_file", "not_a_regular_file", "script_number_too_high", "another_script", "answered_otherwise")
    }
