"""Flower: what the workers do, in a browser, behind a password on every page, and only to look at.

Flower's own basic authentication covers neither /metrics nor /healthcheck nor its static files, so every request is
checked before it has a handler. Run as a program (`python -m workers.watch`) it takes its settings from the
environment: on a command line everybody on the machine could read the password.
"""

from __future__ import annotations

import hmac
import os
import re
import socket
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from celery import Celery
from flower.app import Flower
from flower.events import Events
from flower.options import options
from flower.urls import settings as pages
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.netutil import bind_sockets
from tornado.web import RequestHandler

from workers.app import app
from workers.run import FLOWER_ADDRESS, FLOWER_LISTENING, FLOWER_PASSWORD, FLOWER_READY, FLOWER_USER
from workers.visible_output import guard_output

MOST_TASKS = 20_000
"""How many tasks are remembered, a few hundred bytes each; nothing is kept on disk."""
NUMBERS = re.compile(r"[(\[{][\d, ]*[)\]}]|")
COLUMNS = "name,args,result,state,received,runtime,worker"


class Watch(Flower):  # type: ignore[misc]  # Flower has no types
    """Flower for one Celery app; whoever asks without the password gets 401, whatever they ask for."""

    def __init__(self, celery: Celery, password: str) -> None:
        self._wanted = f"{FLOWER_USER}:{password}".encode()
        options.basic_auth = [self._wanted.decode()]  # without, Flower closes its API
        options.read_only = True
        options.persistent = False
        options.tasks_columns = COLUMNS
        super().__init__(options=options, capp=celery, events=_Events(celery), **pages)
        # Asked for its tasks, a worker answers with all that their messages hold: those of the intake hold scripts.
        asked = self.inspector.inspect_methods
        self.inspector.inspect_methods = [each for each in asked if each not in self.inspector.task_inspect_methods]

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """The handler of a request: Flower's, or for strangers the one that turns them away."""
        if self._knows(request):
            return super().find_handler(request, **kwargs)
        return self.get_handler_delegate(request, Stranger)

    def listen_on(self, sockets: list[socket.socket]) -> None:
        """Serve on sockets that are open already."""
        HTTPServer(self).add_sockets(sockets)

    def _knows(self, request: HTTPServerRequest) -> bool:
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        try:
            return kind.lower() == "basic" and hmac.compare_digest(b64decode(given), self._wanted)
        except ValueError:
            return False


class Stranger(RequestHandler):
    """Asks for the password."""

    def prepare(self) -> None:
        """Answer before any method is looked for."""
        self.set_status(401)
        self.set_header("WWW-Authenticate", 'Basic realm="scriptledger"')
        self.finish("Flower asks for a user and a password.\n")

    def check_xsrf_cookie(self) -> None:
        """Nothing can be done here, so nothing can be forged."""


class _Events(Events):  # type: ignore[misc]
    """What the workers tell, without what may be text.

    Of an error only its kind: a driver's sentence quotes what the database refused. Of arguments only numbers: what
    stands for them in a message is up to its producer.
    """

    def __init__(self, celery: Celery) -> None:
        super().__init__(celery, io_loop=IOLoop.current(), persistent=False, max_tasks_in_memory=MOST_TASKS)

    def on_event(self, event: dict[str, Any]) -> None:
        """Remember an event."""
        super().on_event(without_text(event))


def without_text(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it may be shown."""
    told = dict(event)
    if "exception" in told:
        told |= {"exception": str(told["exception"]).partition("(")[0], "traceback": ""}
    for name in ("args", "kwargs"):
        if name in told and not NUMBERS.fullmatch(str(told[name])):
            told[name] = "…"
    return told


def main() -> None:
    """Serve until the process is ended; there is nothing to save."""
    guard_output()
    watch = Watch(app, os.environ.pop(FLOWER_PASSWORD))
    if (listening := os.environ.get(FLOWER_LISTENING)) is not None:
        sockets = [socket.socket(fileno=int(listening))]
        sockets[0].settimeout(0)
    else:
        host, _, port = os.environ[FLOWER_ADDRESS].rpartition(":")
        sockets = bind_sockets(int(port), address=host)
    watch.listen_on(sockets)
    print(FLOWER_READY, flush=True)
    watch.start()


if __name__ == "__main__":
    main()
