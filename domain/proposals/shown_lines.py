"""Shown lines: the part of a script that a model sees, each line by its number and a short hash.

Ids and whole hashes take more than half of the tokens of a prompt. A number alone would hit the wrong line when a model
counts wrongly, so an edit names both, and here both are mapped back to the id and the whole hash. The short hash covers
the number and the content: lines with the same content have different ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from domain.proposals.refusals import LineNotShown, WrongLineHash
from domain.refusals import GuardMissing
from domain.script.hashing import EXPECT_DIGITS, expect_hash
from domain.script.line import Line
from domain.script.state import State

# A wrong number has the right hash by chance once in 65,536 times.
HASH_DIGITS = 4
_HASH = re.compile(rf"[0-9a-f]{{{HASH_DIGITS},{EXPECT_DIGITS}}}")


def shown_hash(position: int, line: Line) -> str:
    """The short hash of a line at a position of its version, from 1."""
    return sha256(f"{position}:{expect_hash(line)}".encode()).hexdigest()[:HASH_DIGITS]


class LineRange(NamedTuple):
    """Lines by their position in a version, from 1, both included."""

    first: int
    last: int


class Row(NamedTuple):
    """A line as a model sees it."""

    number: str
    hash: str
    format: str
    text: str


class ShownLines:
    """The lines of a version within a range; without one, all of them."""

    def __init__(self, state: State, within: LineRange | None = None) -> None:
        lines = list(state.lines())
        self._all = lines
        self.first = within.first if within else 1
        self.last = min(within.last, len(lines)) if within else len(lines)

    @property
    def lines(self) -> list[Line]:
        """The lines, in order."""
        return self._all[self.first - 1 : self.last]

    def rows(self) -> Iterator[Row]:
        """The lines as a model sees them."""
        for number, line in self._numbered():
            yield Row(str(number), shown_hash(number, line), line.format, line.text)

    def position(self, number: str) -> int:
        """The position of a line in its version, from 1; an id that a model knows from elsewhere is taken too.

        Raises:
            LineNotShown: there is none, or it is outside the range.
        """
        at = int(number) if _is_number(number) else self._positions.get(number, 0)
        if not self.first <= at <= self.last:
            raise LineNotShown(line=number[:40], first=self.first, last=self.last)
        return at

    @cached_property
    def headings(self) -> dict[int, str]:
        """The scene headings shown, by their positions, in a form to compare."""
        return {at: folded(line.text) for at, line in self._numbered() if line.format == "scene_heading"}

    @cached_property
    def sections(self) -> list[int]:
        """The positions of the sections shown, such as acts."""
        return [at for at, line in self._numbered() if line.format == "section"]

    def _numbered(self) -> Iterator[tuple[int, Line]]:
        return enumerate(self.lines, self.first)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {line.id: at for at, line in enumerate(self._all, 1)}

    def guarded(self, number: str, expect: str | None) -> tuple[Line, str]:
        """The line with a number, and its whole hash, if the model named the hash it was shown.

        The whole hash is taken as well, and for an id its beginning.

        Raises:
            LineNotShown: there is no such line.
            GuardMissing: no hash is named.
            WrongLineHash: it is the hash of another line.
        """
        at = self.position(number)
        line = self._all[at - 1]
        whole = expect_hash(line)
        if not expect:
            raise GuardMissing(kind="line", id=number)
        if _is_number(number):
            is_right = expect in {shown_hash(at, line), whole}
        else:
            is_right = _HASH.fullmatch(expect) is not None and whole.startswith(expect)
        if not is_right:
            raise WrongLineHash(line=number, expect=expect[:40])
        return line, whole

    def neighbours(self, number: str | None) -> tuple[str | None, str | None]:
        """The ids of the lines on both sides of the place after a line; None is the start of what is shown.

        At the edge of the script an id is None.

        Raises:
            LineNotShown: there is no such line.
        """
        return self.neighbours_at(self.first - 1 if number is None else self.position(number))

    def neighbours_at(self, position: int) -> tuple[str | None, str | None]:
        """The same for the place after a position; 0 is the start of the script."""
        left = self._all[position - 1].id if position else None
        right = self._all[position].id if position < len(self._all) else None
        return left, right


def folded(text: str) -> str:
    """A scene heading without differences that do not matter."""
    return " ".join(text.lstrip(".").casefold().split())


def _is_number(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) < 10
