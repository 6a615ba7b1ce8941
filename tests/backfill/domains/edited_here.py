"""Edits of a script that came over, and what a run says of them."""

from __future__ import annotations

from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.submissions.submission import Submission
from tests.backfill.domains.script_database import ScriptDatabase
from tests.materialization.writer import Writer


def head(legacy: ScriptDatabase) -> int:
    """The version of the script."""
    with legacy.unit_of_work.reading() as tx:
        return tx.heads.require(7).version


def edit_here(legacy: ScriptDatabase, **fields: str) -> None:
    """Change the metadata of the script in the ledger, as a user."""
    version = head(legacy)
    submission = Submission(
        script_id=7,
        submission_id=f"by-hand-{version}",
        author="user",
        base_version=version,
        commands=(ScriptSetMetadata(fields=dict(fields)),),
    )
    Writer(legacy.unit_of_work, clock=legacy.clock).ledger.submit(submission)


def set_aside(legacy: ScriptDatabase) -> list[tuple[str, str, str]]:
    """Table, key and code of the rows that the last run set aside."""
    return [(row.source_table, row.source_key, row.code) for row in legacy.quarantined()]
