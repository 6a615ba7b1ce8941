"""Reading a history file, and checking all of it: what it says is one log, whole, and leads where its header says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from domain.answer import decode_answer
from domain.entry import LogEntry, chained
from domain.errors import LedgerError
from domain.hashing import GENESIS, state_hash_bytes
from domain.state import State
from materialization.history_file import FORMAT_VERSION, BadHistoryFile, End, ExportedCommand, Header, Record
from materialization.rederive import derive
from repos.submissions import Answered
from repos.versions import VersionRow


class Derived(NamedTuple):
    """A command of the file, the version it makes, and the state after it."""

    entry: LogEntry
    version: VersionRow
    state: State


_header = msgspec.json.Decoder(Header)
_record = msgspec.json.Decoder(Record)


def read_header(path: Path) -> Header:
    """The header of a file.

    Raises:
        BadHistoryFile: it is none, or of a version that this program does not know.
    """
    with path.open("rb") as file:
        try:
            header = _header.decode(file.readline())
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadHistoryFile(line=1, problem=f"this is no history file: {error}") from error
    if header.format_version != FORMAT_VERSION:
        raise BadHistoryFile(line=1, problem=f"format version {header.format_version} is not {FORMAT_VERSION}")
    return header


def read_commands(path: Path) -> Iterator[Derived]:
    """The commands of a file, each linked to the one before and leading to the state it says.

    Raises:
        BadHistoryFile: one does not; the message names the line.
    """
    script_id, state, chain = read_header(path).script_id, State.empty(), GENESIS
    for number, record in _records(path):
        if record.command is None:
            return
        try:
            entry = record.command.entry(script_id)
            _require_next(record.command, entry, state, chain)
            state, version = derive(state, entry)
        except (LedgerError, ValueError) as error:
            raise BadHistoryFile(line=number, problem=str(error)) from error
        if version.state_hash.hex() != record.command.state_hash:
            raise BadHistoryFile(line=number, problem=f"version {entry.version} does not have the state hash it says")
        chain = entry.chain_hash
        yield Derived(entry, version, state)


def read_answers(path: Path) -> Iterator[Answered]:
    """The answers of a file."""
    for number, record in _records(path):
        if record.answer is not None:
            try:
                answer = decode_answer(record.answer.answer.encode())
                content_hash = bytes.fromhex(record.answer.content_hash)
            except (LedgerError, ValueError) as error:
                raise BadHistoryFile(line=number, problem=str(error)) from error
            yield Answered(answer, content_hash, record.answer.recorded_at)


def check_file(path: Path, known_version: int, progress: Callable[[int], None] = lambda _: None) -> bytes:
    """Check a file from its first line to its last; the chain hash it has at a version that is known already.

    `progress` is told the version that was checked last.

    Raises:
        BadHistoryFile: something is wrong with it; the message names the line.
    """
    header, known, commands = read_header(path), GENESIS, 0
    chain, state = GENESIS, State.empty()
    for commands, derived in enumerate(read_commands(path), 1):
        chain, state = derived.entry.chain_hash, derived.state
        known = chain if commands == known_version else known
        progress(commands)
    answers = sum(1 for _ in read_answers(path))
    if (commands, chain.hex(), state_hash_bytes(state.hash).hex()) != (
        header.versions,
        header.chain_hash,
        header.state_hash,
    ):
        raise BadHistoryFile(line=commands + 1, problem="the commands do not lead to the version the header names")
    end = _last_line(path)
    if end != End(commands, answers):
        raise BadHistoryFile(line=commands + answers + 2, problem="the file does not end where it says it does")
    return known


def _require_next(command: ExportedCommand, entry: LogEntry, state: State, chain: bytes) -> None:
    if command.version != state.version + 1:
        raise ValueError(f"version {command.version} follows version {state.version}")
    if chained(entry, chain).chain_hash != entry.chain_hash:
        raise ValueError(f"command {command.version} was changed, or follows another command than the one before it")


def _records(path: Path) -> Iterator[tuple[int, Record]]:
    with path.open("rb") as file:
        next(file)
        for number, line in enumerate(file, 2):
            try:
                yield number, _record.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BadHistoryFile(line=number, problem=str(error)) from error


def _last_line(path: Path) -> End | None:
    last = deque(_records(path), maxlen=1)
    return last[0][1].end if last else None
