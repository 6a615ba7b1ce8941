"""Only `cli/terminal/screen.py` and the guard of the streams print; a new verb cannot bypass them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import ROOT

PACKAGES = ("domain", "repos", "materialization", "backfill", "gates", "workers", "cli")
ALLOWED = {
    "cli/terminal/screen.py": "the place",
    "cli/terminal/typer_screen.py": "gives Typer the class of that module",
    "workers/process/visible_output.py": "the guard",
    "workers/process/visible_logs.py": "prints lines that it has made visible",
    "workers/process/worker_logs.py": "writes such a line within a signal handler",
    "workers/flower.py": "prints one constant, behind the guard",
    "workers/monitoring/health.py": "prints what `visible_lines` made",
    "workers/checks/start_checks.py": "prints what `visible` made, before the log of a worker is set up",
    "workers/stopping/orderly_stop.py": "writes one byte into a pipe of its own",
    "workers/embedded/guardian.py": "runs isolated; names a program of ours",
}
WRITES = ("stdout.write", "stderr.write", "stdout.buffer", "stderr.buffer", "__stdout__", "__stderr__")
CALLS = ("print", "echo", "secho", "style", "pprint", "print_exc", "print_exception", "Console", "Progress", "Live")
MODULES = ("rich", "rich.console", "rich.text", "rich.live", "rich.progress", "rich.traceback", "click")


def ways_to_print(source: str) -> Iterator[str]:
    """The lines that print without going through that module."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield f"{node.lineno}: {name}()"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="typer" | "click" | "rich" | "traceback"), attr=name)):
                if name in CALLS:
                    yield f"{node.lineno}: {name}()"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr="write")):
                yield f"{node.lineno}: os.write()"
            case ast.Attribute() if ast.unparse(node).endswith(WRITES):
                yield f"{node.lineno}: {ast.unparse(node)}"
            case ast.ImportFrom(module=module, names=names) if module in MODULES:
                # Types and parts of a layout do not print; a text class that escapes nothing does.
                if bad := {imported.name for imported in names} & {"print", "Console", "Text", "Live", "get_console"}:
                    yield f"{node.lineno}: from {module} import {', '.join(sorted(bad))}"


@pytest.mark.parametrize(
    "bad",
    [
        "print(title)",
        "import sys; sys.stdout.write(title)",
        "import sys; sys.stdout.buffer.write(data)",
        "import sys; print(title, file=sys.stderr)",
        "import sys; sys.__stderr__.write(title)",
        "import typer; typer.echo(title)",
        "import typer; typer.secho(title, fg='red')",
        "import click; click.echo(title)",
        "import rich; rich.print(title)",
        "from rich import print; print(title)",
        "from rich.console import Console; Console().print(title)",
        "from rich.text import Text",
        "import os; os.write(1, data)",
        "import traceback; traceback.print_exc()",
    ],
)
def test_the_rule_detects(bad: str):
    assert list(ways_to_print(bad))


@pytest.mark.parametrize(
    "good",
    ["from cli import screen; screen.print_text(title)", "tx.lines.write(row)", "import sys; sys.stdout.flush()"],
)
def test_the_rule_allows(good: str):
    assert not list(ways_to_print(good))


def test_all_output_goes_through_the_screen():
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    assert len(files) > 200

    ways_by_file = {_name(file): list(ways_to_print(file.read_text(encoding="utf-8"))) for file in files}

    assert {name: ways for name, ways in ways_by_file.items() if ways and name not in ALLOWED} == {}


def _name(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()
