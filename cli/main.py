"""The entry point: it imports as little as possible before Ctrl-C is handled."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TextIO

from cli.terminal.interrupt import ending_at_once
from workers.imports import without_garbage_collection


def main() -> None:
    """Run the command line and exit."""
    with ending_at_once(), without_garbage_collection():
        _open_streams()
        import_module("workers.process.visible_output").guard_output()
        command_line = import_module("cli.command_line")
    command_line.run()


def _open_streams() -> None:
    """Make a closed standard input an empty one, closed output a pipe without a reader, and closed error output unseen.

    The next file that is opened would take the place of a closed stream, and get what is printed.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")
    if sys.stdout is None:
        reader, writer = os.pipe()
        os.close(reader)
        sys.stdout = _stream_at(1, writer)
    if sys.stderr is None:
        sys.stderr = _stream_at(2, os.open(os.devnull, os.O_WRONLY))


def _stream_at(number: int, opened: int) -> TextIO:
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    return os.fdopen(number, "w", encoding="utf-8")


if __name__ == "__main__":
    main()
