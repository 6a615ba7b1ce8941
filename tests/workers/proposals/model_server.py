"""A model server for tests of the client: it sends prepared replies over HTTP, good ones and hostile ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from workers.proposals.language_models.interface import Message
from workers.proposals.language_models.openai_client import OpenAiModel, Server, Waits

KEY = "sk-very-secret-0123456789"
QUICK = Waits(connect=1.0, idle=0.3, total=3.0, first_pause=0.02)
QUERY = [Message("system", "You edit."), Message("user", "Colder. “é” 🎬")]

Reply = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Sends the replies of the test in order, and repeats the last one."""

    server: ModelServer  # type: ignore[assignment]
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, dict(self.headers), json.loads(body)))
        replies = self.server.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self)

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class ModelServer(ThreadingHTTPServer):
    """An HTTP server for one test."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies: list[Reply] = []
        self.requests: list[tuple[str, dict[str, str], Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def model(self, waits: Waits = QUICK, **fields: Any) -> OpenAiModel:
        """A client of this server."""
        return OpenAiModel(Server(**{"url": self.url, "model": "writer-1", "key": KEY, **fields}), waits)

    def handle_error(self, *_: Any) -> None:
        """Ignore errors: the client is expected to disconnect."""


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """A server that replies until the block ends."""
    with ModelServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def respond(status: int, body: bytes, kind: str = "application/json", **headers: str) -> Reply:
    def reply(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def completion(
    text: Any = "{}", finish: str | None = "stop", message: dict[str, Any] | None = None, **more: Any
) -> bytes:
    """A whole completion, as JSON."""
    choice = {"index": 0, "finish_reason": finish, "message": {"content": text, **(message or {})}}
    return json.dumps({"id": "x", "choices": [choice], **more}).encode()


def answered(text: Any = "{}", **more: Any) -> Reply:
    return respond(200, completion(text, **more))


def failed(status: int, code: Any = None, message: str = "busy", **headers: str) -> Reply:
    """A reply with an error as servers send it."""
    return respond(status, json.dumps({"error": {"message": message, "code": code}}).encode(), **headers)


def event(delta: dict[str, Any] | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One event of a stream."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"id": "x", "choices": choices, **more}).encode() + b"\n\n"


DONE = b"data: [DONE]\n\n"


def streamed(*chunks: bytes) -> Reply:
    """A stream of chunks, each in a packet of its own."""

    def reply(handler: Handler) -> None:
        begin_stream(handler)
        for chunk in chunks:
            handler.wfile.write(chunk)
            handler.wfile.flush()

    return reply


def begin_stream(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
