"""Whether the tables, columns and views that the program needs are in an SQLite file."""

from __future__ import annotations

from pathlib import Path

from repos.database.engine import open_engine
from repos.schema.contents import contents_of_file
from repos.server_checks.declared_objects import declared_tables, missing_objects
from workers.checks.finding import Check, Finding
from workers.checks.missing import missing_finding


def _examine(file: Path) -> Finding:
    with open_engine(f"sqlite:///{file}") as engine:
        found = contents_of_file(engine)
    declared = declared_tables()
    return missing_finding(missing_objects(found, declared, with_view=True), len(declared))


CHECK = Check("objects", _examine, at_start=True)
