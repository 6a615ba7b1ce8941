"""Seals: chain hashes of a script at some versions, stored separately from the log and compared with it later.

A hash chain reveals a changed, removed or swapped command. It does not reveal that its end was cut off or that all of
it was rewritten, if the head was adjusted to match; a seal does.
"""

from __future__ import annotations

from typing import Protocol

from materialization.integrity.verify import Finding
from repos.integrity.seals import Seals
from repos.log.commands import Commands
from repos.log.heads import Heads
from repos.unit_of_work import UnitOfWork

# A script is sealed at most once in this interval.
INTERVAL_MICROS = 60 * 60 * 1_000_000


class SealReader(Protocol):
    """A unit of work that can read heads, logs and seals."""

    @property
    def heads(self) -> Heads: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def seals(self) -> Seals: ...


def seal_if_due(unit_of_work: UnitOfWork, script_id: int, now: int) -> bool:
    """Seal a script at its head if it has new versions and its last seal is an hour old; returns whether it did."""
    with unit_of_work.records() as tx:
        head, seals = tx.heads.get(script_id), tx.seals.read(script_id)
        is_due = not seals or (seals[-1].sealed_at <= now - INTERVAL_MICROS)
        if head is None or not is_due or (seals and seals[-1].version >= head.version):
            return False
        tx.seals.add(script_id, head.version, head.chain_hash, now)
    return True


def check_seals(tx: SealReader, script_id: int) -> Finding | None:
    """The first seal that the log of a script does not match; None if it matches all."""
    for seal in tx.seals.read(script_id):
        entry = tx.commands.get(script_id, seal.version)
        if entry is None:
            return Finding(seal.version, f"version {seal.version} was sealed, but is no longer in the log", "restore")
        if entry.chain_hash != seal.chain_hash:
            problem = f"the log up to version {seal.version} is not the one that was sealed"
            return Finding(seal.version, problem, "restore")
    return None
