"""Locks that hold submissions up: transactions that another client left open, and locked heads of scripts.

Only an account with the privilege PROCESS sees the transactions of others. What any account of a worker sees is that a
head is locked, and stays as it is.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, select, text
from sqlalchemy.exc import DBAPIError

from repos.schema.core_tables import script_heads, submission_inbox
from repos.schema.revision import connected

# The longest transactions of ours, slices of a backfill, take 20 s.
MAX_OPEN_SECONDS = 30
# Submissions that have been pending for less may be in a drain.
MAX_PENDING_SECONDS = 10
# A drain that holds a head now has added versions after this time.
LOOK_AGAIN_SECONDS = 1.5
# Of so many submissions, the first to arrive, and of so many of their scripts the heads are examined.
MAX_SUBMISSIONS = 500
MAX_SCRIPTS = 10
MAX_TRANSACTIONS = 20

# A privilege is missing: PROCESS, and UPDATE on a table.
_DENIED = frozenset({1227, 1142, 1143, 1370})

# `trx_started` is in the time zone of the server's machine, whatever that of the session is.
_TRANSACTIONS = text(
    """\
SELECT t.trx_mysql_thread_id, CONCAT(COALESCE(p.user, '?'), '@', SUBSTRING_INDEX(COALESCE(p.host, '?'), ':', 1)),
  TIMESTAMPDIFF(SECOND, CONVERT_TZ(t.trx_started, 'SYSTEM', '+00:00'), UTC_TIMESTAMP()) AS seconds,
  COALESCE(p.command = 'Sleep', 0), COALESCE(p.db = DATABASE(), 1)
FROM information_schema.innodb_trx t LEFT JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
WHERE t.trx_mysql_thread_id <> CONNECTION_ID() AND t.trx_lock_structs > 0 AND t.trx_state <> 'LOCK WAIT'
HAVING seconds >= :seconds ORDER BY seconds DESC LIMIT :rows"""
)
_pending = (
    select(submission_inbox.c.script_id, submission_inbox.c.enqueued_at)
    .order_by(submission_inbox.c.id)
    .limit(MAX_SUBMISSIONS)
    .subquery("pending")
)
_PENDING = (
    select(_pending.c.script_id).where(_pending.c.enqueued_at < bindparam("before")).distinct().limit(MAX_SCRIPTS)
)
_HEADS = select(script_heads.c.script_id, script_heads.c.version_number).where(
    script_heads.c.script_id.in_(bindparam("scripts", expanding=True)), script_heads.c.health == "open"
)
# If the table has few heads, the optimizer would scan it, and lock the heads of other scripts too.
_FREE_HEADS = (
    _HEADS.with_hint(script_heads, "FORCE INDEX (PRIMARY)", "mysql")
    .with_hint(script_heads, "FORCE INDEX (PRIMARY)", "mariadb")
    .with_for_update(skip_locked=True)
)


class OpenTransaction(NamedTuple):
    """A transaction that holds locks: the connection and account of its client, and its age; `idle`: nothing runs."""

    connection: int
    account: str
    seconds: int
    idle: bool


class HeldLocks(NamedTuple):
    """Locks that hold submissions up.

    `transactions` have been open for long, the oldest first; None if this account may not see them. `scripts` have
    pending submissions and a head that stays locked.
    """

    transactions: tuple[OpenTransaction, ...] | None = ()
    scripts: tuple[int, ...] = ()


def held_locks(engine: Engine, *, open_seconds: int = MAX_OPEN_SECONDS) -> HeldLocks:
    """The locks that hold submissions up now, none of which is waited for.

    Transactions of other databases count, and shorter ones, if a head is locked.

    Raises:
        Conflict, DriverError: the server does not answer.
    """
    with connected(engine) as connection:
        locked = _locked(connection)
        if locked:
            time.sleep(LOOK_AGAIN_SECONDS)
            locked = dict(locked.items() & _locked(connection).items())
        seconds = min(open_seconds, MAX_PENDING_SECONDS) if locked else open_seconds
        found = _transactions(connection, seconds)
        transactions = None if found is None else tuple(each for each, ours in found if ours or locked)
        return HeldLocks(transactions, tuple(sorted(locked)))


def _transactions(connection: Connection, seconds: int) -> list[tuple[OpenTransaction, bool]] | None:
    """The transactions that hold locks for so long, each with whether its client uses this database; None if denied."""
    try:
        rows = connection.execute(_TRANSACTIONS, {"seconds": seconds, "rows": MAX_TRANSACTIONS}).all()
    except DBAPIError as error:
        if not _is_denied(error):
            raise
        return None
    finally:
        connection.rollback()
    return [
        (OpenTransaction(int(number), str(who), int(age), bool(idle)), bool(ours))
        for number, who, age, idle, ours in rows
    ]


def _locked(connection: Connection) -> dict[int, int]:
    """The scripts with pending submissions whose heads are locked, each with its version."""
    before = int((time.time() - MAX_PENDING_SECONDS) * 1_000_000)
    try:
        scripts = list(connection.execute(_PENDING, {"before": before}).scalars())
        heads = {(script, version) for script, version in connection.execute(_HEADS, {"scripts": scripts})}
        free = {script for script, _ in connection.execute(_FREE_HEADS, {"scripts": scripts})} if heads else set()
    except DBAPIError as error:
        if not _is_denied(error):
            raise
        return {}
    finally:
        connection.rollback()
    return {script: version for script, version in heads if script not in free}


def _is_denied(error: DBAPIError) -> bool:
    return error.orig is not None and error.orig.args[0] in _DENIED
