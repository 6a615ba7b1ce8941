"""Undo: the inverse of earlier commands as new commands under the same guards. History is never rewritten.

Undoing an undo is redo. A line that was edited since is reported as a conflict and never overwritten: the submission
is refused, or with `apply_rest` applies what it can and reports the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from domain.commands.base import Command
from domain.log.head import Head
from domain.refusals import (
    NothingToUndo,
    SubmissionTooLarge,
    TooManyCommands,
    UnknownUndo,
    UnknownVersion,
)
from domain.script.delta import advance
from domain.submissions.submission import (
    MAX_COMMANDS,
    MAX_SUBMISSION_BYTES,
    decode_cause,
    decode_command,
    encode_command,
)
from materialization.history.state_at import LogReader, load
from repos.log.authorship import Provenance


class UndoReader(LogReader, Protocol):
    """A unit of work that can read everything stored of a script, and authorship."""

    @property
    def provenance(self) -> Provenance: ...


def versions_of_submission(tx: LogReader, script_id: int, submission_id: str) -> list[int]:
    """The versions a submission made, in ascending order.

    Raises:
        UnknownUndo: it made none.
    """
    found = tx.submissions.get(script_id, submission_id)
    if found is None or found.answer.first_version is None or found.answer.last_version is None:
        raise UnknownUndo(script=script_id, what=f"submission {submission_id!r}")
    return list(range(found.answer.first_version, found.answer.last_version + 1))


def versions_of_run(tx: LogReader, script_id: int, run_id: str) -> list[int]:
    """The versions an AI run made, with or without others between them, in ascending order.

    Raises:
        UnknownUndo: it made none.
    """
    causes = tx.commands.causes_of_ai(script_id)
    versions = [version for version, cause in causes if decode_cause(cause).run_id == run_id]
    if not versions:
        raise UnknownUndo(script=script_id, what=f"AI run {run_id!r}")
    return versions


def inverse_commands(tx: LogReader, script_id: int, versions: Sequence[int]) -> tuple[Command, ...]:
    """The commands that undo some versions of a script, last version first.

    Each is computed from the state before its version, so it undoes that version and nothing else.

    Raises:
        UnknownScript, UnknownVersion: there is no such version.
        NothingToUndo: one of them created the script.
        TooManyCommands, SubmissionTooLarge: too much for one submission; undo fewer versions at once.
    """
    head = tx.heads.require(script_id)
    undone: list[Command] = []
    size = 0
    for first, last in reversed(list(_runs(versions))):
        if not 1 <= first <= last <= head.version:
            raise UnknownVersion(script=script_id, version=last, head=head.version)
        inverses, size = _inverses_of_run(tx, head, (first, last), (len(undone), size))
        undone += inverses
    return tuple(undone)


def _inverses_of_run(
    tx: LogReader, head: Head, versions: tuple[int, int], before: tuple[int, int]
) -> tuple[list[Command], int]:
    """The inverses of consecutive versions, and the bytes of all inverses so far; `before` is the count and bytes of
    the inverses of other versions."""
    (first, last), (count, size) = versions, before
    if first == 1:
        raise NothingToUndo(version=1)
    state = load(tx, head, first - 1)
    # Keeps the inverses and not the states between them: each state has its own copy of a long line.
    inverses: list[tuple[Command, ...]] = []
    for entry in tx.commands.read(head.script_id, after=first - 1, upto=last):
        command = decode_command(entry.payload)
        after = advance(state, command.apply(state))
        inverses.append(command.inverse(state, after))
        count += len(inverses[-1])
        size += sum(len(encode_command(each)) for each in inverses[-1])
        # The limits of a submission are checked here, before all inverses are in memory.
        if count > MAX_COMMANDS:
            raise TooManyCommands(count=count, limit=MAX_COMMANDS)
        if size > MAX_SUBMISSION_BYTES:
            raise SubmissionTooLarge(size=size, limit=MAX_SUBMISSION_BYTES)
        state = after
    return [command for inverse in reversed(inverses) for command in inverse], size


def _runs(versions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """The first and last version of each run without gaps."""
    ordered = sorted(set(versions))
    breaks = [0, *(at for at, (left, right) in enumerate(pairwise(ordered), 1) if right != left + 1), len(ordered)]
    return ((ordered[start], ordered[end - 1]) for start, end in pairwise(breaks) if end > start)
