"""ai_run_losses: how many lines each run of an AI took away from a script. Written with the versions that took them."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, delete, select

from repos.proposal_tables import ai_run_losses
from repos.session import Session


class RunLoss(NamedTuple):
    """How many lines a run took away without a person's consent, and how many there were when it first took some."""

    lines: int
    lost: int


_COLUMNS = ("script_id", "run_hash", "run_id", "line_count", "lost")
_THIS = (
    ai_run_losses.c.script_id == bindparam("script"),
    ai_run_losses.c.run_hash == bindparam("run"),
)
_GET = select(ai_run_losses.c.line_count, ai_run_losses.c.lost).where(*_THIS)
_REMOVE = delete(ai_run_losses).where(*_THIS)


class RunLosses:
    """What runs took away from the locked script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int, run_id: str) -> RunLoss | None:
        """What a run took away; None where it took nothing."""
        found = self._session.rows(_GET, script=script_id, run=_key(run_id))
        return RunLoss(*found[0]) if found else None

    def put(self, script_id: int, run_id: str, loss: RunLoss) -> None:
        """Write down what a run has taken away by now, with the commit."""
        key = _key(run_id)
        self._session.later(_REMOVE, script=script_id, run=key)
        self._session.later_insert(ai_run_losses, _COLUMNS, [(script_id, key, run_id, *loss)])


def _key(run_id: str) -> bytes:
    return sha256(run_id.encode()).digest()[:16]
