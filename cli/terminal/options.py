"""Options, arguments and help texts that several verbs share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from cli.terminal.screen import counted
from domain.formats.format import Imported
from domain.formats.registry import FORMATS

WAIT_SECONDS = 60.0

Script = Annotated[int, typer.Argument(metavar="SCRIPT", help="The id of the script.", show_default=False, min=1)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Timeout = Annotated[
    float, typer.Option(metavar="SECONDS", min=0, help="How long to wait for the answer; a timeout loses nothing.")
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Put it into the inbox; do not wait for the answer.")]
Actor = Annotated[
    str | None, typer.Option(metavar="NAME", help="The author's name; by default your user name.", show_default=False)
]
Limit = Annotated[int, typer.Option(metavar="N", min=1, max=1_000, help="The maximum number of rows.")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="The database; other users can read a command line, but not SCRIPTLEDGER_DATABASE_URL.",
        show_default=False,
    ),
]
BrokerUrl = Annotated[
    str | None,
    typer.Option(
        "--broker",
        metavar="URL",
        help="The broker; other users can read a command line, but not SCRIPTLEDGER_BROKER_URL.",
        show_default=False,
    ),
]


FormatName = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help=f"{' or '.join(FORMATS)}; by default from the suffix of the file.",
        show_default=False,
    ),
]


def file_or_output(name: str) -> Path | None:
    """The file that an option names to write to: None for `-`, standard output, which is its default."""
    return None if name == "-" else Path(name)


NewFile = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        parser=file_or_output,
        help="The new file; by default standard output.",
        show_default=False,
    ),
]


FILE_HELP = f"A file: {', '.join(f'{known.title} ({known.suffixes[0]})' for known in FORMATS.values())}."


def left_out(imported: Imported) -> str:
    """The warning about parts left out: those with words by name, the number of others; empty if there are none."""
    with_text = [part for part in imported.left_out if part.endswith((" word)", " words)"))]
    without_text = len(imported.left_out) - len(with_text)
    named = [*with_text, *([counted(without_text, "part") + " without text"] if without_text else [])]
    return f"Left out of the file: {', '.join(named)}." if named else ""


def prose(docstring: str | None) -> str:
    """A docstring as help: paragraphs without the line breaks of the source."""
    paragraphs = (docstring or "").strip().split("\n\n")
    return escape("\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs))


def with_prose(app: typer.Typer) -> typer.Typer:
    """The same commands; the help of each is the docstring of its function as prose, also that of nested ones."""
    for command in app.registered_commands:
        if command.help is None and command.callback is not None:
            command.help = prose(command.callback.__doc__)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            with_prose(group.typer_instance)
    return app


def example(*commands: str) -> str:
    """The example at the end of a verb's help."""
    return "[bold]Example[/bold]\n\n" + "\n".join(escape(f"$ {command}") for command in commands)
