"""Typer's help and usage errors, printed through `Screen`, because they quote the command line."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

from cli.terminal.screen import Screen


def print_usage_error(error: Exception) -> None:
    """Print why a command line is wrong, as Typer does."""
    _typers_printing().rich_format_error(error)


def with_help_on_screen(command: Any) -> Any:
    """A Typer command, with its subcommands, whose help is printed through `Screen`."""
    command.format_help = partial(_format_help, command)
    for inner in getattr(command, "commands", {}).values():
        with_help_on_screen(inner)
    return command


def _format_help(command: Any, ctx: Any, formatter: Any) -> None:
    _typers_printing()
    type(command).format_help(command, ctx, formatter)


def _typers_printing() -> Any:
    # Imported here because it takes a third of the start-up time of a command. If Typer no longer looked up the class
    # under this name, the guard of the streams would show Typer's colours as escapes.
    printing: Any = import_module("typer.rich_utils")
    printing.Console = Screen
    return printing
