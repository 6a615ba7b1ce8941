"""Backfill mode of a script: until it ends, the script accepts only the submissions of the backfill."""

from __future__ import annotations

from functools import partial

from domain.errors import Corrupt
from materialization.retry import with_retries
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork


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
