"""A private MariaDB, ready in about a second."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from sqlalchemy import URL

from tests.services.databases import DatabaseServer
from tests.services.places import find_program
from tests.services.private import PrivateServer

# MySQL 8's own default, so that both servers refuse the same statements.
SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
DURABLE = ["--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1", "--log-bin=binlog", "--binlog-format=ROW"]
FAST = ["--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--skip-log-bin"]
GREETING = b"\x0a"  # the protocol version, after four bytes of packet header
AS_ROOT = ["--user=root"] if os.geteuid() == 0 else []  # it refuses to run as root without this


class MariaDB(PrivateServer, DatabaseServer):
    """A private MariaDB. The account is root, without a password, from this machine only."""

    program = "mariadbd"

    def server_url(self) -> URL:
        return URL.create("mysql+pymysql", "root", host="127.0.0.1", port=self.port, query={"charset": "utf8mb4"})

    @property
    def scratch(self) -> Path:
        """A separate directory for temporary tables: in /tmp, a starting MariaDB removes those of all others."""
        return self.data.with_name("scratch")

    def initialise(self) -> None:
        self.scratch.mkdir()
        installer = [find_program("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}"]
        account = ["--auth-root-authentication-method=normal", "--skip-test-db", *AS_ROOT]
        self.run([*installer, *account], environ={"TMPDIR": str(self.scratch)})

    def options(self) -> list[str]:
        return [
            "--no-defaults",
            f"--datadir={self.data}",
            f"--tmpdir={self.scratch}",
            f"--socket={self.socket}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--default-time-zone=+00:00",
            "--performance-schema=0",
            "--character-set-server=utf8mb4",
            f"--sql-mode={SQL_MODE}",
            *(DURABLE if self.durable else FAST),
            *AS_ROOT,
        ]

    def answers(self) -> bool:
        # Without PyMySQL, which leaves its socket open when it cannot connect.
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5.0)
            try:
                connection.connect(str(self.socket))
                return connection.recv(5)[4:] == GREETING
            except OSError:
                return False
