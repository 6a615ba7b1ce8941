"""A client for OpenAI-compatible chat completion servers, which most model servers are, and for Azure.

An answer is streamed, and held to a JSON schema, where the server can do that. Connecting, each wait and all attempts
together have timeouts; a response is read up to a limit. The key never leaves the transport.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

import httpx2
import msgspec
import openai

from domain.proposals.refusals import ModelUnavailable
from domain.script.json_depth import decode_at_any_depth
from workers.proposals.language_models.answer_schema import RESPONSE_FORMAT
from workers.proposals.language_models.bounded_transport import BoundedTransport
from workers.proposals.language_models.chat_response import ChatResponse
from workers.proposals.language_models.interface import UNWATCHED, Completion, Message, Watch
from workers.proposals.language_models.server_errors import ServerError, embedded_error, server_error

# At debug level these would log requests with their prompts.
for _name in ("openai", "httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_STREAM = {"stream": True}
_ALL_FIELDS = {**_STREAM, "stream_options": {"include_usage": True}, "response_format": RESPONSE_FORMAT}
# A shorter key, such as one that a local server ignores, may be a word of a script.
MIN_KEY_CHARACTERS = 8
_AZURE_PATH = re.compile(r"/openai(?:/v1)?/?\Z")
_decoder = msgspec.json.Decoder()
_BROKEN = "the connection ended before the answer did"
MAX_SHOWN_SECONDS = 86_400
_NO_ANSWER = "the response is not a chat completion"


class Waits(NamedTuple):
    """Seconds for a connection, for each wait for a byte, and for all attempts; attempts, and the first pause."""

    connect: float = 5.0
    idle: float = 180.0
    total: float = 420.0
    attempts: int = 3
    first_pause: float = 0.5

    def timeout(self, read: float) -> httpx2.Timeout:
        """The timeouts of a request that waits some seconds for a byte."""
        return httpx2.Timeout(connect=self.connect, read=read, write=self.idle, pool=self.connect)


class Server(NamedTuple):
    """A model at a URL like ``https://host/v1``; with an API version, a deployment of that name at Azure.

    `answer_tokens` is the most that an answer may have, if that is to be sent.
    """

    url: str
    model: str
    key: str = ""
    api_version: str = ""
    answer_tokens: int = 0

    def __repr__(self) -> str:
        return f"Server({self.url!r}, {self.model!r})"


DEFAULT_WAITS = Waits()


class OpenAiModel:
    """A model behind an OpenAI-compatible server."""

    def __init__(self, server: Server, waits: Waits = DEFAULT_WAITS) -> None:
        self.name = server.model
        self._server = server
        self._waits = waits
        self._forms = _forms(server.answer_tokens)
        # The first form that the server has not refused.
        self._form = 0

    def complete(self, messages: Sequence[Message], watch: Watch = UNWATCHED) -> Completion:
        """The answer to a conversation.

        Raises:
            ModelUnavailable: there was none in time, or it is no answer.
            ModelOutputTooLong: it did not end.
        """
        began = time.monotonic()
        deadline = min(watch.deadline, began + self._waits.total)
        with _connected(self._server, self._waits, deadline) as (client, transport):
            for attempt in count(1):
                try:
                    response = self._ask(client, transport, messages, watch.written)
                except ServerError as failed:
                    if transport.time_is_up:
                        raise ModelUnavailable(problem="its answer did not end in time") from None
                    pause = self._pause(attempt, failed)
                    if not failed.retryable or attempt >= self._waits.attempts:
                        raise ModelUnavailable(problem=str(failed)) from None
                    if time.monotonic() + pause > deadline:
                        raise ModelUnavailable(problem=f"{failed}; it asks for {_seconds(pause)}, too late") from None
                    time.sleep(pause)
                else:
                    return self._completion(response, int((time.monotonic() - began) * 1_000))
        raise AssertionError("unreachable")

    def __repr__(self) -> str:
        return f"OpenAiModel({self.name!r})"

    def _ask(
        self,
        client: openai.OpenAI,
        transport: BoundedTransport,
        messages: Sequence[Message],
        written: Callable[[int], None],
    ) -> ChatResponse:
        """One attempt, in the first form of the request that the server takes."""
        while True:
            try:
                response = self._response(client, messages, written)
            except ServerError as failed:
                if not failed.other_form or self._form + 1 == len(self._forms):
                    raise
                self._form += 1
            else:
                # A stream that only stops was cut by the connection: half an answer is none.
                if response.is_stream and not (response.has_ended() or transport.stream_is_done):
                    raise ServerError(_BROKEN, retryable=True)
                return response

    def _response(
        self, client: openai.OpenAI, messages: Sequence[Message], written: Callable[[int], None]
    ) -> ChatResponse:
        body: dict[str, Any] = {
            "model": self.name,
            "messages": [{"role": m.role, "content": m.content} for m in messages],
        }
        form = self._forms[self._form]
        if "stream" not in form:
            # Such a server sends nothing until the whole answer is written.
            body["timeout"] = self._waits.timeout(self._waits.total)
        response = ChatResponse()
        try:
            raw = client.chat.completions.with_raw_response.create(**body, **form)
            response.is_stream = _is_stream(raw.http_response)
            for piece in _pieces(raw):
                response.add(piece)
                written(response.written)
        except httpx2.TransportError as error:
            raise _transport_error(error) from None
        except openai.APIStatusError as error:
            raise server_error(error.status_code, error.body, error.response.headers, self._server.key) from None
        except openai.APIConnectionError as error:
            raise _transport_error(error.__cause__) from None
        except openai.APIError as error:
            raise embedded_error(error.body, self._server.key) from None
        # Whatever a server sends, its answer is unusable; the library checks no types and may fail anywhere.
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            raise ServerError(_NO_ANSWER) from None
        if response.error:
            raise embedded_error(response.error, self._server.key)
        if not response.is_answer():
            raise ServerError(_NO_ANSWER)
        return response

    def _pause(self, attempt: int, failed: ServerError) -> float:
        jitter = random.uniform(0, self._waits.first_pause * 2 ** (attempt - 1))  # noqa: S311 - jitter is no secret
        return jitter + (failed.after or 0.0)

    def _completion(self, response: ChatResponse, latency_ms: int) -> Completion:
        completion = response.completion(self.name, latency_ms)
        if completion is None:
            raise ModelUnavailable(problem="its answer has no text")
        key = self._server.key.encode()
        if len(key) >= MIN_KEY_CHARACTERS and key in completion.output:
            raise ModelUnavailable(problem="its answer repeats the key (SCRIPTLEDGER_MODEL_KEY)")
        return completion


@contextmanager
def _connected(server: Server, waits: Waits, deadline: float) -> Iterator[tuple[openai.OpenAI, BoundedTransport]]:
    """A client of the library whose connections end at the deadline."""
    credential = {"api-key": server.key} if server.api_version else {"Authorization": f"Bearer {server.key}"}
    transport = BoundedTransport(server.url, credential if server.key else {}, deadline - time.monotonic())
    timeout = waits.timeout(waits.idle)
    with transport, httpx2.Client(transport=transport, timeout=timeout, follow_redirects=False) as http:
        fixed: dict[str, Any] = {"http_client": http, "timeout": timeout, "max_retries": 0, "api_key": "in-transport"}
        if not server.api_version:
            yield openai.OpenAI(base_url=server.url, **fixed), transport
        elif "/deployments/" in server.url:
            yield openai.AzureOpenAI(base_url=server.url, api_version=server.api_version, **fixed), transport
        else:
            endpoint = _AZURE_PATH.sub("", server.url)
            yield (
                openai.AzureOpenAI(
                    azure_endpoint=endpoint,
                    azure_deployment=server.model,
                    api_version=server.api_version,
                    **fixed,
                ),
                transport,
            )


def _pieces(raw: Any) -> Iterator[Any]:
    """The events of a stream, or the whole completion of a server that does not stream."""
    response: httpx2.Response = raw.http_response
    if _is_stream(response):
        yield from raw.parse()
        return
    try:
        yield decode_at_any_depth(_decoder, response.read())
    finally:
        response.close()


def _is_stream(response: httpx2.Response) -> bool:
    return response.headers.get("content-type", "").lower().startswith("text/event-stream")


def _forms(answer_tokens: int) -> list[dict[str, Any]]:
    """What a request asks for besides the answer, from the form for the newest servers to the form for the oldest."""
    limit = {"max_completion_tokens": answer_tokens} if answer_tokens else {}
    forms: list[dict[str, Any]] = [{**_ALL_FIELDS, **limit}, {**_STREAM, **limit}, _STREAM, {}]
    return [form for at, form in enumerate(forms) if form not in forms[:at]]


def _seconds(pause: float) -> str:
    return f"{pause:.0f} s" if pause <= MAX_SHOWN_SECONDS else f"more than {MAX_SHOWN_SECONDS} s"


def _transport_error(error: BaseException | None) -> ServerError:
    """The error of a connection. A silent server may be writing, and its answer is paid for: it is not asked again."""
    return ServerError(_problem(error), retryable=not isinstance(error, httpx2.ReadTimeout))


def _problem(error: BaseException | None) -> str:
    match error:
        case httpx2.ConnectError() | httpx2.ConnectTimeout():
            return "it cannot be reached"
        case httpx2.TimeoutException():
            return "no answer in time"
        case httpx2.RemoteProtocolError() | httpx2.ReadError():
            return _BROKEN
        case _:
            return type(error).__name__
