"""A model server of a test: it speaks OpenAI's protocol, rewrites one line as instructed, and may be slow to answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

SHOWN = re.compile(r'^\["(?P<line>\d+)","(?P<expect>[0-9a-f]{4})"', re.MULTILINE)


class ModelServer(ThreadingHTTPServer):
    """Instructed to do something to line l1, for example, it writes the instruction into that line.

    `instructions` are those received, in order. It does not answer the first one that is in `held`.
    """

    daemon_threads = True

    def __init__(self, held: set[str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.instructions: list[str] = []
        self.held = held
        self.over = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, *_: Any) -> None:
        """The client was killed, as it should be."""


class Handler(BaseHTTPRequestHandler):
    """One question."""

    server: ModelServer  # type: ignore[assignment]

    def do_POST(self) -> None:
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][-1]["content"]
        instruction = prompt.splitlines()[-1]
        self.server.instructions.append(instruction)
        if instruction in self.server.held:
            self.server.held.remove(instruction)
            self.server.over.wait()
        body = json.dumps({"choices": [{"message": {"content": json.dumps(_rewriting(prompt, instruction))}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@contextmanager
def model_server(held: set[str]) -> Iterator[ModelServer]:
    """A server that answers until the block ends."""
    with ModelServer(held) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.over.set()
        server.shutdown()


def _rewriting(prompt: str, instruction: str) -> dict[str, Any]:
    line = instruction.split(maxsplit=1)[0].removeprefix("l")
    (expect,) = [found["expect"] for found in SHOWN.finditer(prompt) if found["line"] == line]
    edit = {"edit": "rewrite", "line": line, "expect": expect, "text": instruction}
    return {"hunks": [{"why": "Because.", "edits": [edit]}]}
