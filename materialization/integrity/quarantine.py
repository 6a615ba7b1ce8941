"""Quarantine: a script whose stored data is inconsistent takes no edits until it is repaired; the reason is kept."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from domain.errors import Conflict, Corrupt, LedgerError
from materialization.integrity.audit import audit
from materialization.integrity.readers_repair import rewrite_for_readers
from materialization.integrity.verify import Finding, Verification
from materialization.retry import with_retries
from repos.database.driver_errors import DriverError
from repos.unit_of_work import UnitOfWork


class StillBroken(LedgerError):
    """A quarantined script is still inconsistent, and `unverified` was not set: nothing was changed."""

    def __init__(self, script_id: int, finding: Finding) -> None:
        self.finding = finding
        super().__init__(f"script {script_id} contradicts itself at version {finding.version}: {finding.problem}")


class Quarantined(Corrupt):
    """A script is quarantined."""


class NotQuarantined(LedgerError):
    """A script is not quarantined."""


def quarantine(unit_of_work: UnitOfWork, script_id: int, *, found_by: str, reason: str, now: int) -> None:
    """Quarantine a script and record the reason, in one transaction."""
    with_retries(partial(_quarantine, unit_of_work, script_id, found_by, reason, now))


def quarantine_if_broken(
    unit_of_work: UnitOfWork, verification: Verification, *, found_by: str, now: int
) -> Verification:
    """Quarantine a script that an audit found inconsistent, if a second audit does too; return the last audit.

    What only readers see differently is no reason: it can be written again.
    """
    script_id = verification.script_id
    if not _is_broken(verification.finding):
        return verification
    with suppress(Conflict, *DriverError):
        unit_of_work.catch_up()
    verification = audit(unit_of_work, script_id)
    if (finding := verification.finding) is not None and _is_broken(finding):
        reason = f"version {finding.version}: {finding.problem}"
        quarantine(unit_of_work, script_id, found_by=found_by, reason=reason, now=now)
    return verification


def reopen(unit_of_work: UnitOfWork, script_id: int, *, by: str, now: int, unverified: bool = False) -> bool:
    """Reopen a quarantined script if it verifies; returns whether submissions are pending for it.

    What only readers see differently is written again. With `unverified` the script is reopened as it is. The reason
    for the quarantine, who reopened it and whether it was verified stay recorded.

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
    if finding is not None and finding.repair == "project":
        rewrite_for_readers(unit_of_work, script_id)
        finding = audit(unit_of_work, script_id).finding
    if finding is not None:
        raise StillBroken(script_id, finding)
    return with_retries(partial(_reopen, unit_of_work, script_id, by, now, verified=not unverified))


def _is_broken(finding: Finding | None) -> bool:
    return finding is not None and finding.repair != "project"


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
