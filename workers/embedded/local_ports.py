"""The ports and passwords of Flower and of the operator's page.

They are local to this machine, created before the services start, and kept while these restart.
"""

from __future__ import annotations

import errno
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


class UnfitAddress(Exception):
    """This process cannot listen on an address; the message is the reason."""


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
    """Check that this process can listen on a port of an address.

    Raises:
        PortTaken: another process listens there.
        UnfitAddress: the address is not one of this machine, or this user may not listen on the port.
    """
    if not host:
        # For a socket it would mean all addresses.
        raise UnfitAddress("the address is empty")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        host.encode("idna")
        socket.create_server((host, port), family=family).close()
    except UnicodeError as error:
        raise UnfitAddress("it is no address") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(error.strerror) from error
        # What follows in brackets repeats the address.
        raise UnfitAddress(str(error.strerror).partition(" (")[0]) from error


def _listening(port: int, *others: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if others:
            return _listening(*others)
        raise PortTaken(error.strerror) from error
