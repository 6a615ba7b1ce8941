"""A real MySQL for the tests that otherwise run on MariaDB.

    python -m tests.services.mysql <directory> <command> [argument ...]

runs the command with SCRIPTLEDGER_TEST_DATABASE_URL set to the server of SCRIPTLEDGER_TEST_MYSQL_URL, or else to a
private server that `fetch_mysql.sh` unpacked in the directory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.services.mariadb import AS_ROOT, MariaDB
from tests.services.named import NamedDatabaseServer


class MySQL(MariaDB):
    """A private MySQL: started like MariaDB, but located and initialised differently."""

    def __init__(self, unpacked: Path, *, durable: bool = False) -> None:
        self._usr = unpacked.resolve() / "usr"
        super().__init__(durable=durable)

    def command(self) -> list[str]:
        loader = next(self._usr.glob("lib*/ld-linux*.so.*"))
        libraries = next(self._usr.glob("lib/*-linux-gnu"))
        return [str(loader), "--library-path", str(libraries), str(self._usr / "sbin" / "mysqld")]

    def initialise(self) -> None:
        self.scratch.mkdir()
        bare = ["--no-defaults", "--initialize-insecure", f"--datadir={self.data}", *AS_ROOT]
        self.run([*self.command(), *bare, *self.own_options()])

    def options(self) -> list[str]:
        return [*super().options(), *self.own_options()]

    def own_options(self) -> list[str]:
        """Options for running from the unpacked directory, next to another server."""
        messages = f"--lc-messages-dir={self._usr}/share/mysql"
        return [f"--basedir={self._usr}", messages, "--secure-file-priv=", "--mysqlx=OFF"]


def main(unpacked: str, command: list[str]) -> int:
    if named := os.environ.get("SCRIPTLEDGER_TEST_MYSQL_URL"):
        return run_on(named, command)
    with MySQL(Path(unpacked)) as server:
        return run_on(server.url(""), command)


def run_on(url: str, command: list[str]) -> int:
    """Run a command whose tests use this server; returns its exit status."""
    version, comment = NamedDatabaseServer(url).execute("SELECT version(), @@version_comment")[0]
    print(f"On {version} ({comment}):", flush=True)
    return subprocess.run(command, env={**os.environ, "SCRIPTLEDGER_TEST_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
