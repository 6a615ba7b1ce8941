"""The door to Flower: a port of this machine and a password, both there before Flower is and kept while it restarts."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

USUAL_PORT = 5555
"""Flower's own; where it is taken, any free one does."""


class PortTaken(Exception):
    """Somebody else listens on this port."""


class Doorway(NamedTuple):
    """A socket that listens already, for this machine only, and the password of who comes in."""

    listening: socket.socket
    password: str

    @property
    def url(self) -> str:
        """For a browser."""
        host, port = self.listening.getsockname()
        return f"http://{host}:{port}/"


@contextmanager
def doorway(port: int | None) -> Iterator[Doorway]:
    """A doorway at a port, or where none is asked for at any that is free, with a password nobody has seen.

    Raises:
        PortTaken: somebody listens there.
    """
    with closing(_listening(USUAL_PORT, 0) if port is None else _listening(port)) as listening:
        yield Doorway(listening, secrets.token_urlsafe(15))


def require_free(host: str, port: int) -> None:
    """Go on only if nobody listens there.

    Raises:
        PortTaken: somebody does, or it is not ours to take.
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
