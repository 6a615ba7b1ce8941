"""Replay: what was refused is sent again, as a new submission whose cause names the old one."""

from __future__ import annotations

from msgspec.structs import replace

from domain.access import UnknownRejection
from domain.submission import Submission, decode_submission
from repos.rejected import RejectedRow
from repos.unit_of_work import RecordsWork


def rejection(tx: RecordsWork, number: int) -> RejectedRow:
    """A dead letter.

    Raises:
        UnknownRejection: there is none, or it was pruned.
    """
    found = tx.rejected.get(number)
    if found is None:
        raise UnknownRejection(number=number)
    return found


def replayed(row: RejectedRow, submission_id: str, *, base_version: int | None = None) -> Submission:
    """What was refused, under a new id and for another base version if one is named.

    Its guards are those it had. What it was to follow is left out: that was answered, or refused it.

    Raises:
        Rejected: it is no submission, and will never be one.
    """
    old = decode_submission(row.payload)
    return replace(
        old,
        submission_id=submission_id,
        base_version=old.base_version if base_version is None else base_version,
        after_submission=None,
        cause=replace(old.cause, replays=old.submission_id),
    )
