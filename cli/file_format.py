"""The option that names a file format, and what a file held that a script does not."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.screen import counted
from domain.formats.format import Imported
from domain.formats.registry import FORMATS

FormatName = Annotated[
    str | None,
    typer.Option(
        "--format", metavar="NAME", help=f"{' or '.join(FORMATS)}; else by the suffix of the file.", show_default=False
    ),
]
FILE_HELP = f"A file: {', '.join(f'{each.title} ({each.suffixes[0]})' for each in FORMATS.values())}."


def left_out(imported: Imported) -> str:
    """One sentence: parts with words by name, how many without; empty where there are none."""
    spoken = [part for part in imported.left_out if part.endswith((" word)", " words)"))]
    silent = len(imported.left_out) - len(spoken)
    named = [*spoken, *([counted(silent, "part") + " without text"] if silent else [])]
    return f"Left out of the file: {', '.join(named)}." if named else ""
