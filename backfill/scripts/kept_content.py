"""The bytes of a save that are kept in addition to its lines, where the lines alone do not give them back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import zstandard

from backfill.content.shape import Decoded
from backfill.content.shapes.json_lines import is_usual_version

LEVEL = 3
USUAL_FIELDS = frozenset(("version", "lines"))
# Shapes that consist of their lines.
TEXTS = ("empty", "fountain", "plain", "tagged_lines")


def is_whole(decoded: Decoded) -> bool:
    """Whether a content consists of its lines in the usual spelling, so that its bytes follow from them."""
    if not decoded.exact or decoded.wrapped_in:
        return False
    return decoded.shape in TEXTS or (
        decoded.shape == "json_lines"
        and _is_usual(decoded.dressing.fields or {})
        and not any(line.extra for line in decoded.lines)
    )


def _is_usual(fields: Mapping[str, Any]) -> bool:
    """Whether a document has no other fields than the usual one, in its version."""
    version = fields.get("version")
    return len(fields) == len(USUAL_FIELDS) and USUAL_FIELDS.issuperset(fields) and is_usual_version(version)


def kept_raw(content: bytes) -> bytes:
    """The compressed bytes of a content that is not whole."""
    return zstandard.ZstdCompressor(level=LEVEL).compress(content)


def raw_bytes(raw: bytes) -> bytes:
    """The bytes that were kept."""
    return zstandard.ZstdDecompressor().decompress(raw)
