"""ai_run_losses: how many lines each run of an AI took away from a script. Written with the versions that took them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.schema.proposal_tables import ai_run_losses


class RunLoss(NamedTuple):
    """How many lines a run took away without a person's consent, and how many there were when it first took some."""

    lines: int
    lost: int


_VALUES: dict[str, Any] = {
    "script_id": bindparam("script"),
    "run_hash": bindparam("run"),
    "run_id": bindparam("name"),
    "line_count": bindparam("lines"),
    "lost": bindparam("gone"),
}
_PUT_MYSQL = mysql.insert(ai_run_losses).values(**_VALUES)
_PUT_MYSQL = _PUT_MYSQL.on_duplicate_key_update(lost=_PUT_MYSQL.inserted.lost)
_PUT_SQLITE = sqlite.insert(ai_run_losses).values(**_VALUES)
_PUT_SQLITE = _PUT_SQLITE.on_conflict_do_update(
    index_elements=["script_id", "run_hash"], set_={"lost": _PUT_SQLITE.excluded.lost}
)
_THIS = (
    ai_run_losses.c.script_id == bindparam("script"),
    ai_run_losses.c.run_hash == bindparam("run"),
)
_GET = select(ai_run_losses.c.line_count, ai_run_losses.c.lost).where(*_THIS)


class RunLosses:
    """What runs took away from the locked script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int, run_id: str, count: str = "") -> RunLoss | None:
        """What a run took away; None where it took nothing. `count` names another count than that of its lines."""
        found = self._session.rows(_GET, script=script_id, run=_key(run_id, count))
        return RunLoss(*found[0]) if found else None

    def put(self, script_id: int, run_id: str, loss: RunLoss, count: str = "") -> None:
        """Write down what a run has taken away by now, with the commit."""
        # In one statement: among several scripts all inserts of a table leave together, before what is gathered later.
        put = _PUT_SQLITE if self._session.is_sqlite else _PUT_MYSQL
        self._session.later(
            put, script=script_id, run=_key(run_id, count), name=run_id, lines=loss.lines, gone=loss.lost
        )


def _key(run_id: str, count: str) -> bytes:
    # No run's id holds a line end.
    name = f"{count}\n{run_id}" if count else run_id
    return sha256(name.encode()).digest()[:16]
