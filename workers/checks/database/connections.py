"""Whether the server has connections left, and lets idle ones live."""

from __future__ import annotations

from repos.database.engine import RECYCLE_SECONDS
from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fine, warning

MAX_SHARE = 0.9


def _examine(server: ServerFacts) -> Finding:
    most, used = server.number("max_connections"), server.status.get("threads_connected", "")
    if most is not None and used.isdecimal() and int(used) >= most * MAX_SHARE:
        return warning(
            f"{used} of the {most} connections of the server are taken.",
            "Raise max_connections on the server, or run fewer processes.",
        )
    idle = server.number("wait_timeout")
    if idle is not None and idle < RECYCLE_SECONDS:
        return warning(
            f"wait_timeout is {idle} s: the server closes idle connections before the program renews them.",
            f"Set wait_timeout to {RECYCLE_SECONDS} or more on the server.",
        )
    return fine("The server has connections left, and keeps idle ones.")


CHECK = Check("connections", _examine)
