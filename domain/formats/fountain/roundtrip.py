"""Whether a file survives import and export."""

from __future__ import annotations

from itertools import count

from msgspec import Struct

from domain.formats.fountain.read import read
from domain.formats.fountain.source import line_number
from domain.formats.fountain.write import write


class Roundtrip(Struct, frozen=True):
    """What became of a file: whether it survived, else the first byte (from 0) and source line (from 1) that differ."""

    survives: bool
    offset: int | None = None
    line: int | None = None


def roundtrip(data: bytes) -> Roundtrip:
    """Read a Fountain file, write its lines and compare the bytes. Refuses what `read` refuses."""
    ids = count(1)
    return compare(data, write(read(data, lambda: str(next(ids))).lines))


def compare(data: bytes, written: bytes) -> Roundtrip:
    """Where the written bytes first differ from a file."""
    if written == data:
        return Roundtrip(survives=True)
    offset = next(
        (index for index, (left, right) in enumerate(zip(data, written, strict=False)) if left != right),
        min(len(data), len(written)),
    )
    return Roundtrip(survives=False, offset=offset, line=line_number(data[:offset].decode("latin-1")))


def problem(data: bytes) -> str | None:
    """What does not survive; None where everything does."""
    found = roundtrip(data)
    return None if found.survives else f"line {found.line} differs, at byte {found.offset}"
