"""The entry point: it imports as little as possible before Ctrl-C is handled."""

from __future__ import annotations

from importlib import import_module

from cli.terminal.interrupt import ending_at_once
from workers.imports import without_garbage_collection


def main() -> None:
    """Run the command line and exit."""
    with ending_at_once(), without_garbage_collection():
        import_module("workers.process.visible_output").guard_output()
        command_line = import_module("cli.command_line")
    command_line.run()


if __name__ == "__main__":
    main()
