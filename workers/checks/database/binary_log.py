"""Whether the format of the binary log lets a READ COMMITTED transaction write."""

from __future__ import annotations

from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine, warning


def _examine(server: ServerFacts) -> Finding:
    if not server.is_on("log_bin"):
        return warning(
            "The server keeps no binary log: a backup cannot be brought up to a later point in time.",
            "Set log_bin, and binlog_format = ROW.",
        )
    form = server.variables.get("binlog_format", "ROW").upper()
    if form == "STATEMENT":
        return fault(
            "binlog_format is STATEMENT, with which InnoDB refuses every write at READ COMMITTED (error 1665).",
            "Set binlog_format = ROW on the server.",
        )
    return fine(f"The binary log is kept in the format {form}.")


CHECK = Check("binary_log", _examine, at_start=True)
