"""The embedded stack: the broker and the workers of one home, running as long as a process needs them.

In each home, the process that first locks the file `home/stack.json` runs the stack. The others use it, by the address
in the file, and take over when that process is gone.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from msgspec.structs import replace

from repos.database.engine import open_engine
from repos.private_file import private_opener
from repos.schema.upgrade import upgrade_if_outdated
from workers.embedded.errors import EmbeddedBrokerError
from workers.embedded.private_home import secure_home
from workers.embedded.services import Service, minimal_services
from workers.embedded.supervised_service import Event, Pauses, SupervisedService
from workers.embedded.valkey import EmbeddedValkey, answers
from workers.settings import Settings

# How long another process may take to start the stack, or to end, before an error is raised.
START_TIMEOUT_SECONDS = 15.0

# How long services may take to end when their broker is gone.
BROKERLESS_STOP_SECONDS = 1.0


class _Address(NamedTuple):
    """The address of a stack's own broker (empty where the settings name one), and the fingerprint of its database."""

    broker_url: str
    socket: str
    database: str


class Stack:
    """A broker and its services, by default two workers; `services` chooses the processes.

    The database in the home is created and migrated first; any other is used as it is. Where the settings name a
    broker, only the services are started. `stop_timeout` is how many seconds a service has to finish its work when the
    stack stops; with 0 it is killed, which loses nothing: the next worker repeats the interrupted work.

        with Stack(settings) as stack:
            ...  # stack.settings names the broker
    """

    def __init__(
        self,
        settings: Settings,
        *,
        stop_timeout: float = 0.0,
        services: Callable[[Settings], Iterable[Service]] = minimal_services,
    ) -> None:
        self.settings = settings
        self._configured = settings
        self._services = services
        self._stop_timeout = stop_timeout
        self._file = settings.home / "stack.json"
        self._socket = ""
        self._lock: IO[str] | None = None
        self._broker: EmbeddedValkey | None = None
        self._pauses = Pauses()
        self._due = 0.0
        self._running: list[SupervisedService] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @classmethod
    def joined(cls, settings: Settings) -> Settings | None:
        """The settings of the stack that another process runs in this home; None if none runs, and none is started."""
        stack = cls(settings)
        return stack.settings if stack._join() else None

    @property
    def is_ours(self) -> bool:
        """Whether this process runs the stack; otherwise another process does."""
        return self._lock is not None

    def start(self) -> None:
        """Run the stack, or join the process that does.

        Raises:
            EmbeddedBrokerError: neither was possible; the message gives the reason.
            SchemaTooNew: a newer program has migrated the database in the home.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not (self._take_over() or self._join()):
            if time.monotonic() > deadline:
                raise EmbeddedBrokerError(
                    f"Another process holds {self._file}, but its broker does not respond: stop that process, or "
                    "choose another SCRIPTLEDGER_HOME."
                )
            time.sleep(0.05)

    def tend(self) -> list[Event]:
        """Restart services that ended on their own; return the events since the last call. Call it regularly."""
        if not self.is_ours:
            if self._socket and not answers(Path(self._socket)):
                self.start()
            return []
        if self._broker is not None and not self._broker.running():
            return self._revive()
        return [event for service in self._running for event in service.tend()]

    def stop(self) -> None:
        """Stop the services, in parallel, if this process runs them."""
        if self._lock is None:
            return
        try:
            self._lock.truncate(0)
            self._stop_services()
        finally:
            self._lock.close()
            self._lock = None

    def _take_over(self) -> bool:
        with ExitStack() as undo:
            lock = undo.enter_context(self._opened())
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            undo.callback(self._stop_services)
            if self._configured.embedded_database:
                with open_engine(self._configured.database_url) as engine:
                    upgrade_if_outdated(engine)
            self._lock = lock
            undo.callback(setattr, self, "_lock", None)
            self._start_services()
            undo.pop_all()
        return True

    def _opened(self) -> IO[str]:
        try:
            secure_home(self._file.parent)
            return open(self._file, "a+", opener=private_opener)
        except OSError as error:
            raise EmbeddedBrokerError(
                f"Nothing can be written in {self._file.parent} ({error.strerror}): choose another SCRIPTLEDGER_HOME."
            ) from error

    def _join(self) -> bool:
        address = self._read()
        if address is None or (address.socket and not answers(Path(address.socket))):
            return False
        if address.database != _fingerprint(self._configured):
            raise EmbeddedBrokerError(
                f"A stack for another database already runs in {self.settings.home}: choose another SCRIPTLEDGER_HOME."
            )
        self._socket = address.socket
        self.settings = replace(self._configured, broker_url=address.broker_url or self._configured.broker_url)
        return True

    def _revive(self) -> list[Event]:
        if not self._due:
            pause = self._pauses.next()
            self._due = time.monotonic() + pause
            return [Event("broker", "ended", pause=pause)]
        if time.monotonic() < self._due:
            return []
        # After a restart the broker's socket has another path, so the services are restarted too. While they retry the
        # old socket, they would not react to SIGTERM.
        self._stop_services(min(self._stop_timeout, BROKERLESS_STOP_SECONDS))
        self._start_services()
        return [Event(name, "started") for name in ("broker", *(service.name for service in self._running))]

    def _start_services(self) -> None:
        self._due = 0.0
        self._pauses.started()
        if self._configured.embedded_broker:
            self._broker = EmbeddedValkey(self.settings.home / "broker")
            self._broker.start()
            self.settings = replace(self._configured, broker_url=self._broker.broker_url)
        logs = self.settings.home / "logs"
        logs.mkdir(mode=0o700, exist_ok=True)
        for service in self._services(self.settings):
            log = logs / f"{service.name}.log"
            self._running.append(SupervisedService(service, log=log, environ=self.settings.to_env()))
        socket = str(self._broker.address) if self._broker is not None else ""
        self._write(_Address(self.settings.broker_url if socket else "", socket, _fingerprint(self._configured)))

    def _stop_services(self, timeout: float | None = None) -> None:
        seconds = self._stop_timeout if timeout is None else timeout
        with ThreadPoolExecutor(max_workers=len(self._running) + 1) as threads:
            list(threads.map(lambda service: service.stop(seconds), self._running))
        self._running = []
        if self._broker is not None:
            self._broker.stop()
            self._broker = None

    def _write(self, address: _Address) -> None:
        assert self._lock is not None  # noqa: S101 - only the holder of the lock gets here
        self._lock.truncate(0)
        self._lock.write(json.dumps(address._asdict()))
        self._lock.flush()

    def _read(self) -> _Address | None:
        try:
            return _Address(**json.loads(self._file.read_text()))
        except (OSError, ValueError, TypeError):
            return None  # not there yet, or half written


def _fingerprint(settings: Settings) -> str:
    # Not the URL itself: it may hold a password.
    return sha256(os.fsencode(settings.database_url)).hexdigest()[:16]
