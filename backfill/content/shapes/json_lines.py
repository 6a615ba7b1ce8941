"""JSON lines: `{"version": 2, "lines": [{"id", "format", "content"}]}`; also `text` for `content`, or a bare list."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from backfill.content.refusals import NotLines
from backfill.content.shape import Decoded, LegacyLine, Shape, is_utf8, register, require_few_lines, with_exactness
from backfill.content.strict_json import COMPACT, Style, parse, require_few_values, write
from backfill.content.window import Window, equal_end, equal_start
from domain.script.script_size import MAX_LINES

# Objects of a document that are no lines.
MAX_OTHER_OBJECTS = 20_000
LINES_PER_PART = 1_000
TEXT_FIELDS = ("content", "text", "value")
# Between two lines as JavaScript writes them. A quotation mark in a text is escaped, so no text holds these bytes.
_NEXT_LINE = b'},{"id":"'
_BEGIN, _END = b'{"version":2,"lines":[', b"]}"
# How the names begin of the fields of a line that no usual document has; escaped, they are another spelling.
_PRIVATE_NAME = '"\ue000'.encode()
_START = re.compile(rb'\s*(?:\{\s*"|\[\s*\{\s*"|\{\s*\}|\[\s*\])')


class Dressing(NamedTuple):
    """All of a document but its lines: its fields in order, with None for the lines, and the spelling of a line.

    `order` holds the names of a line's fields as the first line has them.
    """

    fields: dict[str, Any] | None  # None: the document is the list of lines
    text_field: str = "content"
    order: tuple[str, ...] = ()
    style: Style = COMPACT


class ChangedPart(NamedTuple):
    """The lines that differ in two documents, and the ids of those around them; None at the ends of the document."""

    above: str | None
    old: tuple[LegacyLine, ...]
    new: tuple[LegacyLine, ...]
    below: str | None


class _Save(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    lines: tuple[LegacyLine, ...]


# The usual document in the version that is the only one yet.
_VERSION = 2
_USUAL = Dressing({"version": _VERSION, "lines": None})
_read = msgspec.json.Decoder(_Save).decode
_write = msgspec.json.Encoder().encode


def _recognise(data: bytes) -> bool:
    return _START.match(data) is not None


def _decode(data: bytes) -> Decoded:
    require_few_values(data)
    # Within a string a quotation mark is escaped, so this is an object, unless a string ends with a bracket.
    require_few_lines(count if (count := data.count(b'{"')) > MAX_LINES + MAX_OTHER_OBJECTS else 0)
    return _usual(data) or _any(data)


def _usual(data: bytes) -> Decoded | None:
    """The usual document, four times as fast: None for any other, or one that is not spelled as JavaScript does."""
    if _PRIVATE_NAME in data:
        return None
    try:
        save = _read(data)
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return None
    require_few_lines(len(save.lines))
    # A duplicate key, another order or a null: the bytes differ.
    # An empty format would be left out.
    for line in save.lines:
        if line.id is None or line.format == "":
            return None
    if not _is_spelling_of(data, save):
        return None
    return Decoded("json_lines", save.lines, Dressing({"version": save.version, "lines": None}), exact=True)


def _is_spelling_of(data: bytes, save: _Save) -> bool:
    """Whether data is what JavaScript writes for a document; written in parts, because a whole may have 16 MiB."""
    if len(save.lines) <= LINES_PER_PART:
        return _write(save) == data
    part = b'{"version":%d,"lines":[' % save.version
    place = 0
    for start in range(0, len(save.lines), LINES_PER_PART):
        if data[place : place + len(part)] != part:
            return False
        place += len(part)
        part = b"," * (start > 0) + _write(save.lines[start : start + LINES_PER_PART])[1:-1]
    return data[place : place + len(part)] == part and data[place + len(part) :] == _END


def _decode_changed(before: Decoded, old: bytes, data: bytes) -> tuple[Decoded, Window] | None:
    """The usual document after a change, whose lines outside of the shared bytes are decoded."""
    if before.dressing != _USUAL or not before.exact or not old.startswith(_BEGIN):
        return None
    shared = equal_start(old, data)
    start = data.rfind(_NEXT_LINE, 0, shared)
    begin = len(_BEGIN) if start < 0 else start + 2
    if begin > shared:
        return None
    end = data.find(_NEXT_LINE, len(data) - equal_end(old, data, shared))
    part = _BEGIN + (data[begin:] if end < 0 else data[begin : end + 1] + _END)
    changed = _usual(part) if is_utf8(part) else None
    if changed is None:
        return None
    # Only the shorter side is counted.
    if start < 0 or end < 0 or start > len(data) - end:
        old_end = len(before.lines) - (0 if end < 0 else data.count(_NEXT_LINE, end))
        old_end_at = len(old) if end < 0 else end + len(old) - len(data)
        first = 0 if start < 0 else old_end - old.count(_NEXT_LINE, start, old_end_at)
    else:
        first = data.count(_NEXT_LINE, 0, start) + 1
        old_end = first + old.count(_NEXT_LINE, start, end + len(old) - len(data))
    lines = (*before.lines[:first], *changed.lines, *before.lines[old_end:])
    require_few_lines(len(lines))
    return replace(before, lines=lines), Window(first, old_end, first + len(changed.lines))


def is_usual_version(version: object) -> bool:
    """Whether a document says that it is in the version that is the only one yet: as a whole number, not as 2.0."""
    return version.__class__ is int and version == _VERSION


def is_usual(decoded: Decoded) -> bool:
    """Whether a content is the usual document, spelled as JavaScript does."""
    return decoded.shape == "json_lines" and decoded.exact and not decoded.wrapped_in and decoded.dressing == _USUAL


def changed_part(old: bytes, data: bytes) -> ChangedPart | None:
    """Where a content differs from a usual document, if it is one too; None if that is not seen at once."""
    if not (old.startswith(_BEGIN) and data.startswith(_BEGIN) and data.endswith(_END)):
        return None
    shared = equal_start(old, data)
    above = data.rfind(_NEXT_LINE, 0, shared)
    below = data.find(_NEXT_LINE, len(data) - equal_end(old, data, shared))
    begin, end = len(_BEGIN), len(data) - len(_END)
    if above >= 0 and (before := data.rfind(_NEXT_LINE, 0, above)) >= 0:
        begin = before + 2
    if below >= 0 and (after := data.find(_NEXT_LINE, below + 1)) >= 0:
        end = after + 1
    old_end = end + len(old) - len(data)
    if begin > shared or begin > min(end, old_end):
        return None
    part = _BEGIN + data[begin:end] + _END
    new_lines = _usual(part) if is_utf8(part) else None
    if new_lines is None:
        return None
    first, last = int(above >= 0), -1 if below >= 0 else None
    new, known = new_lines.lines, _read(_BEGIN + old[begin:old_end] + _END).lines
    return ChangedPart(
        new[0].id if first else None, known[first:last], new[first:last], new[-1].id if last is not None else None
    )


def _any(data: bytes) -> Decoded:
    value, style = parse(data)
    listed = value if isinstance(value, list) else value.get("lines") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise NotLines(problem="it has no field `lines` with a list")
    text_field = _text_field(listed)
    fields = (
        {name: None if name == "lines" else each for name, each in value.items()} if isinstance(value, dict) else None
    )
    require_few_lines(len(listed))
    lines = tuple(_line(entry, text_field, number) for number, entry in enumerate(listed, 1))
    decoded = Decoded("json_lines", lines, Dressing(fields, text_field, _order(listed), style or COMPACT))
    return with_exactness(decoded, data, _encode)


def _text_field(listed: list[Any]) -> str:
    first = next((entry for entry in listed if isinstance(entry, dict)), {})
    return next((name for name in TEXT_FIELDS if isinstance(first.get(name), str)), TEXT_FIELDS[0])


def _line(entry: Any, text_field: str, number: int) -> LegacyLine:
    if not isinstance(entry, dict):
        raise NotLines(problem=f"line {number} is not an object")
    name = text_field if text_field in entry else next((each for each in TEXT_FIELDS if each in entry), text_field)
    text, line_id, form = entry.get(name, ""), entry.get("id"), entry.get("format", entry.get("type", ""))
    if not isinstance(text, str) or not isinstance(form, str):
        raise NotLines(problem=f"line {number} has a text or a format that is not text")
    extra = {key: value for key, value in entry.items() if key not in ("id", "format", name)}
    if line_id is not None and not isinstance(line_id, str):
        extra["id"] = line_id  # a number: its spelling is kept, and its text is the id
        line_id = str(line_id) if isinstance(line_id, int) and not isinstance(line_id, bool) else None
    return LegacyLine(line_id, form, text, extra=extra or None)


def _encode(decoded: Decoded) -> bytes:
    dressing: Dressing = decoded.dressing
    listed = [_entry(line, dressing) for line in decoded.lines]
    if dressing.fields is None:
        return write(listed, dressing.style)
    return write({**dressing.fields, "lines": listed}, dressing.style)


def _entry(line: LegacyLine, dressing: Dressing) -> dict[str, Any]:
    extra = line.extra or {}
    entry: dict[str, Any] = {"id": extra.get("id", line.id)} if line.id is not None or "id" in extra else {}
    if line.format and "type" not in extra:
        entry["format"] = line.format
    entry[dressing.text_field] = line.text
    entry.update(extra)
    if dressing.order == tuple(entry):
        return entry
    return {**{name: entry[name] for name in dressing.order if name in entry}, **entry}


def _order(listed: list[Any]) -> tuple[str, ...]:
    return tuple(listed[0]) if listed and isinstance(listed[0], dict) else ()


JSON_LINES = register(Shape("json_lines", "JSON lines", _recognise, _decode, _encode, _decode_changed))
