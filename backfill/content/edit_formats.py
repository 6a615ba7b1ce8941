"""Histories stored as edits: chains of diff-match-patch patches, of which only the newest revision holds the text.

A patch is a text of hunks, `@@ -12,7 +12,9 @@` and lines of ` kept`, `-removed` and `+added` text, %-encoded as in a
URL; positions count UTF-16 units. It is applied strictly: a hunk that does not fit exactly is refused, because a
fuzzy match writes a text that no person wrote. Another history format is another file like this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from backfill.content.refusals import PatchDoesNotFit, PatchMalformed

_HEAD = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
# What JavaScript's encodeURI leaves, and the space that the library puts back.
_UNESCAPED = " !~*'();/?:@&=+$,#-_."


class Hunk(NamedTuple):
    """One hunk: where it starts in the text before and after, in UTF-16 units, and its texts with their signs."""

    before_at: int
    after_at: int
    parts: tuple[tuple[str, str], ...]

    def text(self, without: str) -> str:
        """The text of one side: without the added parts the one before, without the removed parts the one after."""
        return "".join(text for sign, text in self.parts if sign != without)


def read_patch(patch: str) -> tuple[Hunk, ...]:
    """The hunks of a patch.

    Raises:
        PatchMalformed: names the line.
    """
    hunks: list[Hunk] = []
    lines = patch.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    position = 0
    while position < len(lines):
        head = _HEAD.fullmatch(lines[position])
        if head is None:
            raise PatchMalformed(line=position + 1)
        end = next((at for at in range(position + 1, len(lines)) if lines[at].startswith("@@")), len(lines))
        parts = tuple(_part(lines[at], at + 1) for at in range(position + 1, end))
        hunk = Hunk(_start(head[1], head[2]), _start(head[3], head[4]), parts)
        for length, without in ((head[2], "+"), (head[4], "-")):
            if _units(hunk.text(without)) != (1 if length is None else int(length)) * 2:
                raise PatchMalformed(line=position + 1)
        hunks.append(hunk)
        position = end
    return tuple(hunks)


def write_patch(hunks: Sequence[Hunk]) -> str:
    """The text of hunks, as the library writes it."""
    return "".join(_written(hunk) for hunk in hunks)


def apply_patch(hunks: Sequence[Hunk], text: str) -> str:
    """The text after the patch.

    Raises:
        PatchDoesNotFit: names the first hunk that does not.
    """
    return _applied(((hunk.before_at, hunk.text("+"), hunk.text("-")) for hunk in hunks), text)


def revert_patch(hunks: Sequence[Hunk], text: str) -> str:
    """The text before the patch: revisions older than the newest are found backwards.

    Raises:
        PatchDoesNotFit: names the first hunk that does not.
    """
    # The last hunk first: each was written for the text after those before it.
    return _applied(((hunk.after_at, hunk.text("-"), hunk.text("+")) for hunk in reversed(hunks)), text)


def _applied(changes: Iterator[tuple[int, str, str]], text: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    for number, (at, old, new) in enumerate(changes, 1):
        wanted = old.encode("utf-16-le", "surrogatepass")
        if units[at * 2 : at * 2 + len(wanted)] != wanted or at * 2 > len(units):
            raise PatchDoesNotFit(hunk=number)
        units = units[: at * 2] + new.encode("utf-16-le", "surrogatepass") + units[at * 2 + len(wanted) :]
    try:
        return units.decode("utf-16-le")
    except UnicodeDecodeError:
        raise PatchDoesNotFit(hunk=len(units)) from None


def _part(line: str, number: int) -> tuple[str, str]:
    sign, encoded = line[:1], line[1:]
    if sign not in (" ", "-", "+"):
        raise PatchMalformed(line=number)
    try:
        return sign, unquote_to_bytes(encoded).decode()
    except UnicodeDecodeError:
        raise PatchMalformed(line=number) from None


def _start(at: str, length: str | None) -> int:
    """A position from 0: the header counts from 1, except where nothing is on that side."""
    return int(at) if length == "0" else int(at) - 1


def _written(hunk: Hunk) -> str:
    before = _coordinates(hunk.before_at, _units(hunk.text("+")) // 2)
    after = _coordinates(hunk.after_at, _units(hunk.text("-")) // 2)
    parts = "".join(f"{sign}{quote(text, safe=_UNESCAPED)}\n" for sign, text in hunk.parts)
    return f"@@ -{before} +{after} @@\n{parts}"


def _coordinates(at: int, length: int) -> str:
    if length == 0:
        return f"{at},0"
    return str(at + 1) if length == 1 else f"{at + 1},{length}"


def _units(text: str) -> int:
    """The bytes of a text in UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass"))
