"""What an account may see of a schema: triggers, routines and checks are left out of the catalog silently otherwise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from repos.legacy.connection import Source
from repos.legacy.errors import SourceError

Fetch = Callable[[str], list[Any]]

_GRANT = re.compile(r"GRANT (.+?) ON (?:TABLE )?(`(?:[^`]|``)+`|\*)\.\* TO ", re.IGNORECASE)
# On MariaDB, an account that may read this table sees every routine.
_ROUTINES_TABLE = re.compile(r"GRANT .*\bSELECT\b.* ON `mysql`\.(\*|`proc`) TO ", re.IGNORECASE)
_SHOWS_ROUTINES = re.compile(r"EXECUTE|CREATE ROUTINE|ALTER ROUTINE|SHOW_ROUTINE|SHOW CREATE ROUTINE")
# On MariaDB, an account without any of these on the whole schema sees no checks.
_SHOWS_CHECKS = re.compile(
    r"SELECT|INSERT|UPDATE|DELETE|DELETE HISTORY|CREATE|DROP|REFERENCES|INDEX|ALTER|CREATE VIEW|SHOW VIEW|TRIGGER"
)

# A name that no legacy application has.
_NO_TABLE = "scriptledger_looks_for_grants"


def sees_all_tables(source: Source) -> bool:
    """Whether the account may read every table, by whatever grant or role: a server shows it no others.

    Who may not read a table is refused before the server says whether there is one.
    """
    if source.is_sqlite:
        return True
    try:
        source.fetch(f"SELECT 1 FROM {source.quoted(_NO_TABLE)}")  # noqa: S608 - a constant
    except SourceError as error:
        return error.code != "source_no_select"
    return True


def unseen_by_account(fetch: Fetch, database: str, *, has_roles: bool, is_mariadb: bool) -> tuple[str, ...]:
    """Which of `triggers`, `routines` and `checks` the account of this connection may not see.

    `has_roles` is for MySQL 8 and newer, which lists what a role may only when it is asked; MariaDB always does.
    """
    on_schema, on_all = set(), set()
    roles = str(fetch("SELECT CURRENT_ROLE()")[0][0]) if has_roles else "NONE"
    using = "" if roles == "NONE" else f" FOR CURRENT_USER() USING {roles}"
    grants = [str(row[0]) for row in fetch(f"SHOW GRANTS{using}")]
    for privileges, target in _granted(grants):
        if target == "*":
            on_all |= privileges
        elif _covers(target, database):
            on_schema |= privileges
    every = on_schema | on_all
    has_all = "ALL PRIVILEGES" in every
    unseen = []
    if not (has_all or "TRIGGER" in every):
        unseen.append("triggers")
    sees_routines = has_all or "SELECT" in on_all or any(_SHOWS_ROUTINES.fullmatch(each) for each in every)
    if not (sees_routines or any(_ROUTINES_TABLE.match(grant) for grant in grants)):
        unseen.append("routines")
    if is_mariadb and not (has_all or any(map(_SHOWS_CHECKS.fullmatch, every))):
        unseen.append("checks")
    return tuple(unseen)


def _granted(grants: list[str]) -> Iterator[tuple[set[str], str]]:
    for grant in grants:
        found = _GRANT.match(grant)
        if found:
            yield {name.strip().upper() for name in found[1].split(",")}, found[2].strip("`").replace("``", "`")


def _covers(pattern: str, database: str) -> bool:
    """Whether the name in a grant, in which % and _ stand for anything, covers a schema."""
    wanted = re.findall(r"\\.|.", pattern, re.DOTALL)
    # The places in the pattern at which the characters read so far may end.
    places = _past_wildcards(wanted, {0})
    for character in database:
        reached = set()
        for place in places - {len(wanted)}:
            if wanted[place] == "%":
                reached.add(place)
            elif wanted[place] == "_" or wanted[place].removeprefix("\\") == character:
                reached.add(place + 1)
        places = _past_wildcards(wanted, reached)
    return len(wanted) in places


def _past_wildcards(wanted: list[str], places: set[int]) -> set[int]:
    """The places, and those after each % that stands for nothing."""
    reached = set(places)
    for first in places:
        place = first
        while place < len(wanted) and wanted[place] == "%":
            place += 1
            reached.add(place)
    return reached
