"""Content shapes: a decoder and an encoder each, in a registry filled by the files of `backfill.content.shapes`.

A shape is recognised for each value, never for a table: one column holds plain text, JSON and JSON within JSON.
`encode(decode(data)) == data` holds where `Decoded.exact` is true; elsewhere the lines are equal, and not the spelling.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from backfill.content.refusals import ContentNotUtf8, ContentTooLarge, ContentTooManyLines
from backfill.content.window import Window
from domain.script.script_size import MAX_LINES

# The largest content that is decoded, as for files.
MAX_CONTENT_BYTES: Final = 16 << 20
PART_BYTES: Final = 1 << 20

_incremental_decoder = getincrementaldecoder("utf-8")


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
    """One shape of contents: `recognise` is cheap and never fails; `decode` refuses as `Rejected`.

    `decode_changed` is given a content with its bytes and the bytes of the next one. It decodes only the lines that
    differ, and returns None where only the whole content tells.
    """

    name: str
    title: str
    recognise: Callable[[bytes], bool]
    decode: Callable[[bytes], Decoded]
    encode: Callable[[Decoded], bytes]
    decode_changed: Callable[[Decoded, bytes, bytes], tuple[Decoded, Window] | None] | None = None


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
    if data.isascii():
        return
    # In parts, because text takes up to four times the memory of its bytes.
    decoder = _incremental_decoder()
    for start in range(0, len(data), PART_BYTES):
        try:
            decoder.decode(data[start : start + PART_BYTES], start + PART_BYTES >= len(data))
        except UnicodeDecodeError:
            raise ContentNotUtf8(position=_first_bad(data, start)) from None


def is_utf8(data: bytes) -> bool:
    """Whether a part of a content is UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def require_few_lines(count: int) -> None:
    """Refuse content with more lines than a script may have."""
    if count > MAX_LINES:
        raise ContentTooManyLines(count=count, limit=MAX_LINES)


def _first_bad(data: bytes, start: int) -> int:
    """The position of the first byte that is not UTF-8, which is in a part or in a character that it completes."""
    begin = max(0, start - 3)
    while begin and data[begin] & 0xC0 == 0x80 and begin > start - 7:
        begin -= 1
    try:
        data[begin : start + PART_BYTES].decode()
    except UnicodeDecodeError as error:
        return begin + error.start
    return start


def with_exactness(decoded: Decoded, data: bytes, encode: Callable[[Decoded], bytes]) -> Decoded:
    """The same, with `exact` as it is."""
    return replace(decoded, exact=encode(decoded) == data)
