"""Envelopes: what lies in a list of Redis and is no message that a Celery client made.

Reading such a thing raises in the transport, which ends the worker, and what was read is gone. Here it becomes a
message that says nothing, with the thing itself as its body, for whoever looks at messages.
"""

from __future__ import annotations

import json
import uuid
from base64 import b64encode
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from kombu.transport.virtual import Message


def tolerate(channel: Any, queue: str, set_aside: Callable[[bytes], object]) -> None:
    """Let a channel hand on whatever lies in its lists; `set_aside` is called with what is not even JSON."""
    if "BRPOP" not in getattr(channel, "handlers", {}):
        return  # no Redis: there the broker's own protocol sees to it

    class Tolerant(_Tolerant):
        """A message of this queue."""

        came_from = queue

    read = channel.handlers["BRPOP"]

    def read_anything() -> object:
        try:
            return read()
        except JSONDecodeError as error:
            return set_aside(error.doc.encode(errors="surrogatepass"))

    channel.Message = Tolerant
    channel.handlers["BRPOP"] = read_anything


class _Tolerant(Message):
    came_from = ""

    def __init__(self, payload: Any, channel: Any = None, **options: Any) -> None:
        try:
            super().__init__(payload, channel, **options)  # type: ignore[no-untyped-call]
            _require_parts(self)
        except Exception:
            # Whatever was missing or of another kind: the transport trusts every part.
            stand_in = _stand_in(payload, self.came_from)
            super().__init__(stand_in, channel, **options)  # type: ignore[no-untyped-call]


def _require_parts(message: Message) -> None:
    """What the transport needs to keep a message until it is acknowledged, and to give it back."""
    if not isinstance(message.headers, dict) or not isinstance(message.delivery_tag, str):
        raise TypeError
    if not all(isinstance(message.delivery_info[name], str) for name in ("exchange", "routing_key")):
        raise TypeError


def _stand_in(payload: Any, queue: str) -> dict[str, Any]:
    return {
        "body": b64encode(json.dumps(payload, ensure_ascii=False).encode(errors="surrogatepass")).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {},
        "properties": {
            "body_encoding": "base64",
            "delivery_tag": str(uuid.uuid4()),
            "delivery_info": {"exchange": "", "routing_key": queue},
        },
    }
