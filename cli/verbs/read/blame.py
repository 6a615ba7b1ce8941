"""Show who wrote each line last: a person or an AI.

Each line is shown with the version that wrote it, followed by totals by author and the AI-written share. {times}
"""

from __future__ import annotations

from collections import Counter

import typer

from cli.client import database
from cli.client.version_options import ABOUT_TIMES, At, Label, Version, chosen
from cli.json_documents import read as documents
from cli.json_documents.base import stored_author
from cli.terminal import screen
from cli.terminal.options import AsJson, Script, example, prose
from cli.terminal.screen import Text
from materialization.history.blame import Blame, BlamedLine
from materialization.history.blame import blame as blame_script

app = typer.Typer(add_completion=False)


@app.command(
    help=prose((__doc__ or "").format(times=ABOUT_TIMES)),
    epilog=example("scriptledger blame 1", 'scriptledger blame 1 --label "White draft" --json'),
)
def blame(
    script: Script,
    version: Version = None,
    at: At = None,
    label: Label = None,
    as_json: AsJson = False,
) -> None:
    with database.reading() as tx:
        result = blame_script(tx, script, chosen(tx, script, version=version, at=at, label=label))
    if as_json:
        screen.print_json(_document(script, result))
        return
    screen.print_text(
        screen.table(
            ("version", "by", "who", "line"),
            [(str(line.version), line.author, _who(line), line.line.text) for line in result.lines],
            right=("version",),
        ),
        *(Text(f"{screen.counted(lines, 'line')} by {who}") for who, lines in _totals(result).most_common()),
        f"{result.ai_share:.0%} of the lines with text were written by an AI.",
    )


def _totals(result: Blame) -> Counter[str]:
    """The number of lines with text by author."""
    return Counter(
        f"{line.author}: {_who(line)}" if _who(line) else line.author for line in result.lines if line.line.text
    )


def _who(line: BlamedLine) -> str:
    return line.model or line.actor


def _document(script: int, result: Blame) -> documents.Blame:
    return documents.Blame(
        script_id=script,
        version=result.version,
        ai_share=round(result.ai_share, 4),
        totals=dict(_totals(result).most_common()),
        lines=[_line_document(line) for line in result.lines],
    )


def _line_document(line: BlamedLine) -> documents.BlamedLine:
    return documents.BlamedLine(
        id=line.line.id,
        text=line.line.text,
        version=line.version,
        author=stored_author(line.author),
        actor=line.actor,
        model=line.model,
        occurred_at=screen.iso(line.occurred_at),
        origin=line.origin,
    )
