"""Whether the connection to the database is encrypted."""

from __future__ import annotations

from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding, fine, warning

_LOCAL = ("localhost", "127.0.0.1", "::1")


def _examine(server: ServerFacts) -> Finding:
    cipher = server.status.get("ssl_cipher", "")
    if cipher:
        return fine(f"The connection is encrypted ({cipher}).")
    # The host of the account as the server sees it.
    if server.client_host in _LOCAL:
        return fine("The connection is not encrypted, and does not leave this machine.")
    return warning(
        "The connection to the server is not encrypted: everyone on the way can read scripts.",
        "Enable TLS on the server, and name its certificate authority with ?ssl_ca=… in SCRIPTLEDGER_DATABASE_URL.",
    )


CHECK = Check("encryption", _examine)
