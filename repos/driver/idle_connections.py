"""Idle connections of a pool: each is asked whether it still works, once it was not used for a while.

A proxy or a restarted server may have dropped it. Asking before each use would double the round trips; after one was
lost, the others are asked at once.
"""

from __future__ import annotations

import time
from typing import Any

import pymysql
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

MAX_IDLE_SECONDS = 1.0
_USED_AT = "used_at"


def check_idle_connections(engine: Engine) -> None:
    """Replace the pooled connections of an engine if one of them was dropped while it was idle."""
    lost_at = 0.0

    @event.listens_for(engine, "invalidate")
    def note_loss(*_: Any) -> None:
        nonlocal lost_at
        lost_at = time.monotonic()

    @event.listens_for(engine, "checkin")
    def note_time(_connection: Any, record: Any) -> None:
        record.info[_USED_AT] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: pymysql.Connection[Any], record: Any, _pooled: Any) -> None:
        now = time.monotonic()
        used_at = record.info.get(_USED_AT, now)
        if used_at > lost_at and now - used_at < MAX_IDLE_SECONDS:
            return
        try:
            connection.ping(reconnect=False)
        except (pymysql.Error, OSError) as error:
            raise InvalidatePoolError from error
