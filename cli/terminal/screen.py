"""The output of a command: tables and colour for a terminal, aligned columns for a pipe, JSON for programs.

All terminal output goes through this module or, when a library prints, through the guard of the streams
(`workers.process.visible_output`). Both show control characters in a text as escapes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import IO, Any, Self, cast

import msgspec
from msgspec import Struct
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.segment import Segment
from rich.style import Style, StyleType
from rich.table import Table
from rich.text import Text as AnyText

from cli.terminal.exit_status import Exit
from domain.ci_commands import json_without_commands, without_commands
from domain.visible_text import ascii_escapes, visible, visible_lines
from workers.process.visible_output import unguarded

SIGN_STYLES = {"-": "red", "+": "green", "~": "yellow", ">": "yellow"}
# Output to a pipe is never cut or wrapped.
PIPE_WIDTH = 10_000
# A text contains no line end of its own; only this one joins lines.
LINE_END = AnyText("\n")


class Text(AnyText):
    """Text on one line: control characters, including line ends, are shown as escapes."""

    def __init__(self, text: str = "", style: str | Style = "", **options: Any) -> None:
        super().__init__(visible(text), style, **options)

    @classmethod
    def assemble(cls, *parts: str | AnyText | tuple[str, StyleType], **options: Any) -> Self:
        """A text joined from several parts, with styles."""
        return cast("Self", super().assemble(*parts, **options))

    def append(self, text: AnyText | str, style: str | Style | None = None) -> Self:
        """Add text at the end."""
        super().append(visible(text) if isinstance(text, str) else text, style)
        return self

    def append_text(self, text: AnyText) -> Self:
        """Add another text at the end, with its styles."""
        super().append_text(text)
        return self


@cache
def out() -> Console:
    """Standard output."""
    return _console(stderr=False)


@cache
def err() -> Console:
    """Standard error: progress, warnings and error messages."""
    return _console(stderr=True)


def print_text(*parts: RenderableType) -> None:
    """Print lines for people."""
    for part in parts:
        out().print(_line(part))


def print_unwrapped(part: str | AnyText) -> None:
    """Print one line for people; if it is too long, the terminal wraps it."""
    out().print(_line(part), soft_wrap=True)


def warn(sentence: str, style: StyleType | None = None) -> None:
    """Print one line on standard error; a CI system finds no command in it."""
    err().print(_line(without_commands(sentence)), style=style, soft_wrap=True)


def block(text: str, style: str | Style = "", *, indent: int = 2) -> AnyText:
    """A text of several lines, indented so that none of them looks like a line of the program."""
    rows = text.replace("\r\n", "\n").split("\n")
    return LINE_END.join(Text(" " * indent + row if row else "", style) for row in rows)


def print_json(document: Struct) -> None:
    """Print one JSON document: indented on a terminal, otherwise on one line."""
    _print_json(document)


def print_schema(schema: dict[str, Any]) -> None:
    """Print a JSON Schema, like a document."""
    _print_json(schema)


def _print_json(value: Struct | dict[str, Any]) -> None:
    try:
        data = msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A file name that is not UTF-8 holds lone surrogates.
        data = ascii_escapes(json.dumps(msgspec.to_builtins(value), ensure_ascii=False)).encode()
    if out().is_terminal:
        data = msgspec.json.format(data, indent=2)
    sys.stdout.write(json_without_commands(ascii_escapes(data.decode())) + "\n")


def write_content(data: bytes) -> None:
    """Write the content of a file to standard output: byte for byte, or with visible escapes on a terminal."""
    stream = unguarded(sys.stdout)
    if stream.isatty():
        stream.write(visible_content(data))
    else:
        stream.flush()
        stream.buffer.write(data)


def visible_content(data: bytes) -> str:
    """The content of a file as text for a terminal."""
    return visible_lines(data.decode(errors="replace").replace("\r\n", "\n"))


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str | AnyText]], *, right: Sequence[str] = ()
) -> RenderableType:
    """A table with headings; the columns named in `right` are right-aligned."""
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    if not out().is_terminal:
        return _piped_table([[Text(column) for column in columns], *cells], [column in right for column in columns])
    drawn = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    for column in columns:
        drawn.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in cells:
        drawn.add_row(*row)
    return drawn


def signed(rows: Iterable[tuple[str, AnyText]]) -> RenderableType:
    """Lines after a sign; a line too long for the terminal keeps its left edge."""
    if not out().is_terminal:
        return LINE_END.join(Text.assemble(f"{sign} " if text else "", text) for sign, text in rows)
    grid = Table.grid(padding=(0, 1))
    for sign, text in rows:
        grid.add_row(Text(sign, SIGN_STYLES.get(sign, "")), text)
    return grid


def indented(part: RenderableType, by: int = 3) -> RenderableType:
    """The same, indented."""
    if out().is_terminal or not isinstance(part, AnyText):
        return Padding(part, (0, 0, 0, by))
    return LINE_END.join(Text(" " * by if line else "") + line for line in part.split())


@contextmanager
def waiting(what: str) -> Iterator[Callable[[str], None]]:
    """Show a waiting indicator on a terminal; yields a function that changes its words."""
    if not err().is_terminal:
        yield lambda _: None
        return
    with err().status(Text(what)) as status:
        yield lambda words: status.update(Text(words))


@contextmanager
def redrawn() -> Iterator[Callable[[Iterable[RenderableType]], None]]:
    """Yields a function that prints lines on a terminal, each time in place of the last ones."""
    with Live(console=out(), auto_refresh=False, redirect_stdout=False, redirect_stderr=False) as live:
        yield lambda lines: live.update(Group(*map(_line, lines)), refresh=True)


def counted(count: int, thing: str) -> str:
    """A number of things: 1 page, 2 pages."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def moment(microseconds: int) -> str:
    """A local time for people: today's without the date, others with it."""
    when, now = datetime.fromtimestamp(microseconds / 1_000_000).astimezone(), datetime.now().astimezone()
    return f"{when:%H:%M:%S}" if when.date() == now.date() else f"{when:%Y-%m-%d %H:%M}"


def utc(microseconds: int) -> str:
    """A UTC time for people, to the minute."""
    return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M} UTC"


_FIRST = -62_135_596_800_000_000
_LAST = 253_402_300_799_999_999


def iso(microseconds: int) -> str:
    """A time for programs: ISO 8601 in UTC, to the microsecond; beyond the years 1 to 9999 the nearest one."""
    whole, rest = divmod(min(max(microseconds, _FIRST), _LAST), 1_000_000)
    return f"{datetime.fromtimestamp(whole, UTC).isoformat()[:19]}.{rest:06}Z"


def iso_or_none(microseconds: int | None) -> str | None:
    """The same, or None where there is no time."""
    return None if microseconds is None else iso(microseconds)


class Screen(Console):
    """A console that shows control characters as escapes in everything it prints.

    When the reader has closed the stream, it exits with a status of its own.
    """

    @property
    def file(self) -> IO[str]:
        """The unguarded stream: its text is made visible already, and coloured."""
        stream = sys.stderr if self.stderr else sys.stdout
        return unguarded(getattr(stream, "rich_proxied_file", stream))

    @file.setter
    def file(self, new_file: IO[str]) -> None:
        self._file = new_file

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """The segments of all output."""
        for text, style, control in super().render(renderable, options):
            # A link is a control sequence that contains an address.
            unlinked = style.update_link(None) if style is not None and style.link else style
            yield Segment(text if control else visible_lines(text), unlinked, control)

    def render_str(self, text: str, **options: Any) -> AnyText:
        """A string as printable text: rich would drop some control characters instead of showing them."""
        return super().render_str(visible_lines(text), **options)

    def on_broken_pipe(self) -> None:
        try:
            super().on_broken_pipe()
        except SystemExit:
            raise SystemExit(Exit.UNREAD) from None


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else PIPE_WIDTH
    # Neither markup nor emoji codes nor highlighting: the text of a script is printed unchanged.
    return Screen(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def _line(part: RenderableType) -> RenderableType:
    return Text(part) if isinstance(part, str) else part


def _piped_table(rows: Sequence[Sequence[AnyText]], right_aligned: Sequence[bool]) -> AnyText:
    widths = [max(row[column].cell_len for row in rows) for column in range(len(right_aligned))]
    lines = []
    for row in rows:
        cells = []
        for cell, width, right in zip(row, widths, right_aligned, strict=True):
            gap = Text(" " * (width - cell.cell_len))
            cells.append(gap + cell if right else cell + gap)
        line = Text("  ").join(cells)
        line.rstrip()
        lines.append(line)
    return LINE_END.join(lines)


def rated_progress() -> Progress:
    """Progress bars over many rows: with their number, the rate, and the time that is left."""
    return progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(),
    )


class _RateColumn(ProgressColumn):
    """The number of rows a second."""

    def render(self, task: Task) -> AnyText:
        speed = task.finished_speed or task.speed
        return AnyText("" if speed is None else f"{speed:,.0f} rows/s")


def progress(*columns: ProgressColumn) -> Progress:
    """The progress bars of one command; nothing is shown if standard error is not a terminal."""
    return Progress(
        *columns,
        console=err(),
        disable=not err().is_terminal,
        transient=True,
        redirect_stdout=False,  # other output goes through the guard, which must not be replaced
        redirect_stderr=False,
    )
