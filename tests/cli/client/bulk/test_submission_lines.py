"""Lines of a file of submissions: each is one, or has a code; memory is that of one line, whatever the file is."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from cli.client.bulk import submission_lines
from cli.client.bulk.submission_lines import MAX_LINE_BYTES, Line, Pipe, derived_id, opened, read_lines
from domain.submissions.submission import MAX_SUBMISSION_BYTES
from materialization.history_files.regular_file import NotARegularFile
from tests.cli.edits import creation

GOOD = json.dumps(creation(1)).encode()


def lines(data: bytes, batch: str = "a.jsonl") -> list[Line]:
    return list(read_lines(io.BytesIO(data), batch))


def codes(data: bytes) -> dict[int, str]:
    return {line.number: line.refusal.code if line.refusal else "good" for line in lines(data)}


def nameless(**more: Any) -> bytes:
    fields = creation(1, **more)
    del fields["submission_id"]
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (GOOD, "good"),
        (b"  " + GOOD + b"\t", "good"),
        (b"{", "undecodable"),
        (b"null", "wrong_type"),
        (b"[]", "wrong_type"),
        (GOOD + GOOD, "undecodable"),
        (b"\xff\xfe" + GOOD, "undecodable"),
        (b'{"script_id": "\xff"}', "wrong_type"),
        (b"{}", "missing_field"),
        (b'{"submission_id": "x"}', "missing_field"),
        (b"[" * 100_000, "wrong_type"),
        (GOOD[:-1] + b', "more": 1}', "unknown_field"),
        (GOOD.replace(b'"script_id": 1', b'"script_id": 0'), "bad_payload"),
        (GOOD.replace(b'"script_id": 1', b'"script_id": 1e30'), "wrong_type"),
        (GOOD.replace(b"create-1", b"a b"), "bad_id"),
        (GOOD.replace(b"script.create", b"script.fly"), "unknown_kind"),
        (b"\0", "undecodable"),
    ],
)
def test_a_bad_line_has_a_code_and_stops_no_other(line: bytes, code: str):
    assert codes(b"\n".join([GOOD, line, GOOD])) == {1: "good", 2: code, 3: "good"}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_lines_end_as_they_do_on_any_system(end: bytes):
    assert codes(b"\r\n".join([GOOD, b"", GOOD]) + end) == {1: "good", 3: "good"}


def test_a_byte_order_mark_and_empty_lines_are_no_part_of_a_submission():
    assert codes(b"\xef\xbb\xbf" + GOOD + b"\n\n  \n" + GOOD) == {1: "good", 4: "good"}
    assert lines(b"") == []


def test_a_line_that_is_too_long_is_skipped_in_bounded_memory():
    class Endless(io.RawIOBase):
        """A line of 200 MB, then a good one."""

        def __init__(self) -> None:
            self.left = 200_000_000
            self.rest = b"\n" + GOOD + b"\n"

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            size = min(len(buffer), self.left) if self.left else min(len(buffer), len(self.rest))
            data = b"x" * size if self.left else self.rest[:size]
            if self.left:
                self.left -= size
            else:
                self.rest = self.rest[size:]
            buffer[:size] = data
            return size

    tracemalloc.start()
    try:
        found = list(read_lines(io.BufferedReader(Endless()), "x"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert [(line.number, line.refusal and line.refusal.code) for line in found] == [
        (1, "submission_too_large"),
        (2, None),
    ]
    assert found[0].refusal is not None
    assert found[0].refusal.facts["size"] == 200_000_000
    assert peak < 3 * MAX_LINE_BYTES


def test_a_line_of_the_largest_size_is_read():
    padding = b" " * (MAX_SUBMISSION_BYTES - len(GOOD))
    assert codes(GOOD[:-1] + padding + b"}\r\n" + GOOD) == {1: "good", 2: "good"}
    assert codes(GOOD[:-1] + padding + b" }\n" + GOOD) == {1: "submission_too_large", 2: "good"}


def test_an_id_follows_from_the_name_the_number_and_the_bytes():
    data = b"\n".join([nameless(), nameless(), nameless(actor="Ben")])
    first = [line.submission.submission_id for line in lines(data) if line.submission]

    assert first == [line.submission.submission_id for line in lines(data) if line.submission]
    assert len(set(first)) == 3
    assert first[0] == derived_id("a.jsonl", 1, nameless())
    others = [line.submission.submission_id for line in lines(data, "b.jsonl") if line.submission]
    assert not set(first) & set(others)


def test_an_id_is_valid_whatever_the_file_is_called():
    for name in ("n\udcff\x1b[2J", "a" * 300, ""):
        [line] = lines(nameless(), name)
        assert line.submission is not None


def test_a_line_with_a_bad_id_gets_no_other_one():
    assert codes(GOOD.replace(b'"create-1"', b'""')) == {1: "bad_id"}
    assert codes(GOOD.replace(b'"create-1"', b"null")) == {1: "wrong_type"}


@pytest.mark.parametrize(("data", "count"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\n\nb", 3)])
def test_the_lines_of_a_file_are_counted(tmp_path: Path, data: bytes, count: int):
    (tmp_path / "a.jsonl").write_bytes(data)
    with opened(tmp_path / "a.jsonl") as source:
        assert (source.lines, source.file.readline(100)) == (count, data.partition(b"\n")[0] + data.partition(b"\n")[1])


def test_a_device_is_refused(tmp_path: Path):
    with pytest.raises(NotARegularFile), opened(Path("/dev/zero")):
        pass
    with pytest.raises(IsADirectoryError), opened(tmp_path):
        pass


@pytest.mark.parametrize(
    "data",
    [b"", b"\n", b"a", b"a\n", b"a\nb", b"\n\na\n", b"a" * 20 + b"\nb\n", b"12345678\n", b"1234567\n8", b"a\r\nb\r\n"],
)
@pytest.mark.parametrize("limit", [1, 7, 8, 100])
def test_a_pipe_has_the_lines_of_a_file(data: bytes, limit: int):
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    pipe, file = Pipe(reader), io.BytesIO(data)

    expected = [*iter(lambda: file.readline(limit), b"")]
    assert [*iter(lambda: pipe.readline(limit), b"")] == expected
    assert pipe.readline(limit) == b""
    os.close(reader)


@pytest.mark.parametrize("before", [b"", b"half a line", b"a line\n", b"\n"])
def test_a_pipe_that_stands_still_ticks(before: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(submission_lines, "TICK_SECONDS", 0.05)
    reader, writer = os.pipe()
    os.write(writer, before)
    ticks = []

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 2:
            os.close(writer)

    pipe = Pipe(reader)
    pipe.tick = tick
    assert b"".join(iter(lambda: pipe.readline(100), b"")) == before
    # On a loaded machine another one is due before the end is read.
    assert len(ticks) >= 2
    os.close(reader)
