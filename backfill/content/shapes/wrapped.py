"""Wrapped contents: `{"content": …, "format": …, "pageCount": …}`, JSON in a JSON string or after a byte order mark."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from backfill.content.refusals import JsonTooDeep, NotLines
from backfill.content.shape import SHAPES, Decoded, Shape, register, with_exactness
from backfill.content.shapes.text import EMPTY
from backfill.content.strict_json import COMPACT, Style, parse, write

# How many wrappings are opened.
MAX_WRAPPINGS = 4

_JSON_IN_TEXT = re.compile(rb'\s*"\s*(?:[{\[]\s*)?\\+"')
_WRAPPER = re.compile(rb'\s*\{\s*"(?!lines")')
# White space may be around the mark, and files that were joined have several.
_MARK = re.compile(rb"\s*(?:\xef\xbb\xbf\s*)+")
_JSON = ("json_text", "wrapper", "json_lines")
_INNER = ("marked_json", "json_text", "wrapper", "json_lines", "final_draft", "tagged_lines", "fountain", "plain")


class Wrapping(NamedTuple):
    """A wrapping: its fields in order, the inner content's being None; `fields` is None for a JSON string.

    `is_object` says that the inner content stood in it as JSON and not as text.
    """

    fields: dict[str, Any] | None
    style: Style
    is_object: bool
    inner: Any


class Marked(NamedTuple):
    """A byte order mark as it stood before JSON."""

    mark: str
    inner: Any


def _recognise_text(data: bytes) -> bool:
    start = data.lstrip()[:1]
    if start != b'"':
        return False
    if _JSON_IN_TEXT.match(data) or data.strip() == b'""':
        return True  # even if it is cut off
    # A story may begin and end with a quotation: only a JSON string has escapes and is one from end to end.
    return b"\\" in data and b"\n" not in data.strip() and _is_json_text(data)


def _is_json_text(data: bytes) -> bool:
    try:
        msgspec.json.decode(data, type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _recognise_wrapper(data: bytes) -> bool:
    return _WRAPPER.match(data) is not None and b'"content"' in data and not _has_lines(data)


def _recognise_marked(data: bytes) -> bool:
    mark = _MARK.match(data)
    if mark is None:
        return False
    content = data[mark.end() :]
    return any(SHAPES[name].recognise(content) for name in _JSON)


def _has_lines(data: bytes) -> bool:
    """Whether the outer object itself has the lines."""
    return re.match(rb'\s*\{\s*"version"\s*:\s*[^,{}\[\]"]*,\s*"lines"', data) is not None


def _decode_text(data: bytes, depth: int = MAX_WRAPPINGS) -> Decoded:
    value, style = parse(data)
    if not isinstance(value, str):
        raise NotLines(problem="it is not a text")
    inner = _decode_inner(value.encode(), depth)
    return _wrapped("json_text", Wrapping(None, style or COMPACT, is_object=False, inner=inner.dressing), inner, data)


def _decode_wrapper(data: bytes, depth: int = MAX_WRAPPINGS) -> Decoded:
    value, style = parse(data)
    if isinstance(value, dict) and "lines" in value:
        return SHAPES["json_lines"].decode(data)
    if not isinstance(value, dict) or not isinstance(value.get("content", 0), str | dict | list | None):
        raise NotLines(problem="it has neither `lines` nor `content`")
    content = value["content"]
    if content is None:
        content = ""
    inner = _decode_inner(content.encode() if isinstance(content, str) else write(content, COMPACT), depth)
    fields = {name: None if name == "content" else each for name, each in value.items()}
    wrapping = Wrapping(fields, style or COMPACT, not isinstance(content, str), inner.dressing)
    return _wrapped("wrapper", wrapping, inner, data)


def _decode_marked(data: bytes, depth: int = MAX_WRAPPINGS + 1) -> Decoded:
    mark = _MARK.match(data)
    if mark is None:
        raise NotLines(problem="it has no byte order mark")
    inner = _decode_inner(data[mark.end() :], depth)
    return replace(
        inner, dressing=Marked(mark[0].decode(), inner.dressing), wrapped_in=("marked_json", *inner.wrapped_in)
    )


def _decode_inner(data: bytes, depth: int) -> Decoded:
    if depth == 1:
        raise JsonTooDeep(limit=MAX_WRAPPINGS)
    if not data.strip():
        return EMPTY.decode(data)
    shape = next(name for name in _INNER if SHAPES[name].recognise(data))
    if shape == "marked_json":
        return _decode_marked(data, depth)
    if shape == "json_text":
        return _decode_text(data, depth - 1)
    if shape == "wrapper":
        return _decode_wrapper(data, depth - 1)
    return SHAPES[shape].decode(data)


def _wrapped(name: str, wrapping: Wrapping, inner: Decoded, data: bytes) -> Decoded:
    decoded = replace(inner, dressing=wrapping, wrapped_in=(name, *inner.wrapped_in))
    return with_exactness(decoded, data, _encode)


def _encode(decoded: Decoded) -> bytes:
    wrapping: Wrapping = decoded.dressing
    data = _encode_inner(decoded, wrapping.inner)
    if wrapping.fields is None:
        return write(data.decode(), wrapping.style)
    content = parse(data)[0] if wrapping.is_object else data.decode()
    return write({**wrapping.fields, "content": content}, wrapping.style)


def _encode_marked(decoded: Decoded) -> bytes:
    marked: Marked = decoded.dressing
    return marked.mark.encode() + _encode_inner(decoded, marked.inner)


def _encode_inner(decoded: Decoded, dressing: Any) -> bytes:
    inner = replace(decoded, dressing=dressing, wrapped_in=decoded.wrapped_in[1:])
    return SHAPES[inner.wrapped_in[0] if inner.wrapped_in else inner.shape].encode(inner)


MARKED_JSON = register(
    Shape("marked_json", "JSON after a byte order mark", _recognise_marked, _decode_marked, _encode_marked)
)
JSON_TEXT = register(Shape("json_text", "JSON in a JSON string", _recognise_text, _decode_text, _encode))
WRAPPER = register(Shape("wrapper", "a wrapper around a content", _recognise_wrapper, _decode_wrapper, _encode))
