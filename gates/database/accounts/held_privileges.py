"""Held privileges: what an account may do by the lines of its own `SHOW GRANTS`, also by grants on whole schemas."""

from __future__ import annotations

from collections.abc import Iterable

from gates.database.accounts.grants import read_grants
from gates.database.accounts.roles import Privilege

_EVERYTHING = ("ALL", "ALL PRIVILEGES")
_OPTION = " WITH GRANT OPTION"


class HeldPrivileges:
    """The privileges in lines of `SHOW GRANTS`, on one schema."""

    def __init__(self, lines: Iterable[str], database: str) -> None:
        plain = [line.replace(_OPTION, "") for line in lines]
        held, others = read_grants(plain, database)
        again, _ = read_grants(others, database, wildcards=False)
        self._held = held | again
        # A role whose privileges the server does not list.
        self.by_roles = any(" ON " not in line for line in others)

    def covers(self, wanted: Privilege) -> bool:
        """Whether a privilege is held, also as a part of a larger one."""
        return any(
            held.name in (wanted.name, *_EVERYTHING)
            and (held.scope in ("*.*", "*", wanted.scope) or held.scope.endswith(".*"))
            and held.column in ("", wanted.column)
            for held in self._held
        )


def readable_tables(lines: Iterable[str], database: str, tables: Iterable[str]) -> set[str]:
    """The tables of which an account may read every column."""
    held = HeldPrivileges(lines, database)
    return {name for name in tables if held.covers(Privilege("SELECT", name))}
