"""Show a script, or a scene of it, at any version or time.

With --numbers each line follows its number in this version; with --ids, its id and the content hash that an edit of it
names as `expect`.

{times}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

import typer

from cli.client import database
from cli.client.version_options import ABOUT_TIMES, At, Label, Version, chosen
from cli.json_documents.read import ShownLine, ShownScript
from cli.rendering.screenplay_layout import gap_after, scene, set_line
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, Script, example, prose
from cli.terminal.screen import Text
from domain.formats.fountain import without_spans
from domain.script.hashing import expect_hash, state_hash_bytes
from domain.script.line import Line
from domain.script.state import State

app = typer.Typer(add_completion=False)


@app.command(
    help=prose((__doc__ or "").format(times=ABOUT_TIMES)),
    epilog=example(
        "scriptledger show 1 --scene 12 --ids",
        "scriptledger show 1 --at 2026-11-22T18:00",
        'scriptledger show 1 --label "White draft"',
    ),
)
def show(
    script: Script,
    version: Version = None,
    at: At = None,
    label: Label = None,
    only: Annotated[
        str | None, typer.Option("--scene", metavar="N", help="Only the scene with this number.", show_default=False)
    ] = None,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Show the number of each line, as `propose --lines` takes it.")
    ] = False,
    ids: Annotated[bool, typer.Option("--ids", help="Show the id and the content hash of each line.")] = False,
    as_json: AsJson = False,
) -> None:
    with database.reading() as tx:
        state = database.state_of(tx, script, chosen(tx, script, version=version, at=at, label=label))
    lines = list(state.lines() if only is None else scene(state.lines(), only))
    if only is not None and not lines:
        raise Ending(Exit.REFUSED, f"Script {script} has no scene {only} in version {state.version}.", code="no_scene")
    if as_json:
        screen.print_json(_document(script, state, lines))
        return
    # A note or boneyard may begin before a scene, so the whole script decides what is printed.
    texts = {line.id: line for line in without_spans(state.lines())}
    labels = _labels(state, numbers=numbers, ids=ids)
    for row in _printed(lines, texts, labels):
        screen.print_unwrapped(row)


def _labels(state: State, *, numbers: bool, ids: bool) -> dict[str, str]:
    """What is printed before each line, by its id."""
    width = len(str(state.line_count))
    return {
        line.id: (f"{number:>{width}}  " if numbers else "") + (f"{line.id:<12} {expect_hash(line)}  " if ids else "")
        for number, line in enumerate(state.lines(), 1)
        if numbers or ids
    }


def _printed(lines: Iterable[Line], texts: Mapping[str, Line], labels: Mapping[str, str]) -> Iterator[Text]:
    for line in lines:
        label = labels.get(line.id)
        for number, row in enumerate(set_line(texts[line.id])):
            if label:
                yield Text(label if number == 0 else " " * len(label), style="dim").append_text(row)
            else:
                yield row
        yield from (Text() for _ in range(gap_after(line)))


def _document(script: int, state: State, lines: Iterable[Line]) -> ShownScript:
    return ShownScript(
        script_id=script,
        version=state.version,
        state_hash=state_hash_bytes(state.hash).hex(),
        metadata=dict(state.metadata),
        lines=[_line_document(line) for line in lines],
        elements=[state.elements[name] for name in sorted(state.elements)],
        personas=[state.personas[name] for name in sorted(state.personas)],
        labels=dict(state.labels),
    )


def _line_document(line: Line) -> ShownLine:
    return ShownLine(line.id, line.format, line.text, line.sep, line.attrs, expect_hash(line))
