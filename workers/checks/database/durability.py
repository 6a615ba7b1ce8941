"""Whether a commit that was acknowledged survives a crash of the server and of its machine."""

from __future__ import annotations

from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fine, warning


def _examine(server: ServerFacts) -> Finding:
    weak = []
    if server.variables.get("innodb_flush_log_at_trx_commit", "1") != "1":
        weak.append("innodb_flush_log_at_trx_commit")
    if server.is_on("log_bin") and server.variables.get("sync_binlog", "1") != "1":
        weak.append("sync_binlog")
    if server.variables.get("innodb_doublewrite", "ON").upper() in ("OFF", "0"):
        weak.append("innodb_doublewrite")
    if not weak:
        return fine("A commit is on disk before it is acknowledged.")
    now = ", ".join(f"{name} is {server.variables[name]}" for name in weak)
    return warning(
        f"{now}: edits that were acknowledged may be lost when the server or its machine stops.",
        f"Set {', '.join(f'{name} = 1' for name in weak)} on the server.",
    )


CHECK = Check("durability", _examine, at_start=True)
