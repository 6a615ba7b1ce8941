"""A proxy for TCP that a test can cut, stall, or let lose the answer to a COMMIT."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 1 << 16


class Proxy:
    """Listens on a port of its own and passes everything on to another port of this machine."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._lines: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._commits_to_lose = 0
        self.lost_commits = 0
        self.cuts = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.flow()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut every connection there is; new ones are welcome."""
        with self._lock:
            lines, self._lines = self._lines, set()
        self.cuts += len(lines) // 2
        for line in lines:
            hang_up(line)

    def stall(self) -> None:
        """Pass nothing on from now, and keep every connection open."""
        self._flowing.clear()

    def flow(self) -> None:
        """Pass on what waited."""
        self._flowing.set()

    def stall_for(self, seconds: float) -> None:
        """Pass nothing on for a while."""
        self.stall()
        time.sleep(seconds)
        self.flow()

    def lose_answers_to_commit(self, number: int) -> None:
        """Pass on so many of the next COMMITs, and cut their connections before anybody hears the answer."""
        self._commits_to_lose = number
        self.lost_commits = 0

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for line in (client, server):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._lines |= {client, server}
        back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
        back.start()
        self._pass(client, server, commits=True)
        back.join()
        with self._lock:
            self._lines -= {client, server}
        client.close()
        server.close()

    def _pass(self, source: socket.socket, target: socket.socket, *, commits: bool = False) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                self._flowing.wait()
                loses = commits and b"COMMIT" in data[:16] and self._takes_one()
                target.sendall(data)
                if loses:
                    # Read in full at the other end before that hears of the end: so the COMMIT counts.
                    hang_up(source)
                    target.shutdown(socket.SHUT_WR)
                    return
        hang_up(source)
        hang_up(target)

    def _takes_one(self) -> bool:
        with self._lock:
            if not self._commits_to_lose:
                return False
            self._commits_to_lose -= 1
            self.lost_commits += 1
            return True


def hang_up(line: socket.socket) -> None:
    """End both directions; both ends get an error."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
