"""Rebuild: derives the versions and keyframes of a script from its commands again, under a new generation.

Each transaction writes one chunk and its position, so an interrupted rebuild continues where it stopped. The new
generation is not read until one update of the head names it; the projections follow at their next update.
Commands are read and never changed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from domain.counting import does
from domain.errors import Conflict, Corrupt, LedgerError
from domain.log.head import Head
from domain.refusals import UnknownScript
from domain.script.hashing import GENESIS
from materialization.clock import system_clock
from materialization.integrity.rebuild_chunks import (
    VERSIONS_PER_TRANSACTION,
    Chunk,
    derive_piece,
    resume_point,
    write_piece,
)
from materialization.retry import with_retries
from repos.integrity.rebuilds import RebuildRow
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork

# When at most this many versions remain, they are derived with the head locked, so that the head does not advance.
LOCKED_TAIL_VERSIONS = 1_000
# A minute after a switch of generations, readers of the old generation have finished or follow the new one.
READERS_END_MICROS = 60 * 1_000_000
# Scripts whose old generations one scheduled pruning removes.
MAX_PRUNED_SCRIPTS = 100


class RebuildDiffers(LedgerError):
    """A rebuild produced other states than those stored, and differences were not accepted: nothing was changed."""


class Rebuilt(NamedTuple):
    """An active rebuild: its generation, its number of versions, and how many differ from the generation before it.

    `first_difference` is the first version with another state hash, None where all are equal.
    """

    script_id: int
    generation: int
    versions: int
    differences: int
    first_difference: int | None


def rebuild(
    unit_of_work: UnitOfWork,
    script_id: int,
    *,
    accept_differences: bool = False,
    clock: Callable[[], int] = system_clock,
    progress: Callable[[int], None] | None = None,
) -> Rebuilt:
    """Rebuild a script and activate the new generation; continues an interrupted rebuild.

    `progress` is called with the last version written.

    Raises:
        UnknownScript: there is no such script.
        RebuildLocked: another worker rebuilds it.
        RebuildDiffers: the states differ from those stored, and `accept_differences` is false.
        Corrupt: the log has a hole, was changed, or does not apply; the message names the version.
    """
    row = with_retries(partial(_begin, unit_of_work, script_id, clock()))
    done: Rebuilt | None = None
    while done is None:
        row, piece = _write_pieces(unit_of_work, row, progress or (lambda _: None))
        done = with_retries(partial(_activate, unit_of_work, row, piece, accept_differences, clock()))
    return done


def _begin(unit_of_work: UnitOfWork, script_id: int, now: int) -> RebuildRow:
    """The rebuild to continue, or a new one."""
    with unit_of_work.records() as tx:
        head = tx.heads.require(script_id)
        known = tx.rebuilds.read(script_id)
        if not known or known[0].state != "running":
            made = max([head.generation, *(row.generation for row in known)]) + 1
            tx.rebuilds.open(script_id, made, GENESIS, now)
            known = tx.rebuilds.read(script_id)
    return known[0]


def _write_pieces(
    unit_of_work: UnitOfWork, row: RebuildRow, progress: Callable[[int], None]
) -> tuple[RebuildRow, Chunk]:
    """Write all but the last few versions; each chunk is derived while the database writes the previous one."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="rebuild") as writer:
        piece, left = _derived(unit_of_work, row, None)
        while True:
            writing = writer.submit(with_retries, partial(_write, unit_of_work, row, piece))
            following = _derived(unit_of_work, row, piece) if left > LOCKED_TAIL_VERSIONS else None
            row = writing.result()
            progress(row.version)
            if row.version != piece.head.version:
                following = _derived(unit_of_work, row, None)  # another worker continued it in the meantime
            if following is None:
                return row, piece
            piece, left = following


def _derived(unit_of_work: UnitOfWork, row: RebuildRow, before: Chunk | None) -> tuple[Chunk, int]:
    """The chunk after `before`, or after what is written; and how many versions remain up to the head."""

    def derived() -> tuple[Chunk, int]:
        with unit_of_work.reading() as tx:
            head = _head_of(tx.heads.get(row.script_id), row)
            piece = derive_piece(tx, head, before or resume_point(tx, head, row))
        return piece, head.version - piece.head.version

    return with_retries(derived)


def _write(unit_of_work: UnitOfWork, row: RebuildRow, piece: Chunk) -> RebuildRow:
    """Write a chunk and return the progress of the rebuild; if another worker continued it, write nothing."""
    with unit_of_work.rebuild(row.script_id, row.generation) as tx:
        head = _head_of(tx.heads.get(row.script_id), row)
        return write_piece(tx, tx.row, piece, head.generation) if tx.row.version == piece.after else tx.row


def _activate(
    unit_of_work: UnitOfWork, row: RebuildRow, before: Chunk, accept_differences: bool, now: int
) -> Rebuilt | None:
    """Derive the last versions under the head lock and switch the head to the generation; None if too many remain."""
    with unit_of_work.script(row.script_id, wait=True) as tx:
        finished = _finished(tx, row) or _finish(tx, row, before, accept_differences, now)
    if finished is None:
        return None
    if finished.state == "differs":
        raise RebuildDiffers(
            f"{finished.differences} of {finished.version} versions of script {row.script_id} "
            f"{does(finished.differences, 'differ')} from the stored state, the first is version "
            f"{finished.first_difference}; nothing was changed"
        )
    return Rebuilt(row.script_id, row.generation, finished.version, finished.differences, finished.first_difference)


def _finished(tx: LockedScript, row: RebuildRow) -> RebuildRow | None:
    """This rebuild if it is already finished: the reply to its final COMMIT may have been lost."""
    known = [each for each in tx.rebuilds.read(row.script_id) if each.generation == row.generation]
    return known[0] if known and known[0].state != "running" else None


def _finish(tx: LockedScript, row: RebuildRow, before: Chunk, accept_differences: bool, now: int) -> RebuildRow | None:
    head = _head_of(tx.head, row)
    if head.version - row.version > LOCKED_TAIL_VERSIONS:
        return None
    piece = derive_piece(tx, head, before)
    if piece.head.version < head.version:
        return None  # more bytes than one chunk may hold
    if piece.head.chain_hash != head.chain_hash:
        raise Corrupt(f"the head of script {row.script_id} does not have the chain hash of its last command")
    written = write_piece(tx, row, piece, head.generation)
    accepted = accept_differences or not written.differences
    finished = written._replace(state="active" if accepted else "differs", finished_at=now)
    tx.rebuilds.move(finished)
    if accepted:
        tx.heads.advance(piece.head, head.version)
    return finished


def _head_of(head: Head | None, row: RebuildRow) -> Head:
    if head is None:
        raise UnknownScript(script=row.script_id)
    if head.generation >= row.generation:
        raise Conflict(f"generation {row.generation} of script {row.script_id} is not needed any more")
    return head


def prune_generations(unit_of_work: UnitOfWork, script_id: int, *, before: int) -> list[int]:
    """Remove the generations of a script that its head has not named since `before`, and return them.

    Those of a quarantined script stay. If interrupted, it can be run again. Readers that started before a switch of
    generations must have finished by `before`.
    """
    with unit_of_work.reading() as tx:
        # The generations are read first, so that one created or activated later is not among them.
        found = tx.generations.found(script_id)
        head, known = tx.heads.get(script_id), tx.rebuilds.read(script_id)
    if head is None:
        raise UnknownScript(script=script_id)
    if head.health == "quarantined":
        return []  # they are evidence
    kept = {head.generation, *(row.generation for row in known if row.state == "running")}
    if any((row.finished_at or 0) >= before for row in known):
        return []
    gone = [generation for generation in found if generation not in kept]
    for generation in gone:
        # From the end: the first version is removed last, and until then marks the generation as existing.
        for upto in range(
            -(-head.version // VERSIONS_PER_TRANSACTION) * VERSIONS_PER_TRANSACTION, 0, -VERSIONS_PER_TRANSACTION
        ):
            with unit_of_work.records() as tx:
                tx.generations.remove(script_id, generation, after=upto - VERSIONS_PER_TRANSACTION, upto=upto)
    return gone


def prune_left_behind(unit_of_work: UnitOfWork, now: int, *, limit: int = MAX_PRUNED_SCRIPTS) -> int:
    """Remove the inactive generations that rebuilds left, for at most `limit` scripts; returns how many."""
    before = now - READERS_END_MICROS
    with unit_of_work.reading() as tx:
        scripts = tx.rebuilds.left_behind(before=before, limit=limit)
    return sum(len(prune_generations(unit_of_work, script_id, before=before)) for script_id in scripts)
