"""What a command prints: tables and colour for a terminal, plain columns for a pipe, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.ending import Exit

SIGN_STYLES = {"-": "red", "+": "green", "~": "yellow", ">": "yellow"}
PIPE_WIDTH = 10_000
"""In a pipe nothing is cut or wrapped."""


@cache
def out() -> Console:
    """Standard output."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """Standard error: progress, warnings, and why a command failed."""
    return _console(stderr=True)


def say(*parts: RenderableType) -> None:
    """Print lines for people."""
    for part in parts:
        out().print(part)


def print_json(value: Any) -> None:
    """Print one JSON document: indented on a terminal, else on one line."""
    data = msgspec.json.encode(value)
    if out().is_terminal:
        data = msgspec.json.format(data, indent=2)
    sys.stdout.write(data.decode() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, right: Sequence[str] = ()) -> RenderableType:
    """Rows under their headings; the columns named in `right` are numbers."""
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    if not out().is_terminal:
        return _plain_table([[Text(column) for column in columns], *cells], [column in right for column in columns])
    drawn = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*row)
    return drawn


def signed(rows: Iterable[tuple[str, Text]]) -> RenderableType:
    """Lines behind a sign, which keep their left edge where they are too long for the terminal."""
    if not out().is_terminal:
        return Text("\n").join(Text.assemble(f"{sign} " if text else "", text) for sign, text in rows)
    grid = Table.grid(padding=(0, 1))
    for sign, text in rows:
        grid.add_row(Text(sign, SIGN_STYLES.get(sign, "")), text)
    return grid


def indented(part: RenderableType, by: int = 3) -> RenderableType:
    """The same, further to the right."""
    if out().is_terminal or not isinstance(part, Text):
        return Padding(part, (0, 0, 0, by))
    return Text("\n").join(Text(" " * by if line else "") + line for line in part.split())


def waiting(what: str) -> AbstractContextManager[object]:
    """Show on a terminal that something is being waited for."""
    return err().status(what) if err().is_terminal else nullcontext()


def counted(count: int, thing: str) -> str:
    """A number of things: 1 page, 2 pages."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def moment(microseconds: int) -> str:
    """A time as people here read it: of today, the time; of other days, the date too."""
    when, now = datetime.fromtimestamp(microseconds / 1_000_000).astimezone(), datetime.now().astimezone()
    return f"{when:%H:%M:%S}" if when.date() == now.date() else f"{when:%Y-%m-%d %H:%M}"


def utc(microseconds: int) -> str:
    """A time for people anywhere: the minute, in UTC."""
    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"


def iso(microseconds: int) -> str:
    """A time as programs everywhere read it: ISO 8601 in UTC, to the microsecond."""
    whole, rest = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06}Z"


class _Screen(Console):
    """A console that ends the program where nobody reads any more, with a status of its own."""

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(Exit.UNREAD) from None


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    # Neither markup nor emoji codes nor highlighting: what a script says is printed as it stands.
    return _Screen(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def _plain_table(rows: Sequence[Sequence[Text]], to_the_right: Sequence[bool]) -> Text:
    widths = [max(row[column].cell_len for row in rows) for column in range(len(to_the_right))]
    lines = []
    for row in rows:
        cells = []
        for cell, width, right in zip(row, widths, to_the_right, strict=True):
            gap = Text(" " * (width - cell.cell_len))
            cells.append(gap + cell if right else cell + gap)
        line = Text("  ").join(cells)
        line.rstrip()
        lines.append(line)
    return Text("\n").join(lines)
