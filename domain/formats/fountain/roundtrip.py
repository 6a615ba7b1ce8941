"""Round-trip check of a Fountain file: import and export give the same bytes."""

from __future__ import annotations

from itertools import count

from msgspec import Struct

from domain.formats.fountain.read import read
from domain.formats.fountain.source import line_number
from domain.formats.fountain.write import write


class Roundtrip(Struct, frozen=True):
    """Result of a round trip: whether the file survived, else the first differing byte (from 0) and line (from 1)."""

    survives: bool
    offset: int | None = None
    line: int | None = None


def roundtrip(data: bytes) -> Roundtrip:
    """Read a Fountain file, write its lines and compare the bytes. Refuses what `read` refuses."""
    ids = count(1)
    return compare(data, write(read(data, lambda: str(next(ids))).lines))


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
    result = roundtrip(data)
    return None if result.survives else f"line {result.line} differs, at byte {result.offset}"
