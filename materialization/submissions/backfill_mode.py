"""A script being backfilled: until it is done it takes only what the backfill brings over from the legacy tables."""

from __future__ import annotations

from functools import partial

from domain.errors import Corrupt
from materialization.retry import with_retries
from repos.locked_scripts import LockedScript
from repos.unit_of_work import UnitOfWork


def begin_backfill(unit_of_work: UnitOfWork, script_id: int) -> None:
    """Let a script take nothing but submissions by `backfill`; it need not exist yet. Begun twice is begun once.

    Everybody else is refused with `script_being_backfilled`, also those whose submissions wait already.

    Raises:
        Corrupt: the script is quarantined, and stays so.
    """
    with_retries(partial(_begin, unit_of_work, script_id))


def end_backfill(unit_of_work: UnitOfWork, script_id: int) -> bool:
    """Let a script take everybody's submissions again; whether some wait. Ended twice is ended once.

    Where the backfill brought nothing over there is no script, and nothing is left of it.

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
