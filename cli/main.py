"""The entry point: it imports as little as possible before Ctrl-C is handled."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from cli.terminal.interrupt import ending_at_once
from workers.imports import without_garbage_collection


def main() -> None:
    """Run the command line and exit."""
    with ending_at_once(), without_garbage_collection():
        _open_input()
        import_module("workers.process.visible_output").guard_output()
        command_line = import_module("cli.command_line")
    command_line.run()


def _open_input() -> None:
    """Make a closed standard input an empty one; the next file that is opened would take its place."""
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), encoding="utf-8")


if __name__ == "__main__":
    main()
