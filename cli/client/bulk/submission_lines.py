"""Submissions in a file, one JSON object a line: read in bounded memory, each with its number and an id."""

from __future__ import annotations

import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple, Protocol

import msgspec

from cli.terminal.bounded_file import OF_SHELL, STANDARD_INPUT
from domain.errors import Rejected
from domain.refusals import MissingField, SubmissionTooLarge
from domain.submissions.submission import MAX_SUBMISSION_BYTES, Submission, decode_submission
from materialization.history_files.regular_file import regular_file

CHUNK_BYTES = 1 << 20
TICK_SECONDS = 0.5
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A line may end with \r\n.
MAX_LINE_BYTES = MAX_SUBMISSION_BYTES + 2

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Line(NamedTuple):
    """A line that is not empty: a submission, or the reason why it is none."""

    number: int
    submission: Submission | None
    refusal: Rejected | None = None


class Readable(Protocol):
    """What lines are read from."""

    def readline(self, limit: int, /) -> bytes:
        """A line, or as much of it as the limit allows; empty at the end."""


class Pipe:
    """A pipe, which may stand still: `tick` is called about each second then, and before lines."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._read = bytearray()
        self._ended = False
        self._ticked_at = time.monotonic()
        self.tick: Callable[[], object] = lambda: None

    def readline(self, limit: int, /) -> bytes:
        """A line, or as much of it as the limit allows; empty at the end."""
        searched = 0
        self._tick_if_due()
        while (end := self._read.find(b"\n", searched, limit)) < 0 and len(self._read) < limit and not self._ended:
            searched = len(self._read)
            self._receive()
        size = end + 1 if end >= 0 else limit
        line = bytes(self._read[:size])
        del self._read[:size]
        return line

    def _receive(self) -> None:
        while not select.select([self._number], [], [], TICK_SECONDS)[0]:
            self._tick_if_due()
        self._tick_if_due()
        part = os.read(self._number, CHUNK_BYTES)
        self._read += part
        self._ended = not part

    def _tick_if_due(self) -> None:
        if time.monotonic() - self._ticked_at >= TICK_SECONDS:
            self.tick()
            self._ticked_at = time.monotonic()


class SubmissionFile(NamedTuple):
    """An open file; `lines` is how many it has, None for a pipe."""

    file: Readable
    lines: int | None


@contextmanager
def opened(path: Path) -> Iterator[SubmissionFile]:
    """A file of submissions, or standard input for `-`.

    Raises:
        NotARegularFile: it is a device, or a pipe that was not opened by a shell.
        OSError: it cannot be read.
    """
    if path == STANDARD_INPUT:
        yield SubmissionFile(Pipe(sys.stdin.fileno()), None)
    elif str(path) == "/dev/stdin" or str(path).startswith(OF_SHELL):
        with path.open("rb") as pipe:
            yield SubmissionFile(Pipe(pipe.fileno()), None)
    else:
        with regular_file(path) as file:
            yield SubmissionFile(file, _count_lines(file))


def read_lines(file: Readable, batch: str) -> Iterator[Line]:
    """The submissions of a file; a line without an id gets one that follows from `batch`, its number and its bytes."""
    for number, data in _bounded_lines(file):
        if isinstance(data, int):
            yield Line(number, None, SubmissionTooLarge(size=data, limit=MAX_SUBMISSION_BYTES))
            continue
        try:
            yield Line(number, _decoded(data, batch, number))
        except Rejected as refusal:
            yield Line(number, None, refusal)


def derived_id(batch: str, number: int, data: bytes) -> str:
    """The id of a line without one: the same file sent again has the same ids."""
    digest = sha256(os.fsencode(batch) + b"\0" + str(number).encode() + b"\0" + data).hexdigest()
    return f"line-{number}-{digest[:24]}"


def _decoded(data: bytes, batch: str, number: int) -> Submission:
    try:
        return decode_submission(data)
    except MissingField as refusal:
        try:
            fields = _fields.decode(data)
        except msgspec.DecodeError:
            raise refusal from None
        if "submission_id" in fields:
            raise
    name = msgspec.Raw(msgspec.json.encode(derived_id(batch, number, data)))
    return decode_submission(msgspec.json.encode({**fields, "submission_id": name}))


def _bounded_lines(file: Readable) -> Iterator[tuple[int, bytes | int]]:
    """The lines with text, each with its number; of one that is too long, only its size."""
    number = 0
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BYTE_ORDER_MARK)
        if len(line) > MAX_LINE_BYTES and not line.endswith(b"\n"):
            yield number, _rest_of(file, len(line))
        elif line := line.strip(b" \t\r\n"):
            yield number, line


def _rest_of(file: Readable, size: int) -> int:
    """Skip the rest of a line; the size of all of it."""
    while part := file.readline(CHUNK_BYTES):
        size += len(part)
        if part.endswith(b"\n"):
            return size - 1
    return size


def _count_lines(file: IO[bytes]) -> int:
    count, last = 0, b"\n"
    while chunk := file.read(CHUNK_BYTES):
        count += chunk.count(b"\n")
        last = chunk[-1:]
    file.seek(0)
    return count + (last != b"\n")
