"""Confirmation of what affects many things: on a terminal by a question, otherwise by --yes."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit

Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking.")]


def confirm(question: str, *, yes: bool) -> None:
    """Go on only if the user agrees.

    Raises:
        Ending: the user does not, or cannot be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Ending(Exit.USAGE, f"{question} Nothing was done: confirm with --yes.", code="not_confirmed")
    screen.err().print(screen.Text(f"{question} [y/N] "), end="")
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Ending(Exit.REFUSED, "Nothing was done.", code="not_confirmed")
