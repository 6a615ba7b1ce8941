"""Say who wrote each line last: a person or an AI."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import ledger, screen
from cli.help_text import example, prose
from cli.options import AsJson, Script
from materialization.blame import Blame, BlamedLine
from materialization.blame import blame as blame_script

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger blame 1", "scriptledger blame 1 --version 7 --json"))
def blame(
    script: Script,
    version: Annotated[int | None, typer.Option(metavar="N", min=1, help="As of this version.")] = None,
    as_json: AsJson = False,
) -> None:
    with ledger.reading() as tx:
        ledger.head_of(tx, script)
        found = blame_script(tx, script, version)
    if as_json:
        screen.print_json(_as_json(script, found))
        return
    screen.say(
        screen.table(
            ("version", "by", "who", "line"),
            [(str(line.version), line.author, _who(line), line.line.text) for line in found.lines],
            right=("version",),
        ),
        f"{found.ai_share:.0%} of the lines with text were written by an AI.",
    )


def _who(line: BlamedLine) -> str:
    return line.model or line.actor


def _as_json(script: int, found: Blame) -> dict[str, Any]:
    return {
        "script": script,
        "version": found.version,
        "ai_share": round(found.ai_share, 4),
        "lines": [
            {
                "id": line.line.id,
                "text": line.line.text,
                "version": line.version,
                "author": line.author,
                "actor": line.actor,
                "model": line.model,
                "occurred_at": screen.iso(line.occurred_at),
            }
            for line in found.lines
        ],
    }
