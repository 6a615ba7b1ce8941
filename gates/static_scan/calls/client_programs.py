"""Clients of a database that code starts as programs: `mysql app < dump.sql`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ast_grep_py import SgNode

from gates.static_scan.code.text_folding import Folder
from gates.static_scan.sql.sql_words import HOLE

# Programs that run SQL, or load rows. `mysqldump` only reads.
CLIENTS = frozenset("mysql mariadb mysqlimport mariadb-import mysqlsh mycli mysqladmin mariadb-admin".split())
_NO_CLIENT_AFTER = frozenset(
    """install restart start stop status reload service systemctl brew apt apt-get dnf yum pip pipx npm yarn which pull
    add remove import build push rm logs enable disable type command""".split()
)
_QUESTIONS = frozenset({"--version", "-V", "--help", "-?", "ping", "status"})
_SEPARATORS = re.compile(r"[\s|;&()<>=\"'`]+")


def client_in(text: str) -> str:
    """The client that a command line starts; empty if it starts none, or only asks for its version."""
    tokens = [token for token in _SEPARATORS.split(text[:4_000]) if token]
    for place, token in enumerate(tokens):
        name = token.rpartition("/")[2]
        if name not in CLIENTS or (place and tokens[place - 1] in _NO_CLIENT_AFTER):
            continue
        if place and tokens[0].rpartition("/")[2] in _NO_CLIENT_AFTER:
            return ""
        return "" if {*tokens[place + 1 : place + 3]} & _QUESTIONS else name
    return ""


def command_line(given: Sequence[SgNode], folder: Folder, lists: Sequence[str]) -> list[str]:
    """The parts of the command line that a call starts: a text, a list of texts, or a program and a list."""
    parts: list[str] = []
    for argument in given[:20]:
        kind = argument.kind()
        if kind in lists:
            parts += [_text(each, folder) for each in argument.children()[:50] if each.is_named()]
        elif kind not in ("keyword_argument", "object", "dictionary"):
            parts.append(_text(argument, folder))
        elif kind == "keyword_argument":
            name, value = argument.field("name"), argument.field("value")
            if name is not None and value is not None and name.text() in ("args", "cmd", "command"):
                return command_line([value], folder, lists)
    return parts


def _text(node: SgNode, folder: Folder) -> str:
    texts = folder.fold(node).texts
    return texts[0] if texts else HOLE
