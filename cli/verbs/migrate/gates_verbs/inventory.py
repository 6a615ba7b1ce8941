"""`gates inventory`: every place of a tree that reaches the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from cli.rendering.code_scan.inventory_html import inventory_page
from cli.rendering.code_scan.inventory_tables import inventory_document, print_inventory, warn_of_unread
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson
from gates.report import markdown, sarif, touchpoint_findings
from gates.static_scan.inventory import take_inventory
from gates.static_scan.rules import package_rules

STANDARD_OUTPUT = Path("-")

Tree = Annotated[Path, typer.Argument(metavar="PATH", help="A folder, or one file.", show_default=False)]
Sarif = Annotated[
    Path | None,
    typer.Option(
        "--sarif", metavar="FILE", help="Write SARIF 2.1.0, for code hosts; - prints it alone.", show_default=False
    ),
]
Markdown = Annotated[
    Path | None,
    typer.Option("--markdown", metavar="FILE", help="Write a page of Markdown; - prints it alone.", show_default=False),
]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write a page for a browser; - prints it alone.", show_default=False),
]
Writes = Annotated[bool, typer.Option("--writes", help="List writes, and what may be one, only.")]


def inventory(
    path: Tree,
    sarif_file: Sarif = None,
    markdown_file: Markdown = None,
    html: Html = None,
    writes: Writes = False,
    as_json: AsJson = False,
) -> None:
    """List every place in JavaScript, TypeScript and Python code that reaches the database, by domain.

    A touchpoint is a read, a write, a connection, or unknown: SQL that is made at run time or that no parser reads
    counts as a write. Exit status 1 if a file, or a part of one, could not be read: nothing is known about it.
    """
    require_tree(path)
    is_alone = is_printed(sarif_file, markdown_file, html, as_json=as_json)
    with showing_files() as progress:
        found = take_inventory(path, progress=progress)
    titles = {rule.id: rule.message for rule in package_rules()}
    if sarif_file is not None:
        write_report(sarif_file, [sarif(touchpoint_findings(found), titles, version=metadata.version("scriptledger"))])
    if markdown_file is not None:
        write_report(markdown_file, [markdown(str(path), found).encode(errors="backslashreplace")])
    if html is not None:
        parts = (part.replace("##", "#&#35;") for part in inventory_page(str(path), found))
        write_report(html, (part.encode(errors="backslashreplace") for part in parts))
    warn_of_unread(found)
    if as_json:
        screen.print_json(inventory_document(str(path), found))
    elif not is_alone:
        print_inventory(str(path), found, writes_only=writes)
    raise typer.Exit(Exit.REFUSED if found.unread else Exit.DONE)


def require_tree(path: Path) -> None:
    """End the command if there is nothing to read."""
    if not path.exists():
        raise Ending(Exit.USAGE, f"There is no {path}.", code="no_such_path")
    if not (path.is_dir() or path.is_file()):
        raise Ending(Exit.USAGE, f"{path} is neither a folder nor a regular file.", code="no_such_path")


@contextmanager
def showing_files() -> Iterator[Callable[[str], None]]:
    """Show on a terminal which file is read."""
    with screen.waiting("Reading the code") as show:
        yield lambda name: show(f"Reading {name}")


def is_printed(*files: Path | None, as_json: bool) -> bool:
    """Whether a report goes to standard output, which takes one only."""
    printed = files.count(STANDARD_OUTPUT)
    if printed + as_json > 1:
        raise Ending(Exit.USAGE, "Standard output takes one report: give the others, and not --json, a file.")
    return printed > 0


def write_report(file: Path, parts: Iterable[bytes]) -> None:
    """Write a report to a file, completely or not at all, or for `-` to standard output."""
    if file == STANDARD_OUTPUT:
        for part in parts:
            screen.write_content(part)
        return
    write(file, parts)


def write(file: Path, parts: Iterable[bytes]) -> None:
    """Write a file, completely or not at all."""
    with new_file(file) as out:
        for part in parts:
            out.write(part)
