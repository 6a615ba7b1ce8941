"""Locks that hold submissions up: transactions that another client left open, and scripts that stay locked.

Only an account with the privilege PROCESS sees the transactions of others. What any account of a worker sees is that
the head of a script, or its first pending submission, is locked, and that the script stays as it is.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, Table, bindparam, func, select, text
from sqlalchemy.exc import DBAPIError

from repos.database.driver_errors import error_number
from repos.schema.core_tables import script_heads, submission_inbox
from repos.schema.revision import connected

# The longest transactions of ours, slices of a backfill, take 20 s.
MAX_OPEN_SECONDS = 30
# Submissions that have been pending for less may be in a drain.
MAX_PENDING_SECONDS = 10
# A drain that holds a head now has added versions after this time.
LOOK_AGAIN_SECONDS = 1.5
# Of so many submissions, the first to arrive, and of so many of their scripts the locks are examined.
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
    select(submission_inbox.c.id, submission_inbox.c.script_id, submission_inbox.c.enqueued_at)
    .order_by(submission_inbox.c.id)
    .limit(MAX_SUBMISSIONS)
    .subquery("pending")
)
# The first of each script.
_PENDING = (
    select(_pending.c.script_id, func.min(_pending.c.id))
    .where(_pending.c.enqueued_at < bindparam("before"))
    .group_by(_pending.c.script_id)
    .limit(MAX_SCRIPTS)
)
_HEADS = select(script_heads.c.script_id, script_heads.c.version_number, script_heads.c.health).where(
    script_heads.c.script_id.in_(bindparam("scripts", expanding=True))
)
_ROWS = select(submission_inbox.c.script_id).where(submission_inbox.c.id.in_(bindparam("rows", expanding=True)))


def _free(found: Select[Any], table: Table) -> Select[Any]:
    """Those of some rows that are not locked."""
    # If the table has few rows, the optimizer would scan it, and lock others too.
    for dialect in ("mysql", "mariadb"):
        found = found.with_hint(table, "FORCE INDEX (PRIMARY)", dialect)
    return found.with_for_update(skip_locked=True)


_FREE_HEADS, _FREE_ROWS = _free(_HEADS, script_heads), _free(_ROWS, submission_inbox)


class OpenTransaction(NamedTuple):
    """A transaction that holds locks: the connection and account of its client, and its age; `idle`: nothing runs.

    The connection of one that was prepared (XA) is 0 once its client is gone.
    """

    connection: int
    account: str
    seconds: int
    idle: bool


class HeldLocks(NamedTuple):
    """Locks that hold submissions up.

    `transactions` have been open for long, the oldest first; None if this account may not see them. `scripts` have
    pending submissions and stay locked.
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
        if error_number(error) not in _DENIED:
            raise
        return None
    finally:
        connection.rollback()
    return [
        (OpenTransaction(int(number), str(who), int(age), bool(idle)), bool(ours))
        for number, who, age, idle, ours in rows
    ]


def _locked(connection: Connection) -> dict[int, int]:
    """The scripts with pending submissions that are locked, each with its version."""
    before = int((time.time() - MAX_PENDING_SECONDS) * 1_000_000)
    try:
        first = {int(script): int(row) for script, row in connection.execute(_PENDING, {"before": before})}
        if not first:
            return {}
        scripts, rows = {"scripts": list(first)}, {"rows": list(first.values())}
        heads = connection.execute(_HEADS, scripts).all()
        free_heads = {script for script, *_ in connection.execute(_FREE_HEADS, scripts)}
        free_rows = set(connection.execute(_FREE_ROWS, rows).scalars())
    except DBAPIError as error:
        if error_number(error) not in _DENIED:
            raise
        return {}
    finally:
        connection.rollback()
    open_heads = {script: version for script, version, health in heads if health == "open"}
    held = {script for script in open_heads if script not in free_heads or script not in free_rows}
    return {script: open_heads[script] for script in held}
