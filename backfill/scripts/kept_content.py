"""The bytes of a save that are kept in addition to its lines, where the lines alone do not give them back."""

from __future__ import annotations

import zstandard

from backfill.content.shape import Decoded

LEVEL = 3
# Shapes that consist of their lines.
TEXTS = ("empty", "fountain", "plain", "tagged_lines")


def is_whole(decoded: Decoded) -> bool:
    """Whether a content consists of its lines in the usual spelling, so that its bytes follow from them."""
    if not decoded.exact or decoded.wrapped_in:
        return False
    return decoded.shape in TEXTS or (
        decoded.shape == "json_lines"
        and set(decoded.dressing.fields or ()) == {"version", "lines"}
        and not any(line.extra for line in decoded.lines)
    )


def kept_raw(content: bytes) -> bytes:
    """The compressed bytes of a content that is not whole."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(content)


def raw_bytes(raw: bytes) -> bytes:
    """The bytes that were kept."""
    return zstandard.ZstdDecompressor().decompress(raw)
