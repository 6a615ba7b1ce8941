"""Quarantine: a script whose storage contradicts itself takes no edits until it is mended; the reason is kept."""

from __future__ import annotations

from functools import partial

from materialization.again import again
from repos.unit_of_work import UnitOfWork


def quarantine(unit_of_work: UnitOfWork, script_id: int, *, found_by: str, reason: str, now: int) -> None:
    """Take a script out of service, and keep why, in one transaction."""
    again(partial(_quarantine, unit_of_work, script_id, found_by, reason, now))


def _quarantine(unit_of_work: UnitOfWork, script_id: int, found_by: str, reason: str, now: int) -> None:
    with unit_of_work.script(script_id, wait=True) as tx:
        if not tx.head.version:
            tx.heads.remove_unborn(script_id)
        elif tx.head.health == "open":
            tx.heads.set_health(script_id, "quarantined")
            tx.quarantines.add(script_id, found_by, reason, now)
