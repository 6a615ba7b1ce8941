"""Table ai_run_losses: how many lines each AI run deleted from a script, written with the deleting versions."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.schema.proposal_tables import ai_run_losses


class RunLoss(NamedTuple):
    """`lost`: lines a run deleted without a person's consent; `lines`: lines of the script at its first deletion."""

    lines: int
    lost: int


_VALUES: dict[str, Any] = {
    "script_id": bindparam("script"),
    "run_hash": bindparam("run"),
    "run_id": bindparam("name"),
    "line_count": bindparam("lines"),
    "lost": bindparam("deleted"),
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
    """The lines AI runs deleted from the locked script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int, run_id: str, count: str = "") -> RunLoss | None:
        """The deletions of a run; None if it deleted nothing. `count` names a count other than that of lines."""
        rows = self._session.rows(_GET, script=script_id, run=_key(run_id, count))
        return RunLoss(*rows[0]) if rows else None

    def put(self, script_id: int, run_id: str, loss: RunLoss, count: str = "") -> None:
        """Store the deletions of a run so far, with the commit."""
        # An upsert: for several scripts, all inserts into a table are sent together, before writes gathered later.
        put = _PUT_SQLITE if self._session.is_sqlite else _PUT_MYSQL
        self._session.later(
            put, script=script_id, run=_key(run_id, count), name=run_id, lines=loss.lines, deleted=loss.lost
        )


def _key(run_id: str, count: str) -> bytes:
    # No run id contains a line end.
    name = f"{count}\n{run_id}" if count else run_id
    return sha256(name.encode()).digest()[:16]
