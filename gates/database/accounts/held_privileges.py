"""Held privileges: what an account may do by the lines of its own `SHOW GRANTS`, also by grants on whole schemas."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from gates.database.accounts.grants import EVERYTHING, quoted, read_grants
from gates.database.accounts.roles import Privilege

_OPTION = " WITH GRANT OPTION"


class HeldPrivileges:
    """The privileges in lines of `SHOW GRANTS`, on one schema."""

    def __init__(self, lines: Iterable[str], database: str) -> None:
        self._held, others = _privileges(lines, database)
        # Roles of the server: their privileges are listed, too, if they are active.
        self.has_roles = any(" ON " not in line for line in others)

    def covers(self, wanted: Privilege) -> bool:
        """Whether a privilege is held, also as a part of a larger one."""
        return any(
            held.name in (wanted.name, *EVERYTHING)
            and (held.scope in ("*.*", "*", wanted.scope) or held.scope.endswith(".*"))
            and held.column in ("", wanted.column)
            for held in self._held
        )

    def reads_of(self, table: str) -> bool:
        """Whether a table can be read: a privilege on any one of its columns lets a handler read whole rows."""
        return any(
            held.name in ("SELECT", *EVERYTHING) and (held.scope in ("*.*", "*", table) or held.scope.endswith(".*"))
            for held in self._held
        )


def privileges_of_all(lines: Iterable[str], database: str) -> set[Privilege]:
    """The privileges on one schema in the lines of `SHOW GRANTS FOR PUBLIC`."""
    held, _ = _privileges(lines, database)
    return {each for each in held if each.name != "USAGE"}  # what is left of one that was revoked


def readable_tables(lines: Iterable[str], database: str, tables: Iterable[str]) -> set[str]:
    """The tables of which an account may read every column."""
    held = HeldPrivileges(lines, database)
    return {name for name in tables if held.covers(Privilege("SELECT", name))}


def _privileges(lines: Iterable[str], database: str) -> tuple[set[Privilege], list[str]]:
    """The privileges on one schema in lines of `SHOW GRANTS`, and the lines on others."""
    plain = (line.replace(_OPTION, "") for line in lines)
    return read_grants([_with_name(line, database) for line in plain], database)


def _with_name(line: str, database: str) -> str:
    """A grant on every schema whose name matches a pattern, as one on our schema if its name does."""
    granted, on, rest = line.partition(" ON ")
    target, to, grantee = rest.partition(" TO ")
    pattern = target.removeprefix("`").removesuffix("`.*").replace("``", "`")
    if target.endswith("`.*") and fnmatchcase(database, _as_glob(pattern)):
        target = f"{quoted(database)}.*"
    return f"{granted}{on}{target}{to}{grantee}"


def _as_glob(pattern: str) -> str:
    """A pattern of `LIKE`, with a backslash before what stands for itself, as one of a shell."""
    glob, characters = "", iter(pattern)
    for character in characters:
        if character in "%_":
            glob += "*" if character == "%" else "?"
        else:
            literal = next(characters, "\\") if character == "\\" else character
            glob += f"[{literal}]" if literal in "*?[" else literal
    return glob
