"""Patches of diff-match-patch as text, read and applied strictly, in both directions.

A patch is a text of hunks, `@@ -12,7 +12,9 @@` and lines of ` kept`, `-removed` and `+added` text, %-encoded as in a
URL; positions count UTF-16 units. A hunk that does not fit exactly is refused, because a fuzzy match writes a text that
no person wrote. Texts are UTF-16 (little-endian) in a bytearray, so that a chain of patches does not convert each text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from backfill.content.refusals import PatchDoesNotFit, PatchMalformed, PatchTooLarge
from backfill.content.shape import MAX_CONTENT_BYTES

# The bytes that the hunks of one patch may move: each moves what follows it.
MAX_MOVED_BYTES = 8 << 30

_HEAD = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@", re.ASCII)


# A part that was cut within an encoded character.
_BARE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)


class Hunk(NamedTuple):
    """One hunk: where it starts in the text before and after, in bytes of UTF-16, and its texts before and after."""

    before_at: int
    after_at: int
    before: bytes
    after: bytes


def utf16(text: str) -> bytearray:
    """A text as patches are applied to it."""
    return bytearray(text.encode("utf-16-le", "surrogatepass"))


def read_patch(patch: str) -> tuple[Hunk, ...]:
    """The hunks of a patch; each is written for the text after those before it.

    Raises:
        PatchMalformed: names the line.
    """
    hunks: list[Hunk] = []
    lines = patch.split("\n")
    if not lines[-1]:
        lines.pop()
    place = 0
    while place < len(lines):
        head = _HEAD.fullmatch(lines[place])
        if head is None:
            raise PatchMalformed(line=place + 1)
        start, parts = place, []
        place += 1
        while place < len(lines) and not lines[place].startswith("@@"):
            parts.append(_part(lines[place], place + 1))
            place += 1
        before = "".join(text for sign, text in parts if sign != "+").encode("utf-16-le")
        after = "".join(text for sign, text in parts if sign != "-").encode("utf-16-le")
        for length, text in ((head[2], before), (head[4], after)):
            if len(text) != (1 if length is None else int(length)) * 2:
                raise PatchMalformed(line=start + 1)
        hunks.append(Hunk(_start(head[1], head[2]), _start(head[3], head[4]), before, after))
    return tuple(hunks)


def apply_patch(hunks: Sequence[Hunk], text: bytearray) -> None:
    """Make the text before the patch the one after it; after a refusal the text is neither.

    Raises:
        PatchDoesNotFit: names the first hunk that does not.
        PatchTooLarge.
    """
    _apply(((hunk.before_at, hunk.before, hunk.after) for hunk in hunks), text, len(hunks))


def revert_patch(hunks: Sequence[Hunk], text: bytearray) -> None:
    """Make the text after the patch the one before it; after a refusal the text is neither.

    Raises:
        PatchDoesNotFit: names the first hunk that does not, counted from the last.
        PatchTooLarge.
    """
    _apply(((hunk.after_at, hunk.after, hunk.before) for hunk in reversed(hunks)), text, len(hunks))


def require_repeatable(hunks: Sequence[Hunk]) -> None:
    """Refuse a patch that leads back, but not forth: what was rebuilt backwards is read forwards.

    Each hunk is written for the text after those before it, so its place is the same on both sides.

    Raises:
        PatchDoesNotFit: a hunk has two places.
    """
    for number, hunk in enumerate(hunks, 1):
        if hunk.before_at != hunk.after_at:
            raise PatchDoesNotFit(hunk=number)


def _apply(changes: Iterable[tuple[int, bytes, bytes]], text: bytearray, count: int) -> None:
    if count * len(text) > MAX_MOVED_BYTES:
        raise PatchTooLarge(hunks=count)
    for number, (at, old, new) in enumerate(changes, 1):
        end = at + len(old)
        if at < 0 or at > len(text) or text[at:end] != old:
            raise PatchDoesNotFit(hunk=number)
        text[at:end] = new
        if len(text) > 2 * MAX_CONTENT_BYTES:
            raise PatchTooLarge(hunks=count)


def _part(line: str, number: int) -> tuple[str, str]:
    sign, encoded = line[:1], line[1:]
    if sign not in (" ", "-", "+") or ("%" in encoded and _BARE_PERCENT.search(encoded)):
        raise PatchMalformed(line=number)
    try:
        return sign, unquote_to_bytes(encoded).decode()
    except UnicodeError:
        raise PatchMalformed(line=number) from None


def _start(at: str, length: str | None) -> int:
    """A position in bytes: the header counts units from 1, except where nothing is on that side."""
    return (int(at) if length == "0" else int(at) - 1) * 2
