"""List what was refused, and why.

The dead letters keep their payload for SCRIPTLEDGER_KEEP_REJECTED_DAYS.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import ledger, screen
from cli.help_text import example, prose
from cli.options import AsJson, Limit
from repos.rejected import RejectedRow

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger rejected --limit 20"))
def rejected(
    after: Annotated[int, typer.Option(metavar="N", min=0, help="Only what was refused behind this number.")] = 0,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    with ledger.reading() as tx:
        rows = tx.rejected.read(after=after, most=limit + 1)
    more = rows[limit - 1].id if len(rows) > limit else None
    rows = rows[:limit]
    if as_json:
        screen.print_json({"rejected": [_as_json(row) for row in rows], "next": more})
        return
    screen.say(
        screen.table(
            ("number", "when", "script", "submission", "code", "reason"),
            [_cells(row) for row in rows],
            right=("number", "script"),
        )
    )
    if more is not None:
        screen.say(f"More follow: --after {more}")


def _cells(row: RejectedRow) -> tuple[str, ...]:
    when = screen.moment(row.rejected_at)
    return str(row.id), when, str(row.script_id), row.submission_id, row.code, row.message


def _as_json(row: RejectedRow) -> dict[str, Any]:
    return {
        "number": row.id,
        "script": row.script_id,
        "submission_id": row.submission_id,
        "code": row.code,
        "message": row.message,
        "rejected_at": screen.iso(row.rejected_at),
        "payload": row.payload.decode(errors="replace"),
    }
