"""The ports and passwords of Flower and of the operator's page.

They are local to this machine, created before the services start, and kept while these restart.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

# The default ports; if one is taken, any free one is used.
USUAL_FLOWER_PORT = 5555
USUAL_PAGE_PORT = 5556


class PortTaken(Exception):
    """Another process listens on this port."""


class LocalAccess(NamedTuple):
    """A listening socket, for this machine only, and the password of what is served there."""

    listening: socket.socket
    password: str

    @property
    def url(self) -> str:
        """The address for a browser."""
        host, port = self.listening.getsockname()
        return f"http://{host}:{port}/"


@contextmanager
def local_access(port: int | None, usual: int) -> Iterator[LocalAccess]:
    """Access at this port, or for None at the usual or any free one, with a new random password.

    Raises:
        PortTaken: another process listens there.
    """
    with closing(_listening(usual, 0) if port is None else _listening(port)) as listening:
        yield LocalAccess(listening, secrets.token_urlsafe(15))


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
