"""Undo: the inverse of what was done, as new commands under the same guards. History is never rewritten.

Undoing an undo is redo. A line that somebody edited since is a shown conflict, never forced: the submission is
refused, or with `apply_rest` does what it can and reports the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol

import msgspec

from domain.command import Command
from domain.delta import advance
from domain.head import Head
from domain.refusals import NothingToUndo, UnknownScript, UnknownUndo, UnknownVersion
from domain.state import State
from domain.submission import Cause, decode_command
from materialization.history import LogReader, load
from repos.provenance import Provenance


class UndoReader(LogReader, Protocol):
    """A unit of work that can read everything there is of a script, and who wrote it."""

    @property
    def provenance(self) -> Provenance: ...


_cause_decoder = msgspec.json.Decoder(Cause)


def versions_of_submission(tx: LogReader, script_id: int, submission_id: str) -> list[int]:
    """The versions a submission made, in rising order.

    Raises:
        UnknownUndo: it made none.
    """
    found = tx.submissions.get(script_id, submission_id)
    if found is None or found.answer.first_version is None or found.answer.last_version is None:
        raise UnknownUndo(script=script_id, what=f"submission {submission_id!r}")
    return list(range(found.answer.first_version, found.answer.last_version + 1))


def versions_of_run(tx: LogReader, script_id: int, run_id: str) -> list[int]:
    """The versions an AI run made, whatever came between them, in rising order.

    Raises:
        UnknownUndo: it made none.
    """
    entries = tx.commands.by_ai(script_id)
    versions = [entry.version for entry in entries if _cause_decoder.decode(entry.cause).run_id == run_id]
    if not versions:
        raise UnknownUndo(script=script_id, what=f"AI run {run_id!r}")
    return versions


def inverse_commands(tx: LogReader, script_id: int, versions: Sequence[int]) -> tuple[Command, ...]:
    """The commands that take back some versions of a script, the last first.

    Each is computed from the state before its version, so it takes back that version and nothing else.

    Raises:
        UnknownScript, UnknownVersion: there is no such version.
        NothingToUndo: one of them created the script.
    """
    head = tx.heads.get(script_id)
    if head is None:
        raise UnknownScript(script=script_id)
    undone: list[Command] = []
    for first, last in reversed(list(_runs(versions))):
        if not 1 <= first <= last <= head.version:
            raise UnknownVersion(script=script_id, version=last, head=head.version)
        undone += _inverse_of_run(tx, head, first, last)
    return tuple(undone)


def _inverse_of_run(tx: LogReader, head: Head, first: int, last: int) -> Iterator[Command]:
    state = State.empty() if first == 1 else load(tx, head, first - 1)
    done: list[tuple[Command, State, State]] = []
    for entry in tx.commands.read(head.script_id, after=first - 1, upto=last):
        command = decode_command(entry.payload)
        after = advance(state, command.apply(state))
        done.append((command, state, after))
        state = after
    for command, before, after in reversed(done):
        if not before.exists:
            raise NothingToUndo(version=after.version)
        yield from command.inverse(before, after)


def _runs(versions: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Versions as runs without gaps: their first and last."""
    ordered = sorted(set(versions))
    breaks = [0, *(at for at, (left, right) in enumerate(pairwise(ordered), 1) if right != left + 1), len(ordered)]
    return ((ordered[start], ordered[end - 1]) for start, end in pairwise(breaks) if end > start)
