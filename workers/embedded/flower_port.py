"""The port and password of Flower: local to this machine, created before Flower starts, kept while it restarts."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

# Flower's default port; if it is taken, any free one is used.
USUAL_PORT = 5555


class PortTaken(Exception):
    """Another process listens on this port."""


class FlowerAccess(NamedTuple):
    """A listening socket, for this machine only, and the password of Flower."""

    listening: socket.socket
    password: str

    @property
    def url(self) -> str:
        """The address for a browser."""
        host, port = self.listening.getsockname()
        return f"http://{host}:{port}/"


@contextmanager
def flower_access(port: int | None) -> Iterator[FlowerAccess]:
    """Access to Flower at this port, or at any free port for None, with a new random password.

    Raises:
        PortTaken: another process listens there.
    """
    with closing(_listening(USUAL_PORT, 0) if port is None else _listening(port)) as listening:
        yield FlowerAccess(listening, secrets.token_urlsafe(15))


def require_free(host: str, port: int) -> None:
    """Check that a port is free.

    Raises:
        PortTaken: another process listens there, or this user may not bind it.
    """
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        raise PortTaken(error.strerror) from error


def _listening(port: int, *others: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if others:
            return _listening(*others)
        raise PortTaken(error.strerror) from error
