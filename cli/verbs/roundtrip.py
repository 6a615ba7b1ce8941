"""Tell whether files survive being read and written.

Fountain files, compared byte for byte. Nothing is stored.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from cli import screen
from cli.ending import Exit
from cli.help_text import example, prose
from cli.options import AsJson
from cli.progress import progress
from domain.errors import Rejected
from domain.formats.fountain import roundtrip as check

app = typer.Typer(add_completion=False)


class Result(NamedTuple):
    """What became of a file, and why it did not survive."""

    file: Path
    survives: bool
    problem: str = ""


@app.command(help=prose(__doc__), epilog=example("scriptledger roundtrip *.fountain"))
def roundtrip(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Fountain files.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    with progress() as bar:
        results = [_result(file) for file in bar.track(files, description="Reading")]
    if as_json:
        screen.print_json({"files": [_as_json(result) for result in results]})
    else:
        for result in results:
            verdict = "survives" if result.survives else f"does not survive: {result.problem}"
            screen.say(f"{result.file}: {verdict}")
    raise typer.Exit(Exit.DONE if all(result.survives for result in results) else Exit.REFUSED)


def _result(file: Path) -> Result:
    try:
        found = check(file.read_bytes())
    except Rejected as refusal:
        return Result(file, survives=False, problem=refusal.message)
    if found.survives:
        return Result(file, survives=True)
    return Result(file, survives=False, problem=f"line {found.line} differs, at byte {found.offset}")


def _as_json(result: Result) -> dict[str, Any]:
    return {"file": str(result.file), "survives": result.survives, "problem": result.problem or None}
