"""The samples of code: what a scan must find, marked at its line, and what it must not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SAMPLES = Path(__file__).parent / "samples"
SUFFIXES = {
    "javascript": ".js",
    "typescript": ".ts",
    "python": ".py",
    "shell": ".sh",
    "yaml": ".yml",
    "sql": ".sql",
    "make": ".mk",
    "docker": ".dockerfile",
    "cron": ".cron",
    "toml": ".toml",
}
MARK = "<- "


class Sample(NamedTuple):
    """A snippet and its marks: the lines with access and table."""

    name: str
    suffix: str
    code: str
    marks: frozenset[tuple[int, str, str]]


def samples(kind: str) -> list[Sample]:
    """The samples whose file names begin with a kind."""
    return [sample for file in sorted(SAMPLES.glob(f"{kind}_*.txt")) for sample in _in(file)]


def _in(file: Path) -> Iterator[Sample]:
    language = file.stem.partition("_")[2]
    for part in file.read_text(encoding="utf-8").removeprefix("=== ").split("\n=== "):
        title, _, code = part.partition("\n")
        yield Sample(f"{language}: {title}", SUFFIXES[language], code, frozenset(_marks(code)))


def _marks(code: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(code.splitlines(), 1):
        if MARK in line:
            for mark in line.rpartition(MARK)[2].split(", "):
                access, table = mark.split()
                yield number, access, "" if table == "?" else table
