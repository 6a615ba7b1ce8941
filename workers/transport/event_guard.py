"""The event guard: validates the events of workers and tasks before Flower sees them.

Events arrive through a Redis channel that any client of Redis can write to. Only the fields that Flower shows are kept,
if their type and range are valid. An event without a kind, a worker and a time is dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import msgspec

from workers.transport.trusted_message import Parts, decoded_body, fit_id, moment

EXCHANGE = "celeryev"
MAX_BYTES = 1 << 20
MAX_SHOWN = 1_000
KINDS = {
    *(f"worker-{what}" for what in ("online", "heartbeat", "offline")),
    *(
        f"task-{what}"
        for what in ("sent", "received", "started", "succeeded", "failed", "rejected", "revoked", "retried")
    ),
}

_NAME = re.compile(r"[\w.@%+-]{1,255}", re.ASCII)
_read_parts = msgspec.json.Decoder(Parts).decode

Check = Callable[[object], bool]


def _number(least: float, greatest: float) -> Check:
    return lambda given: (
        isinstance(given, int | float)
        and not isinstance(given, bool)
        and math.isfinite(given)
        and least <= given <= greatest
    )


def _whole(least: int, greatest: int) -> Check:
    return lambda given: type(given) is int and least <= given <= greatest


def _is_name(given: object) -> bool:
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def _is_id(given: object) -> bool:
    return fit_id(given) is not None


def _is_time(given: object) -> bool:
    return moment(given) is not None


def _is_text(given: object) -> bool:
    return isinstance(given, str) and len(given) <= MAX_SHOWN and given.isprintable()


def _is_load(given: object) -> bool:
    return isinstance(given, list) and len(given) == 3 and all(map(_number(0, 1e6), given))


_COUNT = _whole(0, 2**53)
_REQUIRED: dict[str, Check] = {
    "type": lambda given: isinstance(given, str) and given in KINDS,
    "hostname": _is_name,
    "timestamp": _number(0, 2**33),
}
_FIELDS: dict[str, Check] = {
    **_REQUIRED,
    "clock": _whole(0, 2**40),
    "utcoffset": _whole(-24, 24),
    "pid": _COUNT,
    "freq": _number(0.1, 3_600),
    "sw_ident": _is_text,
    "sw_ver": _is_text,
    "sw_sys": _is_text,
    "active": _COUNT,
    "processed": _COUNT,
    "loadavg": _is_load,
    "uuid": _is_id,
    "name": _is_name,
    "args": _is_text,
    "kwargs": _is_text,
    "root_id": _is_id,
    "parent_id": _is_id,
    "retries": _COUNT,
    "eta": _is_time,
    "expires": _is_time,
    "result": _is_text,
    "runtime": _number(0, 2**33),
    "exception": _is_text,
    "signum": _COUNT,
    "terminated": lambda given: isinstance(given, bool),
    "expired": lambda given: isinstance(given, bool),
}


def read_events(data: bytes) -> list[dict[str, object]]:
    """The events in a message, with their valid fields."""
    if len(data) > MAX_BYTES:
        return []
    try:
        decoded = msgspec.json.decode(decoded_body(_read_parts(data)))
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError):
        return []
    return list(_validated(decoded if isinstance(decoded, list) else [decoded]))


def as_message(events: list[dict[str, object]]) -> dict[str, object]:
    """A message with these events, in the form that the transport delivers."""
    return {
        "body": msgspec.json.encode(events).decode(),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {},
        "properties": {"delivery_tag": str(uuid4()), "delivery_info": {"exchange": EXCHANGE, "routing_key": ""}},
    }


def _validated(events: list[object]) -> Iterator[dict[str, object]]:
    for event in events:
        if not isinstance(event, dict) or not all(check(event.get(name)) for name, check in _REQUIRED.items()):
            continue
        if str(event["type"]).startswith("task-") and not _is_id(event.get("uuid")):
            continue
        yield {name: value for name, value in event.items() if name in _FIELDS and _FIELDS[name](value)}
