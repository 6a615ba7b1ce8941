"""Typer's help and usage errors, printed as everything else is: they quote what stands on the command line."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from cli.terminal.screen import Screen


def print_usage_error(error: Exception) -> None:
    """Print why a command line is wrong, as Typer does."""
    _typers_printing().rich_format_error(error)


def with_help_on_screen(command: Any) -> Any:
    """A command of Typer's, and those in it, whose help is printed through `Screen`."""
    command.format_help = partial(_format_help, command)
    for inner in getattr(command, "commands", {}).values():
        with_help_on_screen(inner)
    return command


def _format_help(command: Any, ctx: Any, formatter: Any) -> None:
    _typers_printing()
    type(command).format_help(command, ctx, formatter)


def _typers_printing() -> Any:
    # Imported where it is needed: it takes a third of the time that a command takes to start. Were the class not found
    # under this name any more, the guard of the streams would show Typer's colours as escapes.
    printing: Any = import_module("typer.rich_utils")
    printing.Console = Screen
    return printing
