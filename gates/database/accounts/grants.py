"""Grants as `SHOW GRANTS` prints them, read into privileges; a line that is not understood is kept as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gates.database.accounts.roles import Privilege

# The names of all privileges at once.
EVERYTHING = ("ALL", "ALL PRIVILEGES")


def read_grants(lines: Iterable[str], database: str, *, wildcards: bool = True) -> tuple[set[Privilege], list[str]]:
    """The privileges in an account's grants, and the lines with anything else: other schemas, roles, routines.

    `wildcards` is whether `_` and `%` stand for anything in the name of a schema.
    """
    found: set[Privilege] = set()
    others: list[str] = []
    for line in lines:
        privileges = _privileges_of(line, database, wildcards=wildcards)
        if privileges is None:
            others.append(without_secret(line))
        else:
            found |= set(privileges)
    return found, others


def without_secret(line: str) -> str:
    """A line of `SHOW GRANTS` without the hash of the password, which MariaDB prints."""
    return line.partition(" IDENTIFIED ")[0]


def schema_pattern(database: str, *, wildcards: bool) -> str:
    """The quoted name of a schema as the target of a grant on all of it."""
    name = database.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%") if wildcards else database
    return quoted(name)


def quoted(name: str) -> str:
    """An identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def _privileges_of(line: str, database: str, *, wildcards: bool) -> list[Privilege] | None:
    granted, on, rest = line.removeprefix("GRANT ").partition(" ON ")
    target, to, after = rest.partition(" TO ")
    scope = _scope(target.removeprefix("TABLE "), database, wildcards=wildcards)
    if not (line.startswith("GRANT ") and on and to) or scope is None or "WITH GRANT OPTION" in after:
        return None
    if scope == "*.*" and granted == "USAGE":
        return []
    return [
        Privilege(name.strip(), scope, column.strip(" `"))
        for name, _, columns in (word.rstrip(") ").partition("(") for word in _split(granted))
        for column in columns.split(",")
    ]


def _split(granted: str) -> Iterator[str]:
    """The parts of a list of privileges: at the commas outside parentheses."""
    word, depth = "", 0
    for character in granted:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            yield word
            word = ""
        else:
            word += character
    yield word


def _scope(target: str, database: str, *, wildcards: bool) -> str | None:
    """The scope of a grant: everything, the whole of our schema, one of its tables; None for another schema.

    The whole of our schema is `*`, or the target itself if the grant has another spelling of its name.
    """
    if target == "*.*":
        return "*.*"
    if target == f"{schema_pattern(database, wildcards=wildcards)}.*":
        return "*"
    if target == f"{quoted(database)}.*":
        # With a wildcard that was not meant as one; revoked in the same spelling.
        return target
    table = target.removeprefix(f"{quoted(database)}.")
    return None if table in (target, "*") else table.strip("`").replace("``", "`")
