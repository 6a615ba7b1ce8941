"""Show what changed between two versions.

A line is followed by its id, so one that was edited, moved or both is still one line. In a pipe, words that went stand
in [-brackets-] and words that came in {+braces+}.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import typer

from cli import ledger, screen
from cli.changes import changes
from cli.help_text import example, prose
from cli.options import AsJson, Script
from domain.line import Line
from materialization.diff import diff_lines, diff_named

app = typer.Typer(add_completion=False)


@app.command(help=prose(__doc__), epilog=example("scriptledger diff 1 3 7"))
def diff(
    script: Script,
    a: Annotated[int, typer.Argument(metavar="A", min=1, help="The earlier version.", show_default=False)],
    b: Annotated[int, typer.Argument(metavar="B", min=1, help="The later version.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    with ledger.reading() as tx:
        before, after = ledger.state_of(tx, script, a), ledger.state_of(tx, script, b)
    lines = [each for each in diff_lines(before, after) if not as_json or each.change != "same"]
    named = diff_named(before, after)
    if not as_json:
        screen.say(changes(lines, named))
        return
    screen.print_json(
        {
            "script": script,
            "from": a,
            "to": b,
            "lines": [
                {"change": each.change, "before": _as_json(each.before), "after": _as_json(each.after)}
                for each in lines
            ],
            "other": [
                {"kind": each.kind, "name": each.name, "before": _plain(each.before), "after": _plain(each.after)}
                for each in named
            ],
        }
    )


def _as_json(line: Line | None) -> dict[str, Any] | None:
    if line is None:
        return None
    return {"id": line.id, "format": line.format, "text": line.text, "sep": line.sep, "attrs": line.attrs}


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value)
