"""Clients of a database that are started as programs: `mysql app < dump.sql`."""

from __future__ import annotations

import re

# Programs that run SQL, or load rows. `mysqldump` only reads.
CLIENTS = frozenset("mysql mariadb mysqlimport mariadb-import mysqlsh mycli mysqladmin mariadb-admin".split())
_NO_CLIENT_AFTER = frozenset(
    """install restart start stop status reload service systemctl brew apt apt-get dnf yum pip pipx npm yarn which pull
    add remove import build push rm logs enable disable type command""".split()
)
_QUESTIONS = frozenset({"--version", "-V", "--help", "-?", "ping", "status"})
_SEPARATORS = re.compile(r"[\s<>=\"']+")
_COMMANDS = re.compile(r"[|;&()`\n]+")


def client_in(text: str) -> str:
    """The client that a command line starts; empty if it starts none, or only asks for its version."""
    return next(filter(None, map(_client_of_command, _COMMANDS.split(text[:4_000]))), "")


def _client_of_command(text: str) -> str:
    tokens = [token for token in _SEPARATORS.split(text) if token]
    if tokens[:1] == ["command"] and tokens[1:2] not in (["-v"], ["-V"]):
        tokens = tokens[1:]
    for place, token in enumerate(tokens):
        name = token.rpartition("/")[2]
        if name not in CLIENTS or (place and tokens[place - 1] in _NO_CLIENT_AFTER):
            continue
        if place and tokens[0].rpartition("/")[2] in _NO_CLIENT_AFTER:
            return ""
        return "" if {*tokens[place + 1 : place + 3]} & _QUESTIONS else name
    return ""
