"""The message guard: validates each message and rebuilds it from the validated fields; everything else is dropped.

Any client of the broker can write into a queue. Celery and its transport read dozens of fields of a message, and most
of them can crash a worker, hang it, or make it call another task. So only these are read here first: the name of a task
of the queue, ids within their range, the id of the message, and its expiry. Any other message is refused, which loses
nothing: the row that a bell rings for is in the database. A message of the intake is never refused, see
`workers.transport.intake_guard`; one in another queue is moved to the intake queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

import msgspec

from domain.submissions.submission import MAX_SCRIPT_ID
from workers.process.task_names import ID_TASKS, INTAKE, SET_ASIDE
from workers.transport import intake_guard
from workers.transport.trusted_message import (
    Envelope,
    Expired,
    Misrouted,
    Parts,
    Refused,
    Trusted,
    decoded_body,
    fit_id,
    is_json,
    moment,
    redelivered,
)

MAX_BELL_BYTES = 4 << 10
QUEUES = frozenset({*ID_TASKS, intake_guard.QUEUE})

_Id = Annotated[int, msgspec.Meta(ge=1, le=MAX_SCRIPT_ID)]
_Body = tuple[list[_Id], Annotated[dict[str, object], msgspec.Meta(max_length=0)], msgspec.Raw]
_read_body = msgspec.json.Decoder(_Body).decode
_read_envelope = msgspec.json.Decoder(Envelope).decode
# Raised by a decoder for content that it cannot read.
_UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, RecursionError)


def read_item(queue: str, item: bytes) -> Trusted:
    """The message in an entry of a Redis list.

    Raises:
        Refused: it does not belong in the queue, or has expired. Never for the intake.
        Misrouted: it belongs in the intake.
    """
    if len(item) > intake_guard.MAX_BYTES:
        return _scrap(queue, item, "it is larger than the limit")
    try:
        parts = _read_envelope(item).parts()
        body = decoded_body(parts)
    except _UNREADABLE:
        return _scrap(queue, item, "it is not a message of Celery protocol 2")
    return read_parts(queue, parts, body, item, redelivered=redelivered(parts))


def read_parts(queue: str, parts: Parts, body: bytes, whole: bytes, *, redelivered: bool) -> Trusted:
    """The message in the parts from a broker.

    Raises:
        Refused: it does not belong in the queue, or has expired. Never for the intake.
        Misrouted: it belongs in the intake.
    """
    if queue == intake_guard.QUEUE:
        return intake_guard.read_submission(parts, body, whole, redelivered=redelivered)
    return _bell(ID_TASKS.get(queue, {}), parts, body, redelivered=redelivered)


def _bell(tasks: Mapping[str, int], parts: Parts, body: bytes, *, redelivered: bool) -> Trusted:
    headers = parts.headers
    name = headers.get("task") if isinstance(headers, dict) else None
    if name in (INTAKE, SET_ASIDE):
        raise Misrouted("it belongs in the intake")
    if not isinstance(headers, dict) or not isinstance(name, str) or name not in tasks:
        raise Refused("it names no task of this queue")
    if not is_json(parts):
        raise Refused("its content is not JSON in UTF-8")
    if len(body) > MAX_BELL_BYTES:
        raise Refused("it is larger than the limit of this queue")
    try:
        ids, _, _ = _read_body(body)
    except _UNREADABLE:
        raise Refused("its arguments are not all ids") from None
    if len(ids) != tasks[name]:
        raise Refused("it has the wrong number of arguments for its task")
    expires = moment(headers.get("expires"))
    if expires is not None and expires < datetime.now(UTC):
        raise Expired("it has expired")
    return Trusted(
        task=name,
        message_id=fit_id(headers.get("id")) or str(uuid4()),
        body=b"[[%s],{},{}]" % ",".join(map(str, ids)).encode(),
        shown=f"({ids[0]},)" if len(ids) == 1 else f"({', '.join(map(str, ids))})",
        expires=None if expires is None else expires.isoformat(),
        redelivered=redelivered,
    )


def _scrap(queue: str, item: bytes, problem: str) -> Trusted:
    if queue != intake_guard.QUEUE:
        raise Refused(problem)
    return intake_guard.scrap(item, problem)
