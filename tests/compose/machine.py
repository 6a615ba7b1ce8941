"""A machine for the commands of docker-compose.yml, without containers: private ports, paths and passwords."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.cli.running import COMMAND, ROOT
from tests.compose.file import SECRETS, Service
from tests.services.mariadb import MariaDB
from tests.services.places import Port, find_program
from workers.embedded.child_process import Child


class Database(MariaDB):
    """A private server with the flags of the file and the database and user that the image would create."""

    def __init__(self, service: Service) -> None:
        self.service = service
        super().__init__(durable=True)  # with a binary log, as the image has one: it forbids some statements

    def options(self) -> list[str]:
        return [*super().options(), *self.service.given["command"]]

    def set_up(self) -> None:
        given = self.service.given["environment"]
        name, user = given["MYSQL_DATABASE"], given["MYSQL_USER"]
        password = SECRETS[Path(given["MYSQL_PASSWORD_FILE"]).name.upper()]
        for statement in (
            f"CREATE DATABASE {name} CHARACTER SET utf8mb4",
            f"CREATE USER {user}@'%' IDENTIFIED BY '{password}'",
            f"GRANT ALL ON {name}.* TO {user}@'%'",
            # Last, because these connections have no password.
            f"SET PASSWORD = PASSWORD('{SECRETS['DATABASE_ROOT_PASSWORD']}')",
        ):
            self.execute(statement)


class Machine:
    """Runs the command lines of the services in the file, with the ports and paths of this machine."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self._stack = stack
        self._ports: dict[str, Port] = {}
        self._database_port = 0
        self.children: dict[str, Child] = {}
        secrets = folder / "secrets"
        secrets.mkdir()
        for name, value in SECRETS.items():
            (secrets / name.lower()).write_text(value)
        (folder / "data").mkdir()

    def start_database(self, service: Service) -> None:
        database = self._stack.enter_context(Database(service))
        database.set_up()
        self._database_port = database.port

    def start(self, service: Service) -> Child:
        """Start the command of a service, and return at once."""
        command = self.here(service, service.given["command"])
        child = Child(
            [*COMMAND, *command] if service.is_ours else [find_program(command[0]), *command[1:]],
            log=self.folder / f"{service.name}.log",
            environ=self.environ(service),
        )
        self._stack.callback(child.kill)
        self.children[service.name] = child
        return child

    def run(self, service: Service) -> subprocess.CompletedProcess[str]:
        """Run the command of a service to its end."""
        return self._run(service, [*COMMAND, *self.here(service, service.given["command"])])

    def check(self, service: Service) -> subprocess.CompletedProcess[str]:
        """Run the health check of a service."""
        return self._run(service, self.here(service, service.check))

    def environ(self, service: Service) -> dict[str, str]:
        given = service.given.get("environment", {})
        named = dict(zip(given, self.here(service, list(given.values())), strict=True))
        mine = {name: value for name, value in os.environ.items() if not name.startswith("SCRIPTLEDGER_")}
        return {**mine, "PYTHONPATH": str(ROOT), "TMPDIR": str(self.folder), **named}

    def here(self, service: Service, words: Sequence[str]) -> list[str]:
        """Words of the file with the ports and paths of this machine."""
        places = {
            "database:3306": f"127.0.0.1:{self._database_port}",
            "--port=3306": f"--port={self._database_port}",
            "broker:6379": f"127.0.0.1:{self._port('6379')}",
            " 6379": f" {self._port('6379')}",
            "5555": str(self._port("5555")),
            "5556": str(self._port("5556")),
            "0.0.0.0": "127.0.0.1",
            "/run/secrets": str(self.folder / "secrets"),
            "--dir /data": f"--dir {self.folder / 'data'}",
            "/tmp/heartbeat": str(self.folder / f"heartbeat-{service.name}"),
            "redis-server": find_program("redis-server"),
            "mysql --": f"{shutil.which('mysql') or find_program('mariadb')} --",
        }
        return [sys.executable if word == "python" else _replaced(word, places) for word in words]

    def _port(self, name: str) -> int:
        if name not in self._ports:
            self._ports[name] = Port()
            self._stack.callback(self._ports[name].release)
        return self._ports[name].number

    def _run(self, service: Service, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self.environ(service), capture_output=True, text=True, timeout=120, check=False
        )


@contextmanager
def machine(folder: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        yield Machine(folder, stack)


def _replaced(word: str, places: dict[str, str]) -> str:
    for place, here in places.items():
        word = word.replace(place, here)
    return word
