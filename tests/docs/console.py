"""Console sessions in Markdown: each `$ command` is run, and its output is compared with the page."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

# This line matches any number of lines.
ANYTHING = "…"

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_HEREDOC = re.compile(r"<<'?(\w+)'?")
_CHANGING = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"), "<moment>"),
    (re.compile(r"\b\d\d:\d\d:\d\d\b"), "<time>"),
    (re.compile(r": \d+ bytes\b"), ": <size> bytes"),
    (re.compile(r"\b\d+\.\d+ s\b"), "<seconds>"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "<hash>"),
    (re.compile(r"\b(import|undo)-[0-9a-z]{16}\b"), r"\1-<id>"),
    (re.compile(r"'[0-9a-z]{12}'"), "'<id>'"),
)


class Command(NamedTuple):
    """A command of the page with the shown output; `status` is the expected exit status."""

    text: str
    output: tuple[str, ...]
    status: int


def commands(page: str) -> list[Command]:
    """Every command of the page, in order."""
    return [command for block in _BLOCK.finditer(page) for command in _in_block(block[1].splitlines())]


def run(command: Command, folder: Path, environ: Mapping[str, str]) -> tuple[int, list[str]]:
    """Run a command in a folder; its exit status and the lines of both outputs."""
    done = subprocess.run(
        ["bash", "-c", command.text],
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


def agrees(shown: tuple[str, ...], printed: list[str]) -> bool:
    """Whether the output matches the page, except for times, ids and hashes."""
    wanted, actual = [_normalized(line) for line in shown], [_normalized(line) for line in printed]
    if ANYTHING not in wanted:
        return wanted == actual
    at = wanted.index(ANYTHING)
    rest = len(wanted) - at - 1
    return len(actual) >= at + rest and wanted[:at] == actual[:at] and wanted[at + 1 :] == actual[len(actual) - rest :]


def _in_block(lines: list[str]) -> Iterator[Command]:
    at = 0
    while at < len(lines):
        text = [lines[at].removeprefix("$ ")]
        at += 1
        if heredoc := _HEREDOC.search(text[0]):
            end = lines.index(heredoc[1], at)
            text += lines[at : end + 1]
            at = end + 1
        output = []
        while at < len(lines) and not lines[at].startswith("$ "):
            output.append(lines[at])
            at += 1
        status = re.search(r"# exit status (\d+)", text[0])
        yield Command("\n".join(text), tuple(output), int(status[1]) if status else 0)


def _normalized(line: str) -> str:
    for changing, name in _CHANGING:
        line = changing.sub(name, line)
    # The width of a column depends on its content.
    return re.sub(r" {2,}", "  ", line.rstrip())
