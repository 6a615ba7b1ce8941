"""History file reader: checks that the file is one complete log that leads to the version in its header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from domain.errors import LedgerError
from domain.script.hashing import state_hash_bytes
from materialization.history_files.answers import AnswerCheck
from materialization.history_files.commands import CommandCheck, Derived
from materialization.history_files.file_lines import problem_of, read_header_line, read_records
from materialization.history_files.format import BadHistoryFile, End, Header, Record
from materialization.history_files.regular_file import regular_file
from repos.submissions.answers import Answered

__all__ = ["Derived", "HistoryFile", "history_file", "read_header"]


@contextmanager
def history_file(path: Path) -> Iterator[HistoryFile]:
    """A history file, opened.

    Raises:
        NotARegularFile: it is a device, a pipe or a socket.
        BadHistoryFile: it does not begin as a history file.
    """
    with regular_file(path) as file:
        yield HistoryFile(file, read_header_line(file))


def read_header(path: Path) -> Header:
    """The header of a file; raises what `history_file` raises."""
    with history_file(path) as file:
        return file.header


class HistoryFile:
    """An open history file. It can be read several times, and is checked completely each time."""

    def __init__(self, file: IO[bytes], header: Header) -> None:
        self.header = header
        self._file = file

    def read(self) -> Iterator[Derived | tuple[int, Answered]]:
        """Its commands, then its answers, each with its line number.

        If the iteration completes, the file is a whole history that any ledger could have written.

        Raises:
            BadHistoryFile: a line is not valid; the message names it.
        """
        self._file.seek(0)
        if read_header_line(self._file) != self.header:
            raise BadHistoryFile(line=1, problem="the file was changed while it was read")
        check = _Check(self.header)
        for number, record in read_records(self._file):
            try:
                found = check.take(number, record)
            except (LedgerError, ValueError, OverflowError, RecursionError) as error:
                raise BadHistoryFile(line=number, problem=problem_of(error)) from error
            if found is not None:
                yield found


class _Check:
    """Takes the records of a file in their order: commands, answers, the end."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self._commands = CommandCheck(header.script_id)
        self._answers = AnswerCheck(header)
        self._answer_count = 0
        self._ended = False

    def take(self, number: int, record: Record) -> Derived | tuple[int, Answered] | None:
        """Check a record and return its content; raises ValueError or a LedgerError if it is wrong."""
        if record.command is not None:
            if self._ended:
                raise ValueError("a command follows an answer")
            derived, ended = self._commands.take(record.command)
            if ended is not None:
                self._answers.settled(ended)
            return derived
        self._end_commands()
        if record.answer is not None:
            self._answer_count += 1
            return number, self._answers.answered(record.answer)
        self._answers.finish()
        if record.end != End(self._commands.state.version, self._answer_count):
            raise ValueError("the file does not end where it says it does")
        return None

    def _end_commands(self) -> None:
        """After the last command, compare the result with the header."""
        if self._ended:
            return
        self._ended = True
        state = self._commands.state
        led_to = (state.version, self._commands.chain.hex(), state_hash_bytes(state.hash).hex())
        if led_to != (self._header.versions, self._header.chain_hash, self._header.state_hash):
            raise ValueError("the commands do not lead to the version the header names")
        if (last := self._commands.finish()) is not None:
            self._answers.settled(last)
