"""Drift for people and as a document."""

from __future__ import annotations

from collections.abc import Sequence

from cli.json_documents.drift import Drift, DriftDifference
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from gates.database.drift import Difference


def print_drift(
    database: str, differences: Sequence[Difference], notes: list[str], *, unchanged: str, as_json: bool
) -> Exit:
    """Print the drift of a database, and return the exit status: refused if anything differs."""
    if as_json:
        changes = [DriftDifference(each.table, each.what, each.kind, each.sentence) for each in differences]
        screen.print_json(Drift(database, changes, notes))
    else:
        for difference in differences:
            screen.print_unwrapped(difference.sentence)
        if not differences:
            screen.print_unwrapped(unchanged)
        for note in notes:
            screen.warn(note, style="yellow")
    return Exit.REFUSED if differences else Exit.DONE
