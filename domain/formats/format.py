"""What a file format is: a name, the suffixes of its files, and three functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec import Struct

from domain.script.line import Line

MAX_FILE_BYTES = 16 << 20
MAX_LINES = 50_000
"""Lines of one file: ten times a long screenplay."""


class Imported(Struct, frozen=True):
    """A file as lines, with the title its title page gives it (None where it gives none).

    `left_out` names parts of the file that are no text of the script and were not taken over.
    """

    title: str | None
    lines: tuple[Line, ...]
    left_out: tuple[str, ...] = ()


class Format(NamedTuple):
    """A file format.

    `suffixes` are in lower case and with their dot, the usual one first. `read` refuses bad files as `Rejected`.
    `problem` says what does not survive reading a file and writing it again; None where everything does.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, Callable[[], str]], Imported]
    write: Callable[[Iterable[Line]], bytes]
    problem: Callable[[bytes], str | None]
