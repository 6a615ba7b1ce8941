"""The HTTP server, a process of its own (`python -m workers.http.server`); it takes its settings from the environment.

Hypercorn closes connections whose requests do not arrive within seconds, which other servers leave open. It does not
close idle ones of HTTP/2, so there is none: a request for it is answered in HTTP/1.1.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket

from hypercorn.asyncio import serve
from hypercorn.config import Config
from hypercorn.protocol.h11 import H11Protocol
from starlette.types import ASGIApp

from repos.database.engine import open_engine
from repos.unit_of_work import UnitOfWork
from workers.http.application import make_application
from workers.http.database_threads import POOL_SIZE
from workers.http.page.overview import SharedOverview
from workers.http.page.visit import Services
from workers.http.serve_settings import ServeSettings
from workers.messaging.bell import LoneBell
from workers.monitoring.overview_reader import ANSWER_SECONDS, OverviewReader
from workers.process.worker_logs import prepare_logs, report_ready
from workers.producers.producer import Producer
from workers.producers.replays import Replays
from workers.settings import Settings

# How long a connection may last without a request whose headers have arrived; for bodies see `request_limits`.
IDLE_SECONDS = 5
# How long requests may take to finish when the process stops.
STOP_SECONDS = 3.0
MAX_HEADER_BYTES = 16_384
BACKLOG = 100


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    prepare_logs()
    # One line at the start is enough, and it is ours.
    logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
    chosen = ServeSettings.of_child(os.environ)  # type: ignore[arg-type]  # a dictionary in all that is used
    settings = Settings.from_env(os.environ)
    listening = listening_socket(chosen.listening)
    with (
        open_engine(settings.database_url, pool_size=POOL_SIZE) as engine,
        # Of its own: the overview does not wait for a database that hangs as long as other pages do.
        open_engine(settings.database_url, pool_size=1, answer_seconds=ANSWER_SECONDS) as monitoring,
    ):
        unit_of_work = UnitOfWork(engine)
        producer = Producer(unit_of_work, LoneBell(settings.broker_url))
        overview = SharedOverview(OverviewReader(monitoring, settings.broker_url, embedded=settings.embedded_broker))
        services = Services(unit_of_work, Replays(unit_of_work, producer), overview, chosen.flower_url)
        asyncio.run(_serve(make_application(services, chosen.people, chosen.proxies), listening))


def listening_socket(listening: str) -> socket.socket:
    """The socket of an address `host:port`, or of a number of a file descriptor."""
    host, colon, port = listening.rpartition(":")
    if not colon:
        return socket.socket(fileno=int(listening))
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host.strip("[]"), int(port)), family=family, backlog=BACKLOG)


def server_config(listening: socket.socket) -> Config:
    """The limits of the server on a listening socket, which it takes over."""
    # Hypercorn has no setting for it.
    H11Protocol._check_protocol = _keep_protocol  # type: ignore[method-assign, assignment]
    config = Config()
    config.bind = [f"fd://{listening.detach()}"]
    config.keep_alive_timeout = IDLE_SECONDS
    config.graceful_timeout = STOP_SECONDS
    config.h11_max_incomplete_size = MAX_HEADER_BYTES
    config.include_server_header = False
    config.backlog = BACKLOG
    config.errorlog = logging.getLogger("hypercorn.error")
    return config


async def _keep_protocol(_protocol: H11Protocol, _request: object) -> None:
    """Change to no other protocol, whatever a request asks for."""


async def _serve(app: ASGIApp, listening: socket.socket) -> None:
    report_ready("page")
    await serve(app, server_config(listening))  # type: ignore[arg-type]  # the ASGI types of two libraries


if __name__ == "__main__":
    main()
