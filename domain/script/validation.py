"""Validation of input: strict checks of texts, ids and JSON; each refusal names its field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from domain.errors import Rejected
from domain.refusals import (
    BadId,
    BadPayload,
    BadSeparator,
    ControlCharacter,
    DuplicateId,
    LineEndInText,
    LoneSurrogate,
    TextTooLong,
)
from domain.script.hashing import EXPECT_DIGITS, canonical_json
from domain.script.line import Line

# Whole numbers stay below this: from here on JavaScript rounds them.
EXACT = 1 << 53


# A position, a length, a version or an auto-increment id.
Count = Annotated[int, Meta(ge=0, lt=EXACT)]


def is_exact(value: float) -> bool:
    """Whether a number passes through JavaScript unchanged; NaN and the infinities do not."""
    return -EXACT < value < EXACT


MAX_TEXT_BYTES = 1 << 20
MAX_SEPARATOR_ENDS = 1_000
MAX_ATTRS = 32
MAX_KEY = 200
MAX_DEPTH = 32

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_EXPECT = re.compile(rf"[0-9a-f]{{{EXPECT_DIGITS}}}", re.ASCII)
_UNWANTED = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ud800-\udfff]")
_UNWANTED_IN_PROSE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_text(field: str, text: str, *, line_ends: bool = False) -> None:
    """Refuse text over 1 MiB, control characters other than tab, half surrogates, and line ends unless allowed."""
    if len(text) > MAX_TEXT_BYTES:
        raise TextTooLong(field=field, size=len(text.encode(errors="surrogatepass")), limit=MAX_TEXT_BYTES)
    # Printable text holds none of them, and `isprintable` is far cheaper than a search.
    if not text.isprintable() and (match := (_UNWANTED_IN_PROSE if line_ends else _UNWANTED).search(text)):
        _refuse_character(field, text, match.start())
    check_size(field, text)


def check_size(field: str, text: str) -> None:
    """Refuse text over 1 MiB."""
    # No character has more than four bytes, so most texts need not be encoded.
    if len(text) * 4 > MAX_TEXT_BYTES and (size := len(text.encode())) > MAX_TEXT_BYTES:
        raise TextTooLong(field=field, size=size, limit=MAX_TEXT_BYTES)


def check_sep(field: str, sep: str) -> None:
    """Refuse a separator that holds anything but line ends."""
    if sep == "\n":
        return
    if len(sep) > MAX_SEPARATOR_ENDS or sep.strip("\r\n"):
        raise BadSeparator(field=field, limit=MAX_SEPARATOR_ENDS)


def check_id(field: str, value: str) -> None:
    """Refuse an invalid id; an id is 1 to 64 ASCII letters, digits, '_', '-', '.' or ':'."""
    if not _ID.fullmatch(value):
        raise BadId(field=field, value=value[:80])


def check_ids(field: str, ids: Sequence[str]) -> None:
    """Refuse invalid and duplicate ids."""
    seen: set[str] = set()
    for value in ids:
        check_id(field, value)
        if value in seen:
            raise DuplicateId(field=field, id=value)
        seen.add(value)


def check_expect(field: str, value: str | None) -> None:
    """Refuse an invalid content hash; None relies on an earlier command of the submission."""
    if value is not None and not _EXPECT.fullmatch(value):
        raise BadPayload(field=field, problem=f"{value[:80]!r} is not a hash: {EXPECT_DIGITS} digits 0-9 and a-f")


def check_neighbours(after: str | None, before: str | None) -> None:
    """Refuse neighbours with invalid ids; None is the start or the end of the script."""
    if after is not None:
        check_id("after", after)
    if before is not None:
        check_id("before", before)


def check_attrs(field: str, attrs: dict[str, Any]) -> None:
    """Refuse attributes whose names are not short lower-case words, or whose texts are invalid."""
    if len(attrs) > MAX_ATTRS:
        raise BadPayload(field=field, problem=f"at most {MAX_ATTRS} attributes")
    for name, value in attrs.items():
        if not _NAME.fullmatch(name):
            raise BadPayload(field=field, problem=f"{name[:80]!r} is not an attribute name")
        if isinstance(value, str):
            check_text(f"{field}.{name}", value)
        elif not is_exact(value):
            raise BadPayload(field=f"{field}.{name}", problem="whole numbers must be below 2^53")


def check_line(field: str, line: Line) -> None:
    """Refuse an invalid line."""
    check_id(f"{field}.id", line.id)
    check_text(f"{field}.text", line.text)
    check_sep(f"{field}.sep", line.sep)
    if line.attrs:
        check_attrs(f"{field}.attrs", line.attrs)


def check_lines(field: str, lines: Sequence[Line]) -> None:
    """Refuse invalid lines, and lines that share an id."""
    seen: set[str] = set()
    for position, line in enumerate(lines):
        check_line(f"{field}[{position}]", line)
        if line.id in seen:
            raise DuplicateId(field=field, id=line.id)
        seen.add(line.id)


def check_name(field: str, value: str) -> None:
    """Refuse a name that is not a short lower-case word."""
    if not _NAME.fullmatch(value):
        raise BadPayload(field=field, problem=f"{value[:80]!r} is not a lower-case name")


def check_payload(field: str, payload: Any) -> None:
    """Refuse a payload that is not JSON, is over 1 MiB or 32 deep, or holds invalid text or inexact numbers."""
    # The size first: it bounds the time of the check.
    if (size := _json_size(payload)) > MAX_TEXT_BYTES:
        raise TextTooLong(field=field, size=size, limit=MAX_TEXT_BYTES)
    try:
        _check_json(payload, MAX_DEPTH)
    except Rejected as refusal:
        # The path is built only for a refusal: building it for each value would be most of the work.
        refusal.facts["field"] = field + refusal.facts["field"]
        raise


def _json_size(payload: Any) -> int:
    """The size of a value as canonical JSON; 0 where it is not JSON, for which `_check_json` has a better message."""
    try:
        return len(canonical_json(payload))
    except (TypeError, ValueError, RecursionError, msgspec.EncodeError):
        return 0


def _check_json(value: Any, depth: int) -> None:
    """Check a value recursively; the `field` of a refusal is the path from here."""
    if depth == 0:
        raise BadPayload(field="", problem=f"nested more than {MAX_DEPTH} deep")
    if isinstance(value, str):
        check_text("", value, line_ends=True)
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check_key("", name)
            try:
                _check_json(inner, depth - 1)
            except Rejected as refusal:
                refusal.facts["field"] = f".{name}{refusal.facts['field']}"
                raise
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            try:
                _check_json(inner, depth - 1)
            except Rejected as refusal:
                refusal.facts["field"] = f"[{position}]{refusal.facts['field']}"
                raise
    elif isinstance(value, int | float):
        if not is_exact(value):
            raise BadPayload(field="", problem="numbers must be between -2^53 and 2^53")
    elif value is not None:
        raise BadPayload(field="", problem=f"{type(value).__name__} is not a JSON value")


def _check_key(field: str, name: Any) -> None:
    if not isinstance(name, str) or len(name) > MAX_KEY:
        raise BadPayload(field=field, problem=f"names must be texts of at most {MAX_KEY} characters")
    check_text(field, name)


def _refuse_character(field: str, text: str, position: int) -> None:
    character = text[position]
    if character in "\r\n":
        raise LineEndInText(field=field, position=position)
    if "\ud800" <= character <= "\udfff":
        raise LoneSurrogate(field=field)
    raise ControlCharacter(field=field, codepoint=ord(character), position=position)
