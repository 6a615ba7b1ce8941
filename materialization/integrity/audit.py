"""Audit: compares everything stored about a script with its log, and the log with its separately stored seals.

log and versions ──▶ seals ──▶ the head read from keyframe and deltas ──▶ the row in `scripts` ──▶ projections
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import structlog

from domain.errors import Conflict, Corrupt
from domain.script.state import State
from materialization.history.state_at import state_at
from materialization.integrity.seals import check_seals
from materialization.integrity.verify import Finding, Verification, verify
from materialization.projections.reader import read_projection
from repos.database.driver_errors import DriverError
from repos.integrity.verifications import Checkpoint
from repos.log.scripts import ScriptRow
from repos.unit_of_work import RecordsTransaction, UnitOfWork

MAX_READ_ATTEMPTS = 5

log = structlog.get_logger(__name__)


def audit(
    unit_of_work: UnitOfWork,
    script_id: int,
    *,
    resume: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Verification:
    """Verify a script and everything derived from it, the log first, and store checkpoints.

    With `resume` it continues from the checkpoint of the last audit, completed or not.

    Raises:
        UnknownScript: there is no such script.
        Conflict: a database conflict prevented it.
    """
    with unit_of_work.reading() as tx:
        start = tx.verifications.get(script_id) if resume else None
        found = verify(tx, script_id, start=start, keep=_Keeper(unit_of_work), progress=progress)
        return found if found.finding else found._replace(finding=next(_findings(tx, script_id), None))


class _Keeper:
    """Stores checkpoints, each in its own transaction; stops after the database refuses one."""

    def __init__(self, unit_of_work: UnitOfWork) -> None:
        self._unit_of_work = unit_of_work
        self._is_refused = False

    def __call__(self, checkpoint: Checkpoint) -> None:
        if self._is_refused:
            return
        try:
            with self._unit_of_work.records() as tx:
                tx.verifications.put(checkpoint)
        except (Conflict, *DriverError) as refusal:
            # A read-only replica can be audited too.
            self._is_refused = True
            log.warning("audit.checkpoint_refused", script_id=checkpoint.script_id, problem=refusal)


def _findings(tx: RecordsTransaction, script_id: int) -> Iterator[Finding]:
    if (broken := check_seals(tx, script_id)) is not None:
        yield broken
    try:
        state = state_at(tx, script_id)
    except Corrupt as found:
        head = tx.heads.get(script_id)
        yield Finding(head.version if head else 0, str(found), "rebuild")
        return
    yield from _of_row(tx, script_id, state)
    yield from _of_projections(tx, script_id)


def _of_row(tx: RecordsTransaction, script_id: int, state: State) -> Iterator[Finding]:
    """Differences between the row in `scripts` and the state: owner, title, status and archived."""
    for _ in range(MAX_READ_ATTEMPTS):
        row, head = tx.scripts.get(script_id), tx.heads.get(script_id)
        if row is None:
            yield Finding(state.version, "its row in scripts is missing", "project")
            return
        if head is None or head.version == state.version:
            break
        state = state_at(tx, script_id)
    else:
        return  # edited too fast to compare
    yield from (
        Finding(state.version, f"its row in scripts has {name} {shown!r}, its log {logged!r}", "project")
        for name, shown, logged in _compared(row, state)
        if shown != logged and not (name == "owner" and shown is None and _is_unknown(tx, logged))
    )


def _compared(row: ScriptRow, state: State) -> list[tuple[str, object, object]]:
    metadata = state.metadata
    owner = metadata.get("owner")
    return [
        ("owner", row.user_id, owner if isinstance(owner, int) else None),
        ("title", row.title, str(metadata.get("title", ""))),
        ("status", row.status, str(metadata.get("status", "draft"))),
        ("archived", bool(row.archived), state.archived),
    ]


def _is_unknown(tx: RecordsTransaction, owner: object) -> bool:
    """Whether there never was such a user: an imported history may name one, and its row has no owner then."""
    return isinstance(owner, int) and tx.users.get(owner) is None


def _of_projections(tx: RecordsTransaction, script_id: int) -> Iterator[Finding]:
    shown = read_projection(tx, script_id)
    if shown.version and not shown.shows(state_at(tx, script_id, shown.version)):
        yield Finding(shown.version, f"its projections do not show version {shown.version} as it was", "project")
