"""Round-trip check of a Final Draft file: compares lines, since the bytes need not be the same."""

from __future__ import annotations

from itertools import count, zip_longest

from domain.formats.fdx.read import read
from domain.formats.fdx.write import write
from domain.script.hashing import same
from domain.script.line import Line


def problem(data: bytes) -> str | None:
    """Read a file, write its lines, read them again, and name the first difference. Refuses what `read` refuses."""
    lines = _numbered(data)
    reread = _numbered(write(lines))
    for number, (line, other) in enumerate(zip_longest(lines, reread), start=1):
        if line is None or other is None or not same(line, other):
            return f"line {number} differs"
    return None


def _numbered(data: bytes) -> tuple[Line, ...]:
    ids = count(1)
    return read(data, lambda: str(next(ids))).lines
