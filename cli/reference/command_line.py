"""The reference page of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from typer.core import TyperGroup
from typer.main import get_command

from cli.command_line import VERBS, module_of
from cli.terminal.exit_status import MEANINGS

HEAD = """# The command line

Every verb prints tables and colour on a terminal, aligned columns in a pipe, and with `--json` one JSON document on
standard output. A command that fails prints the reason in one sentence on standard error; with `--json` standard
output contains `{"error": {"status": …, "code": …, "message": …}}` too. `scriptledger VERB --help` has the same
content as this page.

No stored or received text reaches a terminal raw. Control characters, bidirectional overrides and characters without a
glyph are shown as escapes (`\\x1b`, `\\u202e`) in every output, error and log; in JSON as `\\uXXXX`, which is
equivalent. Right-to-left text, accents and emoji are unchanged. A text of several lines is indented. Only content is
written byte for byte: `export` and `history export`, to a file or a pipe; on a terminal they show escapes.
"""


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([HEAD, *_statuses(), *_verbs()])


def _statuses() -> Iterator[str]:
    rows = ["| exit status | meaning |", "| --- | --- |"]
    yield "\n".join(rows + [f"| {int(status)} | {meaning} |" for status, meaning in MEANINGS.items()]) + "\n"


def _verbs() -> Iterator[str]:
    for panel, names in VERBS.items():
        yield f"## {panel}\n"
        for name in names:
            command = get_command(import_module(module_of(name)).app)
            yield from _verb(f"scriptledger {name}", command)


def _verb(path: str, command: Any) -> Iterator[str]:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option" and not param.hidden]
    usage = " ".join([path, *map(_argument, arguments)])
    yield f"### `{usage}`\n\n{_unmarked(command.help)}\n"
    if isinstance(command, TyperGroup):
        for name, inner in command.commands.items():
            yield from _verb(f"{path} {name}", inner)
        return
    if options:
        yield "\n".join(map(_option, options)) + "\n"
    if command.epilog:
        examples = _unmarked(command.epilog).partition("\n\n")[2]
        yield f"```console\n{examples}\n```\n"


def _argument(argument: Any) -> str:
    name = argument.metavar if argument.required else f"[{argument.metavar}]"
    return f"{name}..." if argument.nargs == -1 else str(name)


def _option(option: Any) -> str:
    value = "" if option.is_flag else f" {option.metavar or option.name.upper()}"
    return f"* `{', '.join(option.opts)}{value}`: {option.help}"


def _unmarked(text: str | None) -> str:
    """A help text without colour markup."""
    return re.sub(r"(?<!\\)\[/?bold\]", "", text or "").replace("\\[", "[")
