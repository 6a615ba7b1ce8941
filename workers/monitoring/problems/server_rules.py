"""Rules about the database, its schema and the broker."""

from __future__ import annotations

from collections.abc import Iterator

from repos.schema.revision import known_revisions
from workers.monitoring.overview import READ_ONLY, Overview
from workers.monitoring.problems.problem import Problem


def servers(overview: Overview) -> Iterator[Problem]:
    """Servers that cannot be used, or hold another schema."""
    if overview.database.problem == READ_ONLY:
        yield Problem(
            "database_read_only",
            "The database is read-only: no submission is taken, and none is answered.",
            "Let it take writes again, or name the server that does in SCRIPTLEDGER_DATABASE_URL.",
        )
    elif not overview.database.is_up:
        yield Problem(
            "database_down",
            f"The database cannot be used: {overview.database.problem}.",
            f"{overview.database.advice or 'Start it, or correct SCRIPTLEDGER_DATABASE_URL'}; `scriptledger doctor` "
            "checks it. Workers go on by themselves once it answers.",
        )
    elif overview.schema.found != overview.schema.needed:
        yield _schema(overview.schema.found, overview.schema.needed)
    if not overview.broker.is_up:
        yield Problem(
            "broker_down",
            f"The broker cannot be used: {overview.broker.problem}.",
            f"{overview.broker.advice or 'Start it, or correct SCRIPTLEDGER_BROKER_URL'}; `scriptledger doctor` checks "
            "it. Submissions in the inbox are safe, and answered once it is back.",
        )


def _schema(found: str | None, needed: str) -> Problem:
    if found is not None and found not in known_revisions():
        return Problem(
            "schema_not_current",
            f"The database is at schema {found}, which this program does not know.",
            f"Install the scriptledger that upgraded it; this one needs schema {needed}.",
        )
    return Problem(
        "schema_not_current",
        f"The database is at schema {found or 'nothing'}, this program needs {needed}.",
        "Stop all workers, run `scriptledger db upgrade`, and start them again.",
    )
