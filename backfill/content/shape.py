"""Content shapes: a decoder and an encoder each, in a registry filled by the files of `backfill.content.shapes`.

A shape is recognised for each value, never for a table: one column holds plain text, JSON and JSON within JSON.
`encode(decode(data)) == data` holds where `Decoded.exact` is true; elsewhere the lines are equal, and not the spelling.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from backfill.content.refusals import ContentNotUtf8, ContentTooLarge

# The largest content that is decoded, as for files.
MAX_CONTENT_BYTES: Final = 16 << 20


# The names of a line's fields in JSON. Those that JSON saves do not have get names in letters for private use.
_IN_JSON = {"text": "content", **{name: f"\ue000{name}" for name in ("sep", "before", "after", "extra")}}


class LegacyLine(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True, rename=_IN_JSON):
    """One line as the application had it; `format` is its own word, and `id` None where it gave none.

    `before` and `after` are markup around the text, `extra` further fields of the line. JSON saves are decoded into
    it directly, which is why it can be read from JSON.
    """

    id: str | None
    format: str
    text: str
    sep: str = "\n"
    before: str = ""
    after: str = ""
    extra: dict[str, Any] | None = None


class Decoded(Struct, frozen=True):
    """A content as lines.

    `shape` is the innermost shape and `wrapped_in` what it was wrapped in, the outermost first. `dressing` holds
    whatever else the encoder needs. `exact` says whether encoding gives the same bytes.
    """

    shape: str
    lines: tuple[LegacyLine, ...]
    dressing: Any = None
    wrapped_in: tuple[str, ...] = ()
    exact: bool = False


class Shape(NamedTuple):
    """One shape of contents: `recognise` is cheap and never fails; `decode` refuses as `Rejected`."""

    name: str
    title: str
    recognise: Callable[[bytes], bool]
    decode: Callable[[bytes], Decoded]
    encode: Callable[[Decoded], bytes]


# Every shape by name, in the order in which they are tried.
SHAPES: dict[str, Shape] = {}


def register(shape: Shape) -> Shape:
    """Add a shape to the registry."""
    if shape.name in SHAPES:
        raise TypeError(f"two content shapes are called {shape.name!r}")
    SHAPES[shape.name] = shape
    return shape


def require_text(data: bytes) -> None:
    """Refuse content that is too large or not UTF-8."""
    if len(data) > MAX_CONTENT_BYTES:
        raise ContentTooLarge(size=len(data), limit=MAX_CONTENT_BYTES)
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            raise ContentNotUtf8(position=error.start) from None


def with_exactness(decoded: Decoded, data: bytes, encode: Callable[[Decoded], bytes]) -> Decoded:
    """The same, with `exact` as it is."""
    return replace(decoded, exact=encode(decoded) == data)
