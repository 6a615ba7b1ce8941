"""Whether an SQLite file takes writes, at the schema of this program."""

from __future__ import annotations

from pathlib import Path

from repos.database.engine import open_engine
from repos.server_checks.readiness import database_problem
from workers.checks.finding import Check, Finding, fault, fine


def _examine(file: Path) -> Finding:
    with open_engine(f"sqlite:///{file}") as engine:
        problem = database_problem(engine)
    if problem is None:
        return fine("The database file takes writes, at the schema of this program.")
    change = "Check its permissions and its disk."
    if "schema" in problem:
        change = "Run `scriptledger db upgrade`, or install the program that fits."
    return fault(f"{problem[:1].upper()}{problem[1:]}.", change)


CHECK = Check("writes", _examine, at_start=True)
