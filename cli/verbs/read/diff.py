"""Show what changed between two versions or drafts.

The changes are shown scene by scene and word by word, with the author and version of each, and a summary in one
sentence.

A and B are each a version (7), a time (2026-11-23T09:30), the name of a draft ("White draft"), or `head`. The prefixes
`label:`, `at:` and `version:` name the type: `label:7` is the draft called 7. {times}

Lines are identified by their ids, so a line that was edited, moved or both is still one line. In a pipe, removed words
are in [-brackets-] and added words in {{+braces+}}. --html writes a page like the revised pages of a production, with
revision marks in the margin: one file that loads and runs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.client import database
from cli.client.version_options import ABOUT_TIMES, HEAD, named
from cli.rendering.diff_html import Side, diff_page
from cli.rendering.diff_json import document
from cli.rendering.diff_text import changes
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.options import AsJson, Script, example, prose
from cli.terminal.screen import Text
from domain.script.state import State
from materialization.diff.compare import Comparison, compare
from materialization.diff.summary import sentence, tally
from repos.unit_of_work import RecordsTransaction

app = typer.Typer(add_completion=False)


@app.command(
    help=prose((__doc__ or "").format(times=ABOUT_TIMES)),
    epilog=example(
        "scriptledger diff 1 3 7",
        'scriptledger diff 1 "White draft" --html revisions.html',
        "scriptledger diff 1 2026-11-22 head --json",
    ),
)
def diff(
    script: Script,
    a: Annotated[str, typer.Argument(metavar="A", help="The start: a version, a time or a draft.", show_default=False)],
    b: Annotated[str, typer.Argument(metavar="B", help="The end; by default the head.", show_default=False)] = HEAD,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page for a browser.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    with database.reading() as tx:
        comparison = compare(tx, script, named(tx, script, a), named(tx, script, b))
        head = database.state_of(tx, script)
        if html is not None:
            write_page(html, tx, comparison, head)
    if as_json:
        screen.print_json(document(comparison, dict(head.labels)))
        return
    if html is None:
        screen.print_text(changes(comparison))
    counts = tally(comparison)
    if html is not None or counts.scenes or counts.other:
        screen.print_text(Text(sentence(counts), "bold"))
    if html is not None:
        screen.print_text(f"Wrote {html}: {html.stat().st_size} bytes.")


def write_page(file: Path, tx: RecordsTransaction, comparison: Comparison, head: State) -> None:
    """Write the page of a comparison, completely or not at all."""
    with new_file(file) as out:
        for part in diff_page(
            comparison, _side(tx, comparison, comparison.before, head), _side(tx, comparison, comparison.after, head)
        ):
            out.write(part.encode())


def _side(tx: RecordsTransaction, comparison: Comparison, state: State, head: State) -> Side:
    names = sorted(name for name, version in head.labels.items() if version == state.version)
    colors = {name: mark.color for name, mark in head.marks.items()}
    recorded = tx.provenance.get(comparison.script_id, state.version)
    return Side(state, [(name, colors.get(name)) for name in names], recorded.recorded_at if recorded else 0)
