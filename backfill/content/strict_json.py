"""Strict JSON: one value that every reader reads alike, and the style in which it was written.

parse(data) -> value, style        refuses duplicate keys, NaN, lone surrogates and cut text
write(value, style) -> data        the same bytes again, if the style is one of `STYLES`
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, NoReturn

import msgspec

from backfill.content.refusals import (
    JsonDuplicateKey,
    JsonLoneSurrogate,
    JsonMalformed,
    JsonNotANumber,
    JsonTooDeep,
    JsonTooManyValues,
)
from domain.script.json_depth import MAX_READ_DEPTH, cut_deep
from domain.script.json_values import MAX_VALUES, count_values


class Style(NamedTuple):
    """How JSON is spelled: the text after a comma and a colon, whether other letters are escaped, the indentation."""

    comma: str = ","
    colon: str = ":"
    ascii_only: bool = False
    indent: int | None = None


# As JavaScript writes it.
COMPACT = Style()
STYLES = (
    COMPACT,
    Style(", ", ": ", ascii_only=True),
    Style(",", ":", ascii_only=True),
    Style(", ", ": "),
    Style(",", ": ", indent=2),
    Style(",", ": ", ascii_only=True, indent=2),
)


def parse(data: bytes) -> tuple[Any, Style | None]:
    """The value of JSON and its style; None if it is spelled in another way.

    Raises:
        JsonMalformed, JsonDuplicateKey, JsonNotANumber, JsonLoneSurrogate, JsonTooDeep, JsonTooManyValues.
    """
    require_few_values(data)
    if cut_deep(data) is not None:
        raise JsonTooDeep(limit=MAX_READ_DEPTH)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _refuse(data)
    # Equal bytes prove that no key was dropped as a duplicate, at a tenth of the cost of looking for one.
    if msgspec.json.encode(value) == data:
        return value, COMPACT
    value = _slowly(data)
    return value, next((style for style in STYLES[1:] if write(value, style) == data), None)


def write(value: Any, style: Style) -> bytes:
    """JSON in a style."""
    if style == COMPACT:
        return msgspec.json.encode(value)
    separators = (style.comma, style.colon)
    return json.dumps(value, ensure_ascii=style.ascii_only, separators=separators, indent=style.indent).encode()


def require_few_values(data: bytes) -> None:
    """Refuse JSON with more values than are decoded."""
    if count_values(data):
        raise JsonTooManyValues(limit=MAX_VALUES)


def _slowly(data: bytes) -> Any:
    try:
        return json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, UnicodeDecodeError):
        raise JsonMalformed from None


def _refuse(data: bytes) -> NoReturn:
    """Say why JSON cannot be read: Python's reader is more tolerant, and names what it meets."""
    _slowly(data)
    raise JsonLoneSurrogate


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise JsonDuplicateKey
    return value


def _no_constant(_: str) -> NoReturn:
    raise JsonNotANumber
