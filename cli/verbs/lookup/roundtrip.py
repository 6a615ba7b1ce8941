"""Check that files are unchanged after import and export.

Fountain files are compared byte for byte, Final Draft files line by line. Nothing is stored. A file that cannot be read
is reported, and the others are still checked. A text file that is not UTF-8 does not survive: it is exported as UTF-8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from cli.json_documents.lookup import Roundtrip, RoundtrippedFile
from cli.terminal import screen
from cli.terminal.bounded_file import read_bounded
from cli.terminal.exit_status import Exit
from cli.terminal.options import FILE_HELP, AsJson, FormatName, example, prose
from cli.terminal.screen import progress
from domain.errors import Rejected
from domain.formats.format import MAX_FILE_BYTES
from domain.formats.refusals import FileTooLarge
from domain.formats.registry import format_of

app = typer.Typer(add_completion=False)


class Result(NamedTuple):
    """The result for a file; `problem` is why it did not survive, or why it could not be read if `unread`."""

    file: Path
    survives: bool = False
    problem: str = ""
    unread: bool = False


@app.command(help=prose(__doc__), epilog=example("scriptledger roundtrip *.fountain *.fdx"))
def roundtrip(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help=FILE_HELP, show_default=False)],
    file_format: FormatName = None,
    as_json: AsJson = False,
) -> None:
    with progress() as bar:
        results = [_result(file, file_format) for file in bar.track(files, description="Reading")]
    if as_json:
        screen.print_json(Roundtrip([_document(result) for result in results]))
    else:
        for result in results:
            screen.print_text(f"{result.file}: {_verdict(result)}")
    if any(result.unread for result in results):
        raise typer.Exit(Exit.USAGE)
    raise typer.Exit(Exit.DONE if all(result.survives for result in results) else Exit.REFUSED)


def _result(file: Path, file_format: str | None) -> Result:
    try:
        problem = format_of(file, file_format).problem(read_bounded(file, MAX_FILE_BYTES, FileTooLarge))
    except Rejected as refusal:
        problem = refusal.message
    except OSError as error:
        return Result(file, problem=f"cannot be read: {error.strerror or error}", unread=True)
    return Result(file, survives=problem is None, problem=problem or "")


def _verdict(result: Result) -> str:
    if result.survives:
        return "survives"
    return result.problem if result.unread else f"does not survive: {result.problem}"


def _document(result: Result) -> RoundtrippedFile:
    return RoundtrippedFile(str(result.file), result.survives, result.problem or None)
