"""Errors of a model's server: what each means in words, and whether to try again."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from domain.errors import LedgerError
from domain.visible_text import visible

MAX_CODE = 64
MAX_WORDS = 300
# As many neighbouring characters of the key in a message are an echo of it: the message is not shown.
ECHO_CHARACTERS = 4
# Statuses of rate limits and temporary failures; any other status would be repeated.
RETRYABLE_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
# Statuses of a server that does not know a field of the request.
UNKNOWN_FIELD_STATUSES = frozenset({400, 415, 422, 501})

_TOO_LONG = "the prompt is longer than the model takes: ask about one scene or some lines"
_NO_CREDIT = "the account has no credit left"
_NO_KEY = "the key is not accepted (SCRIPTLEDGER_MODEL_KEY)"
_NO_MODEL = "it does not have this model (SCRIPTLEDGER_MODEL, SCRIPTLEDGER_MODEL_URL)"
_FILTERED = "its content filter refused the prompt"
_TOO_MANY = "it has too many requests"
_OVERLOADED = "it is overloaded"
# Codes that no second attempt and no other form of the request changes.
HOPELESS = {
    "context_length_exceeded": _TOO_LONG,
    "exceed_context_size_error": _TOO_LONG,
    "string_above_max_length": _TOO_LONG,
    "request_too_large": _TOO_LONG,
    "insufficient_quota": _NO_CREDIT,
    "billing_hard_limit_reached": _NO_CREDIT,
    "billing_not_active": _NO_CREDIT,
    "insufficient_balance": _NO_CREDIT,
    "credit_balance_too_low": _NO_CREDIT,
    "invalid_api_key": _NO_KEY,
    "authentication_error": _NO_KEY,
    "account_deactivated": _NO_KEY,
    "model_not_found": _NO_MODEL,
    "not_found_error": _NO_MODEL,
    "deploymentnotfound": _NO_MODEL,
    "content_filter": _FILTERED,
    "content_policy_violation": _FILTERED,
    "responsibleaipolicyviolation": _FILTERED,
}
_STATUSES = {
    400: "it does not accept the request",
    401: _NO_KEY,
    402: _NO_CREDIT,
    403: "access is refused",
    404: _NO_MODEL,
    413: _TOO_LONG,
    422: "it does not accept the request",
    429: _TOO_MANY,
    503: _OVERLOADED,
    529: _OVERLOADED,
}
# Errors within an answer that another attempt repeats.
_FINAL = re.compile(r"(?:invalid|permission|billing)_")
_CODE = re.compile(rf"[A-Za-z0-9_.\-]{{1,{MAX_CODE}}}")
_CONTEXT = re.compile(
    r"context (?:length|size|window)|maximum context|prompt is too long|too many tokens", re.IGNORECASE
)


class ServerError(LedgerError):
    """The server gave no answer; the message is a problem in words.

    `retryable`: another attempt may succeed, after `after` seconds where the server names a time. `other_form`: the
    request may succeed without its optional fields.
    """

    def __init__(
        self, problem: str, *, retryable: bool = False, after: float | None = None, other_form: bool = False
    ) -> None:
        self.retryable = retryable
        self.after = after
        self.other_form = other_form
        super().__init__(problem)


def server_error(status: int, body: Any, headers: Mapping[str, str], key: str) -> ServerError:
    """The error in a response; `body` is its JSON, whatever it is."""
    error = body.get("error", body) if isinstance(body, dict) else body
    return _error(f"HTTP status {status}", status, error, headers, key)


def embedded_error(error: Any, key: str) -> ServerError:
    """The error in a response with status 200: its code may be the status that it stands for."""
    number = error.get("code", error.get("status")) if isinstance(error, dict) else None
    named = isinstance(number, int | str) and re.fullmatch(r"[345]\d\d", str(number))
    if named:
        return _error(f"HTTP status {number}", int(str(number)), error, {}, key)
    # An error without a status came up while the model wrote: as with status 500, another attempt may succeed.
    failed = _error("an error in its answer", 500, error, {}, key)
    if isinstance(error, dict) and any(_FINAL.match(str(error.get(name)).lower()) for name in ("code", "type")):
        failed.retryable = False
    return failed


def _error(where: str, status: int, error: Any, headers: Mapping[str, str], key: str) -> ServerError:
    code, words = _code_of(error, key), _words_of(error, key)
    known = HOPELESS.get((code or "").lower())
    if known is None and status in (400, 413, 422, 500) and _CONTEXT.search(words):
        known = _TOO_LONG
    problem = f"{where}{f', {code}' if code else ''}: {known or _STATUSES.get(status) or _meaning(status)}"
    if words and status not in (401, 403):
        problem += f" (it says: {words})"
    hopeless = known is not None or headers.get("x-should-retry", "").lower() == "false"
    return ServerError(
        problem,
        retryable=not hopeless and status in RETRYABLE_STATUSES,
        after=retry_after(headers),
        other_form=known is None and status in UNKNOWN_FIELD_STATUSES,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds after which a server wants to be asked again: in milliseconds, seconds, or as a date."""
    for name, unit in (("retry-after-ms", 1_000), ("retry-after", 1)):
        value = headers.get(name, "").strip()
        try:
            seconds = float(value) / unit
        except ValueError:
            continue
        if math.isfinite(seconds):
            return max(0.0, seconds)
    when = _seconds_of(headers.get("retry-after", ""))
    if when is None:
        return None
    # Both times are the server's: its clock may be wrong.
    now = _seconds_of(headers.get("date", ""))
    return max(0.0, when - (time.time() if now is None else now))


def _seconds_of(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, OSError):
        return None


def _meaning(status: int) -> str:
    if 300 <= status < 400:
        return "it redirects to another address; SCRIPTLEDGER_MODEL_URL must be the final one"
    return "it failed" if status >= 500 else "it refuses the request"


def _code_of(error: Any, key: str) -> str | None:
    """The code in an error, which is often an object, or its type; the status as a code says nothing more."""
    if not isinstance(error, dict):
        return None
    inner = error.get("innererror")
    for value in (inner.get("code") if isinstance(inner, dict) else None, error.get("code"), error.get("type")):
        if isinstance(value, str) and _CODE.fullmatch(value) and not value.isdecimal() and not _echoes(value, key):
            return value
    return None


def _words_of(error: Any, key: str) -> str:
    """The message in an error, unless it repeats part of the key."""
    words = error.get("message", error.get("detail")) if isinstance(error, dict) else None
    if not isinstance(words, str) or _echoes(words, key):
        return ""
    return visible(" ".join(words.split()))[:MAX_WORDS]


def _echoes(words: str, key: str) -> bool:
    folded, secret = words.casefold(), key.casefold()
    pieces = (secret[at : at + ECHO_CHARACTERS] for at in range(max(1, len(secret) - ECHO_CHARACTERS + 1)))
    return bool(secret) and any(piece in folded for piece in pieces)
