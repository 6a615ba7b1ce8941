"""Whether the tables, columns and views that the program needs are there, as far as this account may see them."""

from __future__ import annotations

from gates.database.accounts.held_privileges import readable_tables
from repos.server_checks.declared_objects import declared_tables, missing_objects
from repos.server_checks.server_facts import ServerFacts
from workers.checks.finding import Check, Finding
from workers.checks.missing import missing_finding


def _examine(server: ServerFacts) -> Finding:
    declared = declared_tables()
    readable = readable_tables(server.grants, server.database, declared)
    visible = {name: columns for name, columns in declared.items() if name in readable}
    missing = missing_objects(server.contents, visible, with_view=len(visible) == len(declared))
    return missing_finding(missing, len(visible))


CHECK = Check("objects", _examine, at_start=True)
