"""The intake guard: never drops a message of the intake, which is the only copy of an edit.

A message that cannot be taken in is replaced by the task that keeps it as a dead letter.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec

from workers.intake.intake import KEPT_BYTES
from workers.process.task_names import INTAKE, SET_ASIDE
from workers.transport.trusted_message import DELIVERIES, Parts, Trusted, encoded_body, fit_id, is_json, moment

QUEUE = "intake"
# The largest submission as JSON in JSON, each second character escaped, in base64, with room for its headers.
MAX_BYTES = 64 << 20
MAX_DELIVERIES = 1_000
# Clocks differ: a message due within this time is taken at once.
MAX_AHEAD = timedelta(minutes=1)


_SHAPE = "The body must be a list of one argument, an empty object, and an object of options."
_read_body = msgspec.json.Decoder(tuple[msgspec.Raw, msgspec.Raw, msgspec.Raw]).decode
_read_argument = msgspec.json.Decoder(tuple[msgspec.Raw]).decode
_read_set_aside = msgspec.json.Decoder(tuple[str, str, str]).decode
_read_text = msgspec.json.Decoder(str).decode


class _Misfit(Exception):
    """A message cannot be taken in; `payload` is the part to keep, by default its body."""

    def __init__(self, problem: str, payload: bytes | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.payload = payload


def read_submission(parts: Parts, body: bytes, whole: bytes, *, redelivered: bool) -> Trusted:
    """The task for a message: to take in its submission, or to keep the message as a dead letter."""
    headers = parts.headers if isinstance(parts.headers, dict) else {}
    properties = parts.properties if isinstance(parts.properties, dict) else {}
    message_id = fit_id(headers.get("id")) or fit_id(properties.get("correlation_id"))
    deliveries = headers.get(DELIVERIES)
    try:
        task, args = _arguments(parts, headers, body)
    except _Misfit as misfit:
        payload = misfit.payload or (body if headers and body else whole)
        task, args = SET_ASIDE, _kept(payload, misfit.problem, message_id or "")
    return Trusted(
        task=task,
        message_id=message_id or str(uuid4()),
        body=encoded_body(args),
        shown="(…)",
        deliveries=deliveries if type(deliveries) is int and 1 <= deliveries <= MAX_DELIVERIES else 1,
        redelivered=redelivered,
    )


def scrap(content: bytes, problem: str) -> Trusted:
    """The task that keeps a message without readable parts as a dead letter."""
    return Trusted(SET_ASIDE, str(uuid4()), encoded_body(_kept(content, problem, "")), "(…)")


def _arguments(parts: Parts, headers: Mapping[str, object], body: bytes) -> tuple[str, list[str]]:
    name = headers.get("task")
    if not isinstance(name, str) or not isinstance(headers.get("id"), str):
        raise _Misfit("the message is not a task of Celery protocol 2: its headers must have `task` and `id`")
    if name not in (INTAKE, SET_ASIDE):
        raise _Misfit(f"this queue does not accept the task {name[:80]!r}")
    if not is_json(parts):
        raise _Misfit("the body must be JSON in UTF-8, and not compressed")
    try:
        given, named, options = _read_body(body)
        if bytes(named).translate(None, b" \t\r\n") != b"{}" or bytes(options)[:1] not in (b"{", b"n"):
            raise _Misfit(_SHAPE)
        if name == SET_ASIDE:
            kept, problem, message = _read_set_aside(given)
            return SET_ASIDE, _kept(_unpacked(kept), problem, message)
        payload = _submission(given)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _Misfit(f"{type(error).__name__}: the body cannot be read. {_SHAPE}") from None
    _require_timely(headers, payload.encode())
    return INTAKE, [payload]


def _submission(given: msgspec.Raw) -> str:
    """The JSON text of a submission, sent as text or as an object; its content is not parsed here."""
    [argument] = _read_argument(given)
    if bytes(memoryview(argument)[:1]) == b"{":
        return bytes(argument).decode()
    return _read_text(argument)


def _require_timely(headers: Mapping[str, object], payload: bytes) -> None:
    now = datetime.now(UTC)
    for name in ("eta", "expires"):
        if headers.get(name) is not None and moment(headers[name]) is None:
            raise _Misfit(f"`{name}` is not an ISO 8601 time", payload)
    eta, expires = moment(headers.get("eta")), moment(headers.get("expires"))
    if eta is not None and eta > now + MAX_AHEAD:
        raise _Misfit("`eta` is in the future: send a message only when it is due", payload)
    if expires is not None and expires < now:
        raise _Misfit("the message had expired before a worker took it", payload)


def _kept(payload: bytes, problem: str, message_id: str) -> list[str]:
    return [b64encode(payload[:KEPT_BYTES]).decode(), problem[:300], fit_id(message_id) or ""]


def _unpacked(kept: str) -> bytes:
    try:
        return b64decode(kept, validate=True)
    except ValueError:
        return kept.encode(errors="surrogatepass")
