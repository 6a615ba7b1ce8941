"""Database errors as one sentence each: what is wrong and what to check."""

from __future__ import annotations

from cli.terminal.exit_status import Ending, Exit
from workers.checks.database_trouble import database_trouble
from workers.settings import Settings


def database_ending(chosen: Settings, error: Exception) -> Ending | None:
    """Why the database of these settings failed; None if the error's own text is better."""
    trouble = database_trouble(chosen, error)
    return None if trouble is None else Ending(Exit.UNREACHABLE, trouble.sentence, code=trouble.code)
