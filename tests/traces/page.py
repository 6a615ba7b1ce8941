"""Page: an editor's own model of a text: lines with ids, found by position in the whole text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.script.line import Line


class Spot(NamedTuple):
    """A position in the text: the number of a line from 0, and an offset in that line."""

    row: int
    offset: int


class Page:
    """Lines in order; `size` is their bytes as UTF-8.

    A lookup starts from the line of the previous one, because people type where they typed before.
    """

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = list(lines)
        self.size = sum(map(_bytes, self._lines))
        self._row = 0
        self._start = 0  # the position at which that line starts

    def text(self) -> str:
        """The whole text."""
        return "".join([part for line in self._lines for part in (line.text, line.sep)])

    def lines(self) -> list[Line]:
        """The lines, first to last."""
        return list(self._lines)

    def line(self, row: int) -> Line:
        """One line."""
        return self._lines[row]

    def find(self, position: int) -> Spot:
        """The spot of a position; between two lines, the start of the second."""
        while position < self._start:
            self._step_back()
        last = len(self._lines) - 1
        while self._row < last and position >= (following := self._start + _length(self._lines[self._row])):
            self._row += 1
            self._start = following
        if not 0 <= position - self._start <= len(self._lines[self._row].text):
            raise IndexError(f"position {position} lies outside of the text, or in the middle of a line end")
        return Spot(self._row, position - self._start)

    def exchange(self, row: int, removed: int, lines: Sequence[Line]) -> None:
        """Put lines in place of the `removed` ones from `row` on."""
        while row < self._row:
            self._step_back()
        self.size += sum(map(_bytes, lines)) - sum(map(_bytes, self._lines[row : row + removed]))
        self._lines[row : row + removed] = lines

    def _step_back(self) -> None:
        if self._row == 0:
            raise IndexError("there is nothing before the text")
        self._row -= 1
        self._start -= _length(self._lines[self._row])


def _length(line: Line) -> int:
    return len(line.text) + len(line.sep)


def _bytes(line: Line) -> int:
    return len(line.text.encode()) + len(line.sep)
