"""Cluster nodes: waiting until this database node has applied what the others committed.

MariaDB Galera and MySQL Group Replication acknowledge a commit before every node shows it.
"""

from __future__ import annotations

from sqlalchemy import Engine, literal, select, text

from repos.database.session import Session
from repos.schema.core_tables import script_heads

_VARIABLES = text("SHOW VARIABLES WHERE Variable_name IN ('wsrep_on', 'group_replication_consistency')")
_WAITING = {
    "wsrep_on": ("SET SESSION wsrep_sync_wait = 1", "SET SESSION wsrep_sync_wait = DEFAULT"),
    "group_replication_consistency": (
        "SET SESSION group_replication_consistency = 'BEFORE'",
        "SET SESSION group_replication_consistency = DEFAULT",
    ),
}
_READ = select(literal(1)).select_from(script_heads).limit(1)


def catch_up(engine: Engine) -> None:
    """Wait for the commits of other nodes so far; returns at once on a single server.

    Raises:
        Conflict: the node did not catch up in time.
    """
    session = Session(engine)
    try:
        if not session.is_sqlite:
            _catch_up(session)
    except BaseException:
        # The session may still be set to wait.
        session.abandon()
        raise
    session.close()


def _catch_up(session: Session) -> None:
    for name, value in session.rows(_VARIABLES):
        if value != "OFF":
            wait, usual = _WAITING[name]
            session.run(text(wait))
            session.rows(_READ)
            session.run(text(usual))
