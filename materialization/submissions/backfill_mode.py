"""Backfill mode of a script: until it ends, the script accepts only the submissions of the backfill."""

from __future__ import annotations

from functools import partial

from domain.errors import Corrupt
from domain.log.head import Head
from domain.refusals import BackfillOutOfOrder
from domain.submissions.submission import Submission
from materialization.retry import with_retries
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork


def require_in_order(submission: Submission, head: Head, now: int) -> None:
    """Refuse a backfilled submission whose time is before the last version's, or in the future (`Rejected`)."""
    if submission.author != "backfill" or submission.occurred_at is None:
        return
    if not head.updated_at <= submission.occurred_at <= now:
        raise BackfillOutOfOrder(occurred_at=submission.occurred_at, earliest=head.updated_at, latest=now)


def begin_backfill(unit_of_work: UnitOfWork, script_id: int) -> None:
    """Let a script accept only submissions by `backfill`; it need not exist yet. Idempotent.

    All others are refused with `script_being_backfilled`, including those already pending.

    Raises:
        Corrupt: the script is quarantined, and stays so.
    """
    with_retries(partial(_begin, unit_of_work, script_id))


def end_backfill(unit_of_work: UnitOfWork, script_id: int) -> bool:
    """Let a script accept all submissions again; returns whether some are pending. Idempotent.

    If the backfill wrote nothing, the script does not exist, and its provisional head is removed.

    Raises:
        Corrupt: the script is quarantined, and stays so.
    """
    return with_retries(partial(_end, unit_of_work, script_id))


def _begin(unit_of_work: UnitOfWork, script_id: int) -> None:
    with unit_of_work.script(script_id, wait=True) as tx:
        _require_sound(tx)
        if tx.head.health == "open":
            tx.heads.set_health(script_id, "backfilling")


def _end(unit_of_work: UnitOfWork, script_id: int) -> bool:
    with unit_of_work.script(script_id, wait=True) as tx:
        _require_sound(tx)
        if not tx.head.version:
            tx.heads.remove_unborn(script_id)
        elif tx.head.health == "backfilling":
            tx.heads.set_health(script_id, "open")
    return tx.more


def _require_sound(tx: LockedScript) -> None:
    if tx.head.health == "quarantined":
        raise Corrupt(f"script {tx.script_id} is quarantined")
