"""The fault injector: acts at the fault points of a process, as the plan in its folder says.

A fault waits as an empty file in a folder named for its boundary. The process that renames it away carries it out, so
each happens exactly once, whichever of many processes comes by. Nothing here raises; the product meets a fault only
as the end of its process, a broken connection or lost time.
"""

from __future__ import annotations

import json
import os
import select
import socket
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from typing import Any, Literal, NamedTuple
from weakref import WeakSet

import pymysql
from celery import current_task, signals

from repos import fault_points
from repos.database.server_status import StatusConnection as Connection
from workers.messaging.bell import Bell

PLAN = "LEDGER_SABOTEUR_PLAN"
Action = Literal["kill child", "kill node", "drop connection", "delay", "set clock"]
ACTIONS: tuple[Action, ...] = ("kill child", "kill node", "drop connection", "delay")
"""What happens at every boundary. A clock may be set at any, and it is all the same at which."""


class Fault(NamedTuple):
    """One thing that goes wrong: at the `passage`th time a process comes by a boundary after its start, or later.

    `seconds` is how long a delay takes, or how far a clock is set ahead. `who` says which processes may have it: all
    of them, or only those of a kind.
    """

    number: int
    boundary: str
    action: Action
    passage: int = 1
    seconds: float = 0.0
    who: str = "any"

    @property
    def file_name(self) -> str:
        """The fault as the name of the file it waits in."""
        return f"{self.number:06}|{self.action}|{self.passage}|{self.seconds:.3f}|{self.who}"


class Plan:
    """The faults of a test as files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._armed = folder / "armed"
        self._done = folder / "done"
        for boundary in fault_points.BOUNDARIES:
            (self._armed / boundary).mkdir(parents=True, exist_ok=True)
        self._done.mkdir(exist_ok=True)

    def arm(self, fault: Fault) -> None:
        """Let a fault happen from now on."""
        (self._armed / fault.boundary / fault.file_name).touch()

    def disarm(self) -> None:
        """Call off what has not happened yet."""
        for file in self._armed.glob("*/*"):
            file.unlink(missing_ok=True)

    def armed(self) -> list[str]:
        """The faults that have not happened yet."""
        return [f"{file.parent.name}|{file.name}" for file in self._armed.glob("*/*")]

    def wait(self, timeout: float) -> None:
        """Wait until all have happened, for as long as one does every so many seconds."""
        count, deadline = -1, 0.0
        while left := self.armed():
            if len(left) != count:
                count, deadline = len(left), time.monotonic() + timeout
            assert time.monotonic() < deadline, f"nothing comes by for {left}"
            time.sleep(0.05)

    def done(self) -> list[dict[str, Any]]:
        """What was done, with the time, and the script of a task."""
        return [json.loads(report) for file in sorted(self._done.iterdir()) if (report := file.read_text())]

    def numbers_done(self) -> list[int]:
        """The numbers of what was done."""
        return [int(file.name.partition("-")[0]) for file in self._done.iterdir()]

    def report(self, fault: Fault) -> dict[str, Any]:
        """What was written down of a fault as it happened; nothing while it has not."""
        file = self._done / f"{fault.number:06}-{fault.boundary}"
        text = file.read_text() if file.exists() else ""
        return dict(json.loads(text)) if text else {}

    def take(self, boundary: str, passage: int, who: str) -> Fault | None:
        """The next fault for a boundary, which no other process can take then."""
        for file in sorted((self._armed / boundary).iterdir()):
            number, action, at, seconds, whose = file.name.split("|")
            if passage < int(at) or whose not in ("any", who):
                continue
            with suppress(FileNotFoundError):
                file.rename(self._done / f"{number}-{boundary}")
                return Fault(int(number), boundary, action, int(at), float(seconds), whose)  # type: ignore[arg-type]
        return None

    def note(self, fault: Fault, **more: Any) -> None:
        """Write down that a fault is about to happen."""
        report = {**fault._asdict(), "at": time.time(), "pid": os.getpid(), "cpu": time.process_time(), **more}
        (self._done / f"{fault.number:06}-{fault.boundary}").write_text(json.dumps(report))


class FaultInjector:
    """Carries out a plan in this process, which is of the kind `who`, and in those it forks."""

    def __init__(self, plan: Plan, who: str) -> None:
        self._plan = plan
        self._who = who
        self._passages: Counter[str] = Counter()
        self._connections: WeakSet[Connection[Any]] = WeakSet()
        self._taken: list[int] = []

    def install(self) -> None:
        """Listen from now on."""
        fault_points.listener = self
        self._watch_driver()
        self._watch_bell()
        # Popped from the broker, and not yet given to a pool process: only the main process of a node comes by here.
        signals.task_received.connect(lambda request, **_: self("before bell received", request), weak=False)
        signals.worker_process_init.connect(lambda **_: self._start_afresh(), weak=False)

    def __call__(self, boundary: str, request: Any = None) -> None:
        self._passages[boundary] += 1
        if boundary.endswith("bell received"):
            self._taken = []
        fault = self._plan.take(boundary, self._passages[boundary], self._who)
        if fault is None:
            return
        own = _script_of(request or (current_task and current_task.request))
        self._plan.note(fault, script=own, scripts=[own, *self._taken])
        if fault.action == "kill child":
            os.kill(os.getpid(), SIGKILL)
        elif fault.action == "kill node":
            os.killpg(0, SIGKILL)
        elif fault.action == "drop connection":
            self._drop(by_server=fault.number % 2 == 0)
        elif fault.action == "set clock":
            _set_clock(fault.seconds)
        else:
            time.sleep(fault.seconds)

    def _start_afresh(self) -> None:
        self._passages.clear()
        self._connections.clear()

    def _watch_bell(self) -> None:
        """Know for which other scripts a drain answers the bells: they are hit with its own."""
        take = Bell.take

        def take_and_remember(bell: Bell, limit: int) -> list[int]:
            self._taken = take(bell, limit)
            return self._taken

        Bell.take = take_and_remember  # type: ignore[method-assign]

    def _watch_driver(self) -> None:
        """Know every connection, and come by between COMMIT and its answer, where no code of ours is."""
        connect, execute, read = Connection.connect, Connection._execute_command, Connection._read_query_result
        injector = self

        def connect_and_remember(connection: Connection[Any], *args: Any, **kwargs: Any) -> Any:
            injector._connections.add(connection)
            return connect(connection, *args, **kwargs)

        def execute_and_pass(connection: Connection[Any], command: Any, sql: Any) -> None:
            execute(connection, command, sql)
            text = sql if isinstance(sql, bytes) else str(sql).encode()
            connection.commits = text.startswith(b"COMMIT")
            if connection.commits:
                injector("after commit sent")

        def pass_and_read(connection: Connection[Any], *args: Any, **kwargs: Any) -> Any:
            if getattr(connection, "commits", False):
                connection.commits = False
                # The server has answered, so it has committed; the client does not know yet.
                select.select([connection._sock], [], [], 5)
                injector("before commit answered")
            return read(connection, *args, **kwargs)

        Connection.connect = connect_and_remember
        Connection._execute_command = execute_and_pass
        Connection._read_query_result = pass_and_read

    def _drop(self, *, by_server: bool) -> None:
        for connection in list(self._connections):
            if connection._sock is None:
                continue
            if by_server:
                _kill_connection(connection)
            else:
                _hang_up(connection._sock)


def install(who: str) -> None:
    """Inject faults into this process by the plan that its environment names, if it names one."""
    if folder := os.environ.get(PLAN):
        FaultInjector(Plan(Path(folder)), who).install()


def _set_clock(ahead: float) -> None:
    """Let this process believe that it is later, or earlier. The clock that only runs forward is not touched."""
    now, now_ns = time.time, time.time_ns
    time.time = lambda: now() + ahead
    time.time_ns = lambda: now_ns() + int(ahead * 1e9)


def _script_of(request: Any) -> int | None:
    return request.args[0] if request and request.args else None


def _hang_up(line: socket.socket) -> None:
    """Close both ways, and lose what has arrived and was not read."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)
    with suppress(OSError):
        while line.recv(1 << 16, socket.MSG_DONTWAIT):
            pass
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _kill_connection(connection: Connection[Any]) -> None:
    """Let the server end it, as an operator or a failover would."""
    with suppress(pymysql.MySQLError):
        other = pymysql.connect(host=connection.host, port=connection.port, user=connection.user, connect_timeout=2)
        with other, other.cursor() as cursor:
            cursor.execute(f"KILL CONNECTION {connection.thread_id()}")
    with suppress(OSError):
        while connection._sock.recv(1 << 16, socket.MSG_DONTWAIT):
            pass
