"""Flower, the monitoring web page for workers: read-only, with a password on every page.

Flower's own basic authentication covers neither /metrics nor /healthcheck nor its static files, so every request is
checked before it has a handler. Workers have no remote control, so Flower shows only the events they send, and of those
only the fields that `workers.transport.event_guard` accepts. Run as a program (`python -m workers.flower`), it takes
its settings from the environment: every user of the machine could read a password on a command line.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
import time
from base64 import b64encode
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
from workers.messaging.broker_trouble import refusals
from workers.monitoring.password_access import FlowerAccess, credentials
from workers.process.command_lines import FLOWER_ADDRESS, FLOWER_LISTENING, FLOWER_PASSWORD, FLOWER_USER
from workers.process.worker_logs import prepare_logs, report_ready

# Tasks are kept in memory, a few hundred bytes each; nothing is stored on disk.
MAX_TASKS = 20_000
MAX_WORKERS = 1_000
NUMBERS = re.compile(r"[(\[{][\d, ]*[)\]}]|")
COLUMNS = "name,args,result,state,received,runtime,worker"


class Watch(Flower):  # type: ignore[misc]  # Flower has no types
    """Flower for one Celery app. Every request without the password gets 401, whatever its path."""

    def __init__(self, celery: Celery, password: str) -> None:
        self.access = FlowerAccess(FLOWER_USER, password)
        # Flower's own check accepts only ASCII, and without credentials Flower disables its API: it gets its own pair.
        inner = f"{FLOWER_USER}:{secrets.token_hex()}"
        self._inner = f"Basic {b64encode(inner.encode()).decode()}"
        options.basic_auth = [inner]
        options.read_only = True
        options.persistent = False
        options.tasks_columns = COLUMNS
        super().__init__(options=options, capp=celery, events=_Events(celery, self), **pages)
        self.inspector.inspect_methods = []  # workers have no remote control

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """The handler of a request: Flower's for the right password, otherwise one that refuses."""
        header = request.headers.get("Authorization", "")
        address = request.remote_ip or ""
        if credentials(header) is None:
            return self.get_handler_delegate(request, Unauthorized)
        if self.access.is_full(address):
            return self.get_handler_delegate(request, TooManyAttempts)
        if self.access.opens(header):
            request.headers["Authorization"] = self._inner
            return super().find_handler(request, **kwargs)
        return self.get_handler_delegate(request, WrongPassword)

    def listen_on(self, sockets: list[socket.socket]) -> None:
        """Serve on sockets that are already open."""
        HTTPServer(self).add_sockets(sockets)

    def keep_worker(self, event: dict[str, Any]) -> None:
        """Record a worker from one of its events."""
        name = event["hostname"]
        if name in self.workers or len(self.workers) < MAX_WORKERS:
            stats = {what: event[what] for what in ("pid", "clock") if what in event}
            self.workers[name] = {"stats": stats, "timestamp": time.time()}


class _EveryMethod(tuple[str, ...]):
    __slots__ = ()

    def __contains__(self, method: object) -> bool:
        return True


class Unauthorized(RequestHandler):
    """Responds 401 to every method."""

    SUPPORTED_METHODS = _EveryMethod()

    async def prepare(self) -> None:
        """Respond before a method is looked up."""
        self.respond_unauthorized()

    def respond_unauthorized(self) -> None:
        """Respond 401 with the authentication challenge."""
        self.set_status(401)
        self.set_header("WWW-Authenticate", 'Basic realm="scriptledger", charset="UTF-8"')
        self.finish("Flower requires a user and a password.\n")

    def check_xsrf_cookie(self) -> None:
        """Skip the check: no request here has an effect, so none can be forged."""


class WrongPassword(Unauthorized):
    """Responds 401 to a wrong password, after a delay."""

    application: Watch

    async def prepare(self) -> None:
        """Respond after the delay."""
        address = self.request.remote_ip or ""
        with self.application.access.failed(address) as (failures, seconds):
            refusals.warning("flower.wrong_password", address=address, failures=failures)
            await asyncio.sleep(seconds)
        self.respond_unauthorized()


class TooManyAttempts(Unauthorized):
    """Responds 429 while too many wrong passwords wait for their responses."""

    async def prepare(self) -> None:
        """Respond at once."""
        self.set_status(429)
        self.set_header("Retry-After", "2")
        self.finish("Too many passwords are being tried.\n")


class _Events(Events):  # type: ignore[misc]
    """The events of the workers, without fields that may hold text of a script.

    Of an error only the class is kept: a driver's message quotes values that the database refused. Of arguments only
    numbers are kept: their representation in a message is up to its producer.
    """

    def __init__(self, celery: Celery, watch: Watch) -> None:
        super().__init__(
            celery, io_loop=IOLoop.current(), persistent=False, enable_events=False, max_tasks_in_memory=MAX_TASKS
        )
        self._watch = watch

    def on_event(self, event: dict[str, Any]) -> None:
        """Record an event."""
        name = event["hostname"]
        if name not in self.state.counter and len(self.state.counter) >= MAX_WORKERS:
            return
        super().on_event(without_text(event))
        if event["type"].startswith("worker-"):
            self.io_loop.add_callback(self._watch.keep_worker, event)


def without_text(event: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of an event that is safe to show."""
    safe = dict(event)
    if "exception" in safe:
        safe |= {"exception": str(safe["exception"]).partition("(")[0], "traceback": ""}
    for name in ("args", "kwargs"):
        if name in safe and not NUMBERS.fullmatch(str(safe[name])):
            safe[name] = "…"
    return safe


def main() -> None:
    """Serve until the process ends; there is no state to save."""
    prepare_logs()
    watch = Watch(app, os.environ.pop(FLOWER_PASSWORD))
    if (listening := os.environ.get(FLOWER_LISTENING)) is not None:
        sockets = [socket.socket(fileno=int(listening))]
        sockets[0].settimeout(0)
    else:
        host, _, port = os.environ[FLOWER_ADDRESS].rpartition(":")
        sockets = bind_sockets(int(port), address=host)
    watch.listen_on(sockets)
    report_ready("flower")
    watch.start()


if __name__ == "__main__":
    main()
