"""Repair of what readers see of a script: its row in `scripts` and its projections, written again from its log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from domain.errors import Corrupt
from domain.log.entry import written_at
from materialization.clock import system_clock
from materialization.history.state_at import load
from materialization.projections.updater import Projected, project
from materialization.retry import with_retries
from repos.log.scripts import StoredScript
from repos.unit_of_work import UnitOfWork


def rewrite_for_readers(
    unit_of_work: UnitOfWork, script_id: int, *, clock: Callable[[], int] = system_clock
) -> Projected:
    """Write the row and the projections of a script again; readers see the head afterwards.

    Raises:
        UnknownScript: there is no such script.
        ProjectionLocked: another worker is updating its projections.
        Corrupt: its stored data is inconsistent.
    """
    with unit_of_work.reading() as tx:
        tx.heads.require(script_id)
    with_retries(partial(_restore_row, unit_of_work, script_id))
    return project(unit_of_work, script_id, from_scratch=True, clock=clock)


def _restore_row(unit_of_work: UnitOfWork, script_id: int) -> None:
    with unit_of_work.script(script_id, wait=True) as tx:
        first = tx.commands.get(script_id, 1)
        if first is None:
            raise Corrupt(f"command 1 of script {script_id} is missing from the log")
        created_at = written_at(first.author, first.occurred_at, first.recorded_at)
        row = StoredScript.of(script_id, load(tx, tx.head, tx.head.version), created_at)
        if row.user_id is not None and not tx.scripts.owner_exists(row.user_id, deleted_too=True):
            row = row._replace(user_id=None)
        tx.scripts.restore(row)
