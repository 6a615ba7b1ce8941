"""Line reader of history files: bounded, complete lines, each exactly one object of the format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import IO, Any, TypeVar

import msgspec

from domain.errors import LedgerError, Rejected
from domain.script.validation import EXACT
from domain.submissions.submission import MAX_SCRIPT_ID, MAX_SUBMISSION_BYTES
from materialization.history_files.format import FORMAT_VERSION, BadHistoryFile, Header, Record

# A command of 16 MiB as a string within JSON, and the other fields of its line.
MAX_LINE_BYTES = 4 * MAX_SUBMISSION_BYTES
MAX_PROBLEM = 300

S = TypeVar("S", bound=msgspec.Struct)

_header = msgspec.json.Decoder(Header)
_record = msgspec.json.Decoder(Record)
_encoder = msgspec.json.Encoder()


class _Repeated(ValueError):
    """A field appears twice in one object."""


def read_header_line(file: IO[bytes]) -> Header:
    """The first line of a file.

    Raises:
        BadHistoryFile: it is not a header, its format version is unknown, or its script id or version is not valid.
    """
    line = _line(file, 1)
    try:
        header = _decoded(_header, line, 1)
    except BadHistoryFile as error:
        raise BadHistoryFile(line=1, problem=f"this is not a history file: {error.facts['problem']}") from error
    if header.format_version != FORMAT_VERSION:
        raise BadHistoryFile(line=1, problem=f"format version {header.format_version} is not {FORMAT_VERSION}")
    if not line.endswith(b"\n"):
        raise _cut_off(1)
    if not 1 <= header.script_id <= MAX_SCRIPT_ID:
        raise BadHistoryFile(line=1, problem="script_id must be a positive number below 2^53")
    if not 1 <= header.versions < EXACT:
        raise BadHistoryFile(line=1, problem="versions must be a positive number below 2^53")
    return header


def read_records(file: IO[bytes]) -> Iterator[tuple[int, Record]]:
    """The lines after the header, each with its number, up to the `end`, which must be last.

    Raises:
        BadHistoryFile: a line is too long or not a record, there is no end, or there is data after it.
    """
    number = 2
    while line := _line(file, number):
        record = _decoded(_record, line, number)
        if sum(part is not None for part in (record.command, record.answer, record.end)) != 1:
            raise BadHistoryFile(line=number, problem="a line is a command, an answer or the end")
        if not line.endswith(b"\n"):
            raise _cut_off(number)
        yield number, record
        number += 1
        if record.end is not None:
            if file.read(1):
                raise BadHistoryFile(line=number, problem="there is data after the end")
            return
    raise BadHistoryFile(line=number, problem="the file ends without its end; it was cut off")


def problem_of(error: Exception) -> str:
    """The problem as part of a sentence on one line."""
    sentence = error.message if isinstance(error, Rejected) else str(error)
    if not isinstance(error, LedgerError):
        sentence = sentence[:MAX_PROBLEM]
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in sentence.rstrip("."))


def _line(file: IO[bytes], number: int) -> bytes:
    line = file.readline(MAX_LINE_BYTES + 1)
    if len(line) > MAX_LINE_BYTES:
        raise BadHistoryFile(line=number, problem=f"it has more than the {MAX_LINE_BYTES} bytes allowed")
    return line


def _cut_off(number: int) -> BadHistoryFile:
    return BadHistoryFile(line=number, problem="it has no line end; the file was cut off")


def _decoded(decoder: msgspec.json.Decoder[S], line: bytes, number: int) -> S:
    try:
        value = decoder.decode(line)
        # A line equal to our own encoding has each field once; only other lines need the check for repeated fields.
        if _encoder.encode(value) != line.removesuffix(b"\n"):
            json.loads(line, object_pairs_hook=_once)
    except (msgspec.DecodeError, ValueError, RecursionError, OverflowError) as error:
        raise BadHistoryFile(line=number, problem=problem_of(error)) from error
    return value


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise _Repeated(f"{next(name for name in names if names.count(name) > 1)!r} appears twice in one object")
