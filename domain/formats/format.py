"""File format: a name, the suffixes of its files, and three functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec import Struct

from domain.script.line import Line

MAX_FILE_BYTES = 16 << 20
# Lines of one file; a long screenplay has a tenth of this.
MAX_LINES = 50_000


class Imported(Struct, frozen=True):
    """A file as lines, with the title from its title page (None without one).

    `left_out` names parts of the file that are not text of the script and were not imported. `hints` are sentences for
    the author: what was changed to read the file, and what in it may be meant in another way.
    """

    title: str | None
    lines: tuple[Line, ...]
    left_out: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()


class Format(NamedTuple):
    """A file format.

    `suffixes` are in lower case and with their dot, the default first. `read` refuses bad files as `Rejected`.
    `problem` describes what a round trip of read and write loses; None where it loses nothing. `is_text`: a file is
    plain text, so its encoding can be named by the author.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    read: Callable[[bytes, Callable[[], str]], Imported]
    write: Callable[[Iterable[Line]], bytes]
    problem: Callable[[bytes], str | None]
    is_text: bool = False
