"""The trusted message, rebuilt from the validated fields of a broker message, and helpers to read those fields."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import msgspec

DELIVERIES = "deliveries"
# The limit for a part of a message other than its body; a few hundred bytes are usual.
MAX_PART_BYTES = 1 << 20
NULL = msgspec.Raw(b"null")

_read_any = msgspec.json.Decoder().decode
_read_text = msgspec.json.Decoder(str | None).decode
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})


class Refused(Exception):
    """A message is not valid. The problem is a fixed sentence that quotes nothing of it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


class Expired(Refused):
    """A bell has expired; the next tick rings again."""


class Misrouted(Refused):
    """A message of the intake is in another queue."""


class Parts(msgspec.Struct, frozen=True):
    """The parts of a broker message; each may be of any type."""

    body: object = msgspec.field(name="body", default=None)
    content_type: object = msgspec.field(name="content-type", default=None)
    content_encoding: object = msgspec.field(name="content-encoding", default=None)
    headers: object = msgspec.field(name="headers", default=None)
    properties: object = msgspec.field(name="properties", default=None)


class Envelope(msgspec.Struct, frozen=True):
    """An entry of a Redis list, with its parts not yet decoded: decoding them could exhaust the memory."""

    body: msgspec.Raw = NULL
    content_type: msgspec.Raw = msgspec.field(name="content-type", default=NULL)
    content_encoding: msgspec.Raw = msgspec.field(name="content-encoding", default=NULL)
    headers: msgspec.Raw = NULL
    properties: msgspec.Raw = NULL

    def parts(self) -> Parts:
        """The decoded parts.

        Raises:
            ValueError: a part exceeds MAX_PART_BYTES.
            msgspec.DecodeError: a part is not JSON.
        """
        return Parts(
            body=_read_text(self.body),
            content_type=small(self.content_type),
            content_encoding=small(self.content_encoding),
            headers=small(self.headers),
            properties=small(self.properties),
        )


class Trusted(msgspec.Struct, frozen=True):
    """A validated message. `body` is `[args, kwargs, {}]` as JSON in ASCII or UTF-8."""

    task: str
    message_id: str
    body: bytes
    shown: str
    expires: str | None = None
    deliveries: int = 1
    redelivered: bool = False

    def headers(self) -> dict[str, Any]:
        """The headers that Celery needs to run the task, and the number of deliveries."""
        return {
            "lang": "py",
            "task": self.task,
            "id": self.message_id,
            "root_id": self.message_id,
            "argsrepr": self.shown,
            "kwargsrepr": "{}",
            "expires": self.expires,
            "retries": 0,
            "ignore_result": True,
            DELIVERIES: self.deliveries,
        }


def small(raw: msgspec.Raw) -> object:
    """The decoded value of a part other than the body.

    Raises:
        ValueError: it exceeds MAX_PART_BYTES.
        msgspec.DecodeError: it is not JSON.
    """
    if len(memoryview(raw)) > MAX_PART_BYTES:
        raise ValueError
    return _read_any(raw)


def decoded_body(parts: Parts) -> bytes:
    """The body as its sender wrote it, without the transport encoding of Redis.

    Raises:
        ValueError, TypeError: the encoding is unknown, or the body does not have it.
    """
    body = parts.body
    encoding = parts.properties.get("body_encoding") if isinstance(parts.properties, dict) else None
    if body is None:
        return b""
    if not isinstance(body, str) or not isinstance(encoding, str | None):
        raise TypeError
    if encoding == "base64":
        return b64decode(body, validate=True)
    if encoding is None or encoding.lower() == "utf-8":
        return body.encode()
    raise ValueError


def encoded_body(args: list[str]) -> bytes:
    """The body of a message with these arguments."""
    body: list[Any] = [args, {}, {}]
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # a lone surrogate: escaped, it decodes to the same text
        return json.dumps(body).encode()


def is_json(parts: Parts) -> bool:
    """Whether the body is declared as JSON in UTF-8."""
    kind, encoding = parts.content_type, parts.content_encoding
    if not isinstance(kind, str) or not isinstance(encoding, str):
        return False
    return kind == "application/json" and encoding.lower() in _UTF_8


def fit_id(given: object) -> str | None:
    """The id of a message; None if it is not valid."""
    return given if isinstance(given, str) and _ID.fullmatch(given) else None


def moment(given: object) -> datetime | None:
    """A time in Celery's format, in UTC where it names no zone; None if it is not valid."""
    if not isinstance(given, str) or len(given) > 40:
        return None
    try:
        time = datetime.fromisoformat(given)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def redelivered(parts: Parts) -> bool:
    """Whether the message was redelivered to its queue."""
    info = parts.properties.get("delivery_info") if isinstance(parts.properties, dict) else None
    return isinstance(info, dict) and info.get("redelivered") is True
