"""Whether the database takes writes now, at the schema of this program."""

from __future__ import annotations

from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine


def _examine(server: ServerFacts) -> Finding:
    if server.problem is not None and "schema" in server.problem:
        return fault(
            f"{_sentence(server.problem)}.", "Run `scriptledger db upgrade`, or install the program that fits."
        )
    if server.problem is not None:
        change = "Name the server that takes writes in SCRIPTLEDGER_DATABASE_URL, or make this one take them."
        return fault(f"{_sentence(server.problem)}.", change)
    if any(server.is_on(name) for name in ("read_only", "super_read_only", "innodb_read_only")):
        return fault(
            f"The server is read-only, and {server.account} may write all the same.",
            "Name the primary in SCRIPTLEDGER_DATABASE_URL: what is written to a replica is not in the primary.",
        )
    return fine("The database takes writes, at the schema of this program.")


def _sentence(problem: str) -> str:
    return problem[:1].upper() + problem[1:]


CHECK = Check("writes", _examine, at_start=True)
