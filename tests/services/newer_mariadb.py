"""A newer MariaDB for the tests that otherwise run on the installed one.

    python -m tests.services.newer_mariadb <directory> <command> [argument ...]

runs the command with SCRIPTLEDGER_TEST_DATABASE_URL set to a private server that `fetch_unstable.sh` unpacked in the
directory.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.services.mariadb import AS_ROOT, MariaDB
from tests.services.mysql import run_on

SCRIPTS = ("mariadb_system_tables.sql", "mariadb_performance_tables.sql", "mariadb_system_tables_data.sql")
BEGIN = b"CREATE DATABASE IF NOT EXISTS mysql;\nUSE mysql;\nSET @skip_auth_anonymous=1;\nSET @auth_root_socket=NULL;\n"


class NewerMariaDB(MariaDB):
    """A private MariaDB from an unpacked directory: started like any, but located and initialised differently."""

    def __init__(self, unpacked: Path, *, durable: bool = False) -> None:
        self._usr = unpacked.resolve() / "usr"
        super().__init__(durable=durable)

    def command(self) -> list[str]:
        loader = next(self._usr.glob("lib*/ld-linux*.so.*"))
        libraries = next(self._usr.glob("lib/*-linux-gnu"))
        return [str(loader), "--library-path", str(libraries), str(self._usr / "sbin" / "mariadbd")]

    def initialise(self) -> None:
        """Do the work of mariadb-install-db, which searches for its server only in the installed location."""
        self.scratch.mkdir()
        shared = self._usr / "share" / "mariadb"
        statements = BEGIN + b"".join((shared / name).read_bytes() for name in SCRIPTS)
        bare = ["--no-defaults", "--bootstrap", f"--datadir={self.data}", f"--tmpdir={self.scratch}", *AS_ROOT]
        command = [*self.command(), *bare, *self.own_options()]
        subprocess.run(command, input=statements, check=True, capture_output=True)

    def options(self) -> list[str]:
        return [*super().options(), *self.own_options()]

    def own_options(self) -> list[str]:
        """Options for running from the unpacked directory."""
        return [f"--basedir={self._usr}", f"--lc-messages-dir={self._usr}/share/mariadb"]


def main(unpacked: str, command: list[str]) -> int:
    with NewerMariaDB(Path(unpacked)) as server:
        return run_on(server.url(""), command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
