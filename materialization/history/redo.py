"""Redo: finds the undo to reverse. An undo is an ordinary submission whose cause names the version it undoes."""

from __future__ import annotations

from collections.abc import Iterator

from domain.errors import Rejected
from domain.submissions.submission import decode_cause
from materialization.history.undo import UndoReader, versions_of_submission

AT_ONCE = 200


class NothingToRedo(Rejected):
    """Script {script} has nothing to redo: every undo was already redone, or there was none."""


def versions_to_redo(tx: UndoReader, script_id: int) -> list[int]:
    """The versions of the last undo that was not redone, in ascending order.

    Raises:
        UnknownScript: there is no such script.
        NothingToRedo: there is no such undo.
    """
    head = tx.heads.require(script_id)
    taken_back: set[int] = set()
    for version, undone in _undos(tx, script_id, head.version):
        made = _submission_of(tx, script_id, version)
        if version != made[0] or version in taken_back:
            continue
        taken_back.add(undone)
        if _undoes(tx, script_id, undone) is None:
            return made
    raise NothingToRedo(script=script_id)


def _undos(tx: UndoReader, script_id: int, head: int) -> Iterator[tuple[int, int]]:
    """The versions that undo others, last first, each with the version it undoes."""
    for last in range(head, 0, -AT_ONCE):
        found = tx.provenance.of(script_id, range(max(1, last - AT_ONCE + 1), last + 1))
        for version in sorted(found, reverse=True):
            if (undone := decode_cause(found[version].cause).undoes) is not None:
                yield version, undone


def _undoes(tx: UndoReader, script_id: int, version: int) -> int | None:
    found = tx.provenance.get(script_id, version)
    return decode_cause(found.cause).undoes if found else None


def _submission_of(tx: UndoReader, script_id: int, version: int) -> list[int]:
    """The versions of the submission that made a version."""
    entry = tx.commands.get(script_id, version)
    return versions_of_submission(tx, script_id, entry.submission_id) if entry else [version]
