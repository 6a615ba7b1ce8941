"""An installation for an operator's drill: real servers and workers, and the three places where an operator looks."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable
from html import unescape
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.cli.running import COMMAND, CommandLine, Ran
from tests.services.mariadb import MariaDB
from tests.services.redis_server import RedisServer
from tests.slowness import adjusted_for_load
from tests.workers.monitoring.alerting import firing
from workers.monitoring.problems.problem import SEVERITIES

_PROBLEM = re.compile(r'<li class="note (?:bad|warn)"><p><b>\w+:</b> (.*?)</li>')
PERSON, PASSWORD = "ann", "a password"
# A problem is named, and forgotten again, within this time.
LIMIT_SECONDS = 15.0
START_SECONDS = 60.0


class Look(NamedTuple):
    """What an operator sees: `scriptledger status`, the problems on the page, and the alerts on its metrics."""

    status: int
    document: Any
    page: list[str]
    alerts: set[tuple[str, str]]
    html: bytes

    @property
    def problems(self) -> list[tuple[str, str]]:
        """The problems of `status`, worst first, each with its subject."""
        return [(problem["code"], problem["subject"]) for problem in self.document["problems"]]

    @property
    def heading(self) -> str:
        """The heading of the page."""
        [found] = re.findall(r"<h1[^>]*>(.*?)</h1>", self.html.decode())
        return unescape(found)

    @property
    def agrees(self) -> bool:
        """Whether the page shows the same sentences and advice, and the alerts are those of the problems."""
        texts = [f"{problem['sentence']}{problem['advice']}" for problem in self.document["problems"]]
        alerts = {(alert_of(code), subject) for code, subject in self.problems}
        return self.page == [without_numbers(text) for text in texts] and self.alerts == alerts

    def advice(self, code: str) -> list[list[str]]:
        """The commands in the advice on a problem, without the program."""
        [advice] = {problem["advice"] for problem in self.document["problems"] if problem["code"] == code}
        return [shlex.split(command) for command in re.findall(r"`scriptledger ([^`]+)`", advice)]


def alert_of(code: str) -> str:
    """The name of the alert for a problem."""
    return f"Scriptledger{''.join(word.capitalize() for word in code.split('_'))}"


class Installation:
    """A database, a broker, and workers that are started with the commands an operator types."""

    def __init__(self, folder: Path, database: MariaDB, broker: RedisServer) -> None:
        people = folder / "people"
        people.write_text(f"{PERSON}:{PASSWORD}\n")
        people.chmod(0o600)
        self.database = database
        self.broker = broker
        url = database.create_database()
        servers = {"SCRIPTLEDGER_DATABASE_URL": url.replace("+pymysql", ""), "SCRIPTLEDGER_BROKER_URL": broker.url}
        self.command_line = CommandLine(
            folder / "home", warm=True, SCRIPTLEDGER_VIEWERS_FILE=str(people), TMPDIR=str(folder), **servers
        )
        self.engine = make_engine(url)
        self.unit_of_work = UnitOfWork(self.engine)
        self._logs = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self._port = free_port()

    def __enter__(self) -> Self:
        upgrade(self.engine)
        self.start("serve", "--port", str(self._port))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.engine.dispose()

    @property
    def logs(self) -> str:
        """All that the processes wrote."""
        return "".join(log.read_text(errors="replace") for log in sorted(self._logs.glob("*.log")))

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Start a command that stays in the foreground, in a group of its own."""
        with (self._logs / f"{len(self._running)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*COMMAND, *args],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.command_line.environ,
                cwd=self._logs,
                process_group=0,
            )
        self._running.append(process)
        return process

    def run(self, *args: object) -> Ran:
        """Run a command to its end."""
        return self.command_line(*args)

    def look(self) -> Look:
        """Look at all places at about the same time."""
        ran = self.run("status", "--json")
        _, html = self.page("/")
        problems = [without_numbers(text_of(found)) for found in _PROBLEM.findall(html.decode())]
        return Look(ran.status, json.loads(ran.out), problems, firing(self.page("/metrics")[1]), html)

    @property
    def signed_in(self) -> str:
        """The address of the page with the name and the password of its viewer."""
        return f"http://{PERSON}:{quote(PASSWORD)}@127.0.0.1:{self._port}"

    def see(self, *problems: tuple[str, str], warnings: bool = False) -> Look:
        """Wait until all places show these problems and no other critical one, or no other at all."""
        deadline = time.monotonic() + adjusted_for_load(START_SECONDS if not problems else LIMIT_SECONDS)
        while True:
            look = self.look()
            found = [each for each in look.problems if warnings or SEVERITIES[each[0]] == "critical"]  # type: ignore[index]
            if look.agrees and found == list(problems):
                return look
            assert time.monotonic() < deadline, (look, self.logs[-4_000:])
            time.sleep(0.2)

    def page(self, path: str) -> tuple[int, bytes]:
        """A page as its viewer sees it."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            credentials = b64encode(f"{PERSON}:{PASSWORD}".encode()).decode()
            connection.request("GET", path, headers={"Authorization": f"Basic {credentials}"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def wait_for(self, true: Callable[[], bool], seconds: float = LIMIT_SECONDS) -> None:
        """Wait until something is true."""
        deadline = time.monotonic() + adjusted_for_load(seconds)
        while not true():
            assert time.monotonic() < deadline, self.logs[-4_000:]
            time.sleep(0.1)


def text_of(html: str) -> str:
    """The text of a piece of a page."""
    return unescape(re.sub(r"<code>|</code>", "`", html).replace("</p><p>", "")).replace("</p>", "")


def without_numbers(text: str) -> str:
    """A sentence without its numbers, which change from one look to the next."""
    return re.sub(r"\d+(\.\d+)?", "#", text)


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
