"""Missing tables, columns and views as a finding."""

from __future__ import annotations

from collections.abc import Sequence

from repos.schema import log_view
from workers.checks.finding import Finding, fault, fine, warning

MAX_NAMED = 5


def missing_finding(missing: Sequence[str], tables: int) -> Finding:
    """The finding about objects that are missing among so many tables that were looked at."""
    if not missing:
        return fine(f"All {tables} tables that this account may read are there, with their columns.")
    if list(missing) == [log_view.NAME]:
        # It is for people who read the log with SQL; the program does not.
        return warning(
            f"The view {log_view.NAME} is missing.", "Run `scriptledger db upgrade`, which creates it again."
        )
    named = ", ".join(missing[:MAX_NAMED]) + (", …" if len(missing) > MAX_NAMED else "")
    return fault(
        f"The database lacks {named}.",
        "If the schema is older than the program, run `scriptledger db upgrade`. Otherwise load them from a backup, or "
        "the whole database; `scriptledger db current` says what else is wrong.",
    )
