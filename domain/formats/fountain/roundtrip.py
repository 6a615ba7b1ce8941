"""Round-trip check of a Fountain file: import and export give the same bytes."""

from __future__ import annotations

from itertools import count

from msgspec import Struct

from domain.formats.fountain.read import read
from domain.formats.fountain.write import write
from domain.formats.places import line_number
from domain.formats.text_file import decode


class Roundtrip(Struct, frozen=True):
    """Result of a round trip: whether the file survived, else the first differing byte (from 0) and line (from 1)."""

    survives: bool
    offset: int | None = None
    line: int | None = None


def roundtrip(data: bytes) -> Roundtrip:
    """Read a Fountain file, write its lines and compare the bytes. Refuses what `read` refuses."""
    return compare(data, _rewritten(data))


def compare(data: bytes, written: bytes) -> Roundtrip:
    """Compare the written bytes with a file."""
    if written == data:
        return Roundtrip(survives=True)
    offset = next(
        (index for index, (left, right) in enumerate(zip(data, written, strict=False)) if left != right),
        min(len(data), len(written)),
    )
    return Roundtrip(survives=False, offset=offset, line=line_number(data[:offset].decode("latin-1")))


def problem(data: bytes) -> str | None:
    """What a round trip changes; None where it changes nothing."""
    file = decode(data)
    # What had to be changed is no difference of its own, but the bytes differ by it.
    result = compare(file.text.encode() if file.changes else data, _rewritten(data))
    if result.survives and file.changes:
        return f"the text stays, but the file changes. {' '.join(file.changes)}"
    return None if result.survives else f"line {result.line} differs, at byte {result.offset}"


def _rewritten(data: bytes) -> bytes:
    ids = count(1)
    return write(read(data, lambda: str(next(ids))).lines)
