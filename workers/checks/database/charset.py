"""Whether text arrives as it was sent: every character set of the connection is utf8mb4."""

from __future__ import annotations

from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine, warning

_CONNECTION = ("character_set_client", "character_set_connection", "character_set_results")


def _examine(server: ServerFacts) -> Finding:
    wrong = [name for name in _CONNECTION if server.variables.get(name, "utf8mb4") != "utf8mb4"]
    if wrong:
        return fault(
            f"{', '.join(f'{name} is {server.variables[name]}' for name in wrong)}: text would be changed on its way.",
            "Remove skip-character-set-client-handshake and init_connect from the server, or the proxy before it.",
        )
    default, collation = (server.variables.get(name, "") for name in ("character_set_database", "collation_database"))
    if default != "utf8mb4":
        return warning(
            f"The database's default character set is {default}; the program's tables name their own.",
            f"ALTER DATABASE `{server.database}` CHARACTER SET utf8mb4, so that tables added by hand have it too.",
        )
    return fine(f"The connection and the database use utf8mb4 ({collation}).")


CHECK = Check("charset", _examine, at_start=True)
