"""Model client tests: retries, timeouts, size limits, and no leaks of the key."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from domain.proposals.refusals import ModelOutputTooLong, ModelUnavailable
from tests.slowness import adjusted_for_load
from workers.proposals.language_models.interface import Completion, Message
from workers.proposals.language_models.openai_client import MAX_RESPONSE_BYTES, OpenAiModel, Waits

KEY = "sk-very-secret"
QUICK = Waits(connect=1.0, read=0.3, total=3.0, first_pause=0.05)
QUERY = [Message("system", "You edit."), Message("user", "Colder. “é” 🎬")]

Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Sends the replies of the test in order, and repeats the last one."""

    server: Server  # type: ignore[assignment]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), json.loads(body)))
        replies = self.server.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """An HTTP server for one test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = []
        self.requests: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: Any) -> None:
        """Ignore errors: the client is expected to disconnect."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def respond(status: int, body: bytes, **headers: str) -> Reply:
    def reply(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def completion(text: str | None = "{}", **more: Any) -> bytes:
    return json.dumps({"id": "x", "choices": [{"index": 0, "message": {"content": text}}], **more}).encode()


def ask(server: Server, waits: Waits = QUICK) -> Completion:
    return OpenAiModel(server.url, "writer-1", KEY, waits).complete(QUERY)


def test_the_request_follows_the_protocol(server: Server):
    server.replies = [respond(200, completion("é🎬", usage={"prompt_tokens": 7, "completion_tokens": 3}))]

    answer = ask(server)

    assert answer._replace(latency_ms=None) == Completion("é🎬".encode(), "writer-1", 7, 3)
    assert answer.latency_ms is not None
    ((path, headers, body),) = server.requests
    assert path == "/v1/chat/completions"
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert body == {"model": "writer-1", "messages": [message._asdict() for message in QUERY]}


def test_without_a_key_no_header_is_sent(server: Server):
    server.replies = [respond(200, completion())]
    OpenAiModel(server.url, "local", waits=QUICK).complete(QUERY)

    assert "Authorization" not in server.requests[0][1]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_a_temporary_error_is_retried(server: Server, status: int):
    server.replies = [respond(status, b"busy"), respond(status, b"busy"), respond(200, completion("{}"))]

    assert ask(server).output == b"{}"
    assert len(server.requests) == 3


def test_the_client_gives_up_after_three_attempts(server: Server):
    server.replies = [respond(503, b"busy")]
    with pytest.raises(ModelUnavailable, match="HTTP status 503"):
        ask(server)

    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 422])
def test_a_permanent_error_is_not_retried(server: Server, status: int):
    server.replies = [respond(status, b"sk-very-secret is no good", Location="http://127.0.0.1:1/elsewhere")]
    with pytest.raises(ModelUnavailable) as caught:
        ask(server)

    assert len(server.requests) == 1
    assert KEY not in str(caught.value)
    assert f"HTTP status {status}" in caught.value.message


def test_retry_after_is_respected(server: Server):
    server.replies = [respond(429, b"", Retry_After="1"), respond(200, completion())]
    began = time.monotonic()
    ask(server)

    assert 1.0 <= time.monotonic() - began < adjusted_for_load(3.0)


def test_the_wait_is_limited(server: Server):
    server.replies = [respond(429, b"", Retry_After="3600")]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="HTTP status 429"):
        ask(server)

    assert time.monotonic() - began < adjusted_for_load(1.0)


def test_a_silent_server_times_out(server: Server):
    server.replies = [lambda _: time.sleep(2)]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="no answer in time"):
        ask(server)

    assert time.monotonic() - began < adjusted_for_load(2.0)


def test_a_server_that_sends_slowly_times_out(server: Server):
    """Each read is in time, but the total is not."""

    def drip(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)

    server.replies = [drip]
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="did not end in time"):
        ask(server, QUICK._replace(total=0.5))

    assert time.monotonic() - began < adjusted_for_load(1.5)


def test_an_endless_response_is_cut_off(server: Server):
    server.replies = [respond(200, b" " * (MAX_RESPONSE_BYTES + 1))]
    with pytest.raises(ModelOutputTooLong):
        ask(server, QUICK._replace(read=5.0))


def test_a_closed_connection_is_retried(server: Server):
    def hang_up(handler: Handler) -> None:
        handler.close_connection = True
        handler.connection.close()

    server.replies = [hang_up, respond(200, completion())]

    assert ask(server).output == b"{}"


def test_an_incomplete_body_is_retried(server: Server):
    def break_off(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices"')
        handler.close_connection = True

    server.replies = [break_off, respond(200, completion())]

    assert ask(server).output == b"{}"
    assert len(server.requests) == 2


def test_an_unreachable_server_is_reported():
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        OpenAiModel("http://127.0.0.1:1/v1", "writer-1", KEY, QUICK).complete(QUERY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        completion(None),
        b'{"choices": []}',
        b'{"choices": "x"}',
        b"\x1f\x8b\x08\xff",
        b"[" * 90_000,
    ],
)
def test_a_response_that_is_not_a_completion_is_refused(server: Server, body: bytes):
    server.replies = [respond(200, body)]
    with pytest.raises(ModelUnavailable):
        ask(server)


@pytest.mark.parametrize("depth", [900, 5_000, 100_000])
def test_an_answer_with_a_deeply_nested_extra_field_is_read(server: Server, depth: int):
    server.replies = [respond(200, completion()[:-1] + b', "deep": ' + b"[" * depth + b"]" * depth + b"}")]

    assert ask(server).output == b"{}"


def test_the_key_is_never_shown(server: Server, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    server.replies = [respond(500, b"")]
    model = OpenAiModel(server.url, "writer-1", KEY, QUICK)
    with pytest.raises(ModelUnavailable) as caught:
        model.complete(QUERY)

    assert KEY not in caplog.text
    assert "Colder" not in caplog.text
    assert KEY not in repr(model)
    assert KEY not in repr(caught.value)
