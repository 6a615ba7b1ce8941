"""A client for OpenAI-compatible chat completion servers, which most model servers are.

Connecting, each read, and all attempts together have timeouts. The response is read up to a limit. The key goes into
one header only, never into an error or a log.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import urllib3
from msgspec import Struct
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from domain.errors import LedgerError
from domain.proposals.model_output import MAX_OUTPUT_BYTES
from domain.proposals.refusals import ModelOutputTooLong, ModelUnavailable
from domain.script.json_depth import decode_at_any_depth
from workers.proposals.language_models.interface import Completion, Message

ATTEMPTS = 3
# Room for the answer with its escapes and the JSON around it.
MAX_RESPONSE_BYTES = 4 * MAX_OUTPUT_BYTES
CHUNK_BYTES = 64 << 10
# Statuses of rate limits and temporary failures; any other status would be repeated.
RETRYABLE_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 529})


class Waits(NamedTuple):
    """Timeouts in seconds: for a connection, each read, and all attempts; and the pauses between attempts."""

    connect: float = 5.0
    read: float = 60.0
    total: float = 90.0
    first_pause: float = 0.5
    max_pause: float = 20.0


DEFAULT_WAITS = Waits()


class _Message(Struct):
    content: str | None = None


class _Choice(Struct):
    message: _Message


class _Usage(Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Response(Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class _Retryable(LedgerError):
    """This attempt failed, and a retry may succeed; `after` is the Retry-After of the server in seconds."""

    def __init__(self, problem: str, after: float | None = None) -> None:
        self.after = after
        super().__init__(problem)


_decoder = msgspec.json.Decoder(_Response)


class OpenAiModel:
    """A model at a URL like ``https://host/v1``."""

    def __init__(self, url: str, name: str, key: str = "", waits: Waits = DEFAULT_WAITS) -> None:
        self.name = name
        self._url = f"{url}/chat/completions"
        self._key = key
        self._waits = waits
        timeout = urllib3.Timeout(connect=waits.connect, read=waits.read)
        self._http = urllib3.PoolManager(timeout=timeout, retries=False)

    def complete(self, messages: Sequence[Message]) -> Completion:
        """The answer to a conversation, after at most three attempts with jittered pauses.

        Raises:
            ModelUnavailable: there was none in time, or it is no answer.
            ModelOutputTooLong: it did not end.
        """
        body = msgspec.json.encode({"model": self.name, "messages": [message._asdict() for message in messages]})
        began = time.monotonic()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                data = self._post(body, began + self._waits.total)
            except _Retryable as failed:
                pause = self._pause(attempt, failed.after)
                if attempt == ATTEMPTS or time.monotonic() + pause > began + self._waits.total:
                    raise ModelUnavailable(problem=str(failed)) from None
                time.sleep(pause)
            else:
                return self._completion(data, int((time.monotonic() - began) * 1_000))
        raise AssertionError("unreachable")

    def __repr__(self) -> str:
        return f"OpenAiModel({self.name!r})"

    def _post(self, body: bytes, deadline: float) -> bytes:
        try:
            response = self._http.request(
                "POST", self._url, body=body, headers=self._headers(), redirect=False, preload_content=False
            )
            try:
                if response.status != 200:
                    raise _refused(response)
                return _read(response, deadline)
            finally:
                # Not returned to the pool: the response may not have been read to its end.
                response.close()
        except HTTPError as error:
            raise _Retryable(_problem(error)) from None

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "scriptledger"}
        return {**headers, "Authorization": f"Bearer {self._key}"} if self._key else headers

    def _pause(self, attempt: int, after: float | None) -> float:
        jitter = random.uniform(0, self._waits.first_pause * 2 ** (attempt - 1))  # noqa: S311 - jitter is no secret
        return jitter + min(after or 0.0, self._waits.max_pause)

    def _completion(self, data: bytes, latency_ms: int) -> Completion:
        try:
            response = decode_at_any_depth(_decoder, data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise ModelUnavailable(problem="the response is not a chat completion") from None
        text = response.choices[0].message.content if response.choices else None
        if text is None:
            raise ModelUnavailable(problem="its answer has no text")
        usage = response.usage or _Usage()
        sent, came = _counted(usage.prompt_tokens), _counted(usage.completion_tokens)
        return Completion(text.encode(errors="replace"), self.name, sent, came, latency_ms)


def _read(response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    """The body, up to a size and a deadline: a server that keeps sending single bytes never causes a read timeout."""
    data = bytearray()
    while chunk := response.read1(CHUNK_BYTES):
        data += chunk
        if len(data) > MAX_RESPONSE_BYTES:
            raise ModelOutputTooLong(limit=MAX_OUTPUT_BYTES)
        if time.monotonic() > deadline:
            raise ModelUnavailable(problem="its answer did not end in time")
    return bytes(data)


def _refused(response: urllib3.BaseHTTPResponse) -> LedgerError:
    # Without the body: it may quote the prompt or the key.
    problem = f"HTTP status {response.status}"
    if response.status not in RETRYABLE_STATUSES:
        return ModelUnavailable(problem=problem)
    after = response.headers.get("Retry-After", "")
    return _Retryable(problem, float(after) if after.isdecimal() else None)


def _problem(error: HTTPError) -> str:
    match error:
        case ConnectTimeoutError() | NewConnectionError():
            return "it cannot be reached"
        case ReadTimeoutError():
            return "no answer in time"
        case _:
            return type(error).__name__


def _counted(tokens: int | None) -> int | None:
    return tokens if tokens is not None and 0 <= tokens < 1 << 53 else None
