"""Whether a session has the isolation level and the SQL mode that the program sets; a proxy may drop them."""

from __future__ import annotations

from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fault, fine

_CHANGE = (
    "Connect to the server itself, or make the proxy keep the settings of a session; empty init_connect on the server."
)
_SWITCHES = ("autocommit", "foreign_key_checks", "check_constraint_checks")


def _examine(server: ServerFacts) -> Finding:
    values = server.variables
    level = values.get("transaction_isolation", values.get("tx_isolation", ""))
    if level.upper() != "READ-COMMITTED":
        return fault(f"A session has the isolation level {level or 'unknown'} although it set READ COMMITTED.", _CHANGE)
    if "STRICT_TRANS_TABLES" not in values.get("sql_mode", "").upper():
        return fault("A session has no strict SQL mode although it set one: values would be cut silently.", _CHANGE)
    off = [name for name in _SWITCHES if values.get(name, "ON").upper() in ("OFF", "0")]
    if off:
        return fault(f"A session begins with {', '.join(off)} switched off.", _CHANGE)
    return fine("A session has the isolation level and the SQL mode it needs.")


CHECK = Check("session", _examine, at_start=True)
