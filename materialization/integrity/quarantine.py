"""Quarantine: a script whose stored data is inconsistent takes no edits until it is repaired; the reason is kept."""

from __future__ import annotations

from functools import partial

from domain.errors import Corrupt, LedgerError
from materialization.integrity.audit import audit
from materialization.retry import with_retries
from repos.unit_of_work import UnitOfWork


class StillBroken(LedgerError):
    """A quarantined script is still inconsistent, and `unverified` was not set: nothing was changed."""


class Quarantined(Corrupt):
    """A script is quarantined."""


class NotQuarantined(LedgerError):
    """A script is not quarantined."""


def quarantine(unit_of_work: UnitOfWork, script_id: int, *, found_by: str, reason: str, now: int) -> None:
    """Quarantine a script and record the reason, in one transaction."""
    with_retries(partial(_quarantine, unit_of_work, script_id, found_by, reason, now))


def reopen(unit_of_work: UnitOfWork, script_id: int, *, by: str, now: int, unverified: bool = False) -> bool:
    """Reopen a quarantined script if it verifies; returns whether submissions are pending for it.

    With `unverified` it is reopened as it is. The reason for the quarantine, who reopened it and whether it was
    verified stay recorded.

    Raises:
        UnknownScript: there is no such script.
        NotQuarantined: it is in service.
        StillBroken: verification found an inconsistency.
    """
    with unit_of_work.reading() as tx:
        head = tx.heads.require(script_id)
        if head.health != "quarantined":
            raise NotQuarantined(f"script {script_id} is in service")
    finding = None if unverified else audit(unit_of_work, script_id).finding
    if finding is not None:
        raise StillBroken(f"script {script_id} contradicts itself at version {finding.version}: {finding.problem}")
    return with_retries(partial(_reopen, unit_of_work, script_id, by, now, verified=not unverified))


def _quarantine(unit_of_work: UnitOfWork, script_id: int, found_by: str, reason: str, now: int) -> None:
    with unit_of_work.script(script_id, wait=True) as tx:
        if tx.head.provisional:
            tx.heads.remove_unborn(script_id)
        elif tx.head.version and tx.head.health != "quarantined":
            tx.heads.set_health(script_id, "quarantined")
            tx.quarantines.add(script_id, found_by, reason, now, before=tx.head.health)


def _reopen(unit_of_work: UnitOfWork, script_id: int, by: str, now: int, *, verified: bool) -> bool:
    with unit_of_work.script(script_id, wait=True) as tx:
        if tx.head.health != "quarantined":
            raise NotQuarantined(f"script {script_id} is in service")
        known = [row for row in tx.quarantines.read(script_id, limit=1) if row.reopened_at is None]
        tx.heads.set_health(script_id, known[0].health_before if known else "open")
        tx.quarantines.reopen(script_id, by, now, verified=verified)
    return tx.more
