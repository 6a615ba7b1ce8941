"""The Redis keys of the transport. A key of the wrong type would stop every worker of its queue."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import structlog

from workers.transport.message_guard import QUEUES

TYPES = {**dict.fromkeys(sorted(QUEUES), b"list"), "unacked": b"hash", "unacked_index": b"zset"}

log = structlog.get_logger(__name__)


def free_mutex(client: Any, key: str) -> None:
    """Rename the restore mutex if it never expires: workers never create one like that, and would wait forever."""
    if client.pttl(key) == -1 and client.renamenx(key, moved := _moved(key)):
        log.error("broker.key_moved", key=key, moved=moved)


def make_way(client: Any) -> None:
    """Rename each key that has the wrong type: its content is kept, and the queue works again."""
    for key, right in TYPES.items():
        moved = _moved(key)

        def rename(pipe: Any, key: str = key, right: bytes = right, moved: str = moved) -> bool:
            wrong = pipe.type(key) not in (right, b"none")
            pipe.multi()
            if wrong:
                pipe.renamenx(key, moved)
            return wrong

        if client.transaction(rename, key, value_from_callable=True):
            log.error("broker.key_moved", key=key, moved=moved)


def _moved(key: str) -> str:
    return f"{key}.moved.{uuid4().hex[:12]}"
