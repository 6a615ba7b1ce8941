"""Script lines from a decoded legacy content: ids, formats and texts that the ledger takes.

Ids of the document are kept where they are valid here; each other id is mapped to the same new one in every save. The
second line of an id gets an id of its own, as do lines without one, which is marked by an empty id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import sha256

from msgspec.structs import replace

from backfill.content.shape import Decoded, LegacyLine
from backfill.content.shapes import final_draft
from backfill.translate.fountain_lines import read_fountain
from backfill.translate.line_formats import LEGACY_FORMAT, MAX_LEGACY_FORMAT, our_format
from domain.errors import Rejected
from domain.formats.refusals import ControlCharacterInFile
from domain.script.line import Attr, Line, LineFormat
from domain.script.validation import check_id

# The shape whose lines are only source lines: their formats follow from the lines around them.
FOUNTAIN = "fountain"

# Most ids of a save are those of the save before. An id of a hostile document may have megabytes.
MAX_KNOWN_IDS = 4_096
MAX_KNOWN_CHARACTERS = 200

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
# What `check_text` refuses, except line ends.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def script_lines(decoded: Decoded) -> tuple[Line, ...]:
    """The lines of a content; a line without an id of its own has the id ''.

    Raises:
        Rejected: the content is Fountain that cannot be read.
    """
    if decoded.shape == FOUNTAIN:
        try:
            return read_fountain(decoded.lines)
        except ControlCharacterInFile:
            return read_fountain([replace(line, text=clean(line.text)) for line in decoded.lines])
    if decoded.shape == final_draft.NAME:
        return final_draft.lines_of(decoded.lines)
    if decoded.shape == "empty":
        return ()
    return tuple(_with_ids_once(line for legacy in decoded.lines for line in translated(legacy)))


def translated(legacy: LegacyLine) -> Sequence[Line]:
    """The line or lines of a legacy line: one for each line end in its text, and control characters left out."""
    line_id = "" if legacy.id is None else our_id(legacy.id)
    ours = our_format(legacy.format)
    if ours is not None and legacy.sep == "\n" and legacy.text.isprintable():
        # Most lines: a line end is not printable, nor is a control character.
        return (Line(line_id, ours, legacy.text),)
    return tuple(_any_translated(legacy, line_id, ours))


def _any_translated(legacy: LegacyLine, line_id: str, ours: LineFormat | None) -> Iterator[Line]:
    attrs: dict[str, Attr] = {}
    if ours is None:
        attrs[LEGACY_FORMAT] = clean(legacy.format)[:MAX_LEGACY_FORMAT]
    first, *rest = _LINE_ENDS.split(clean(legacy.text))
    sep = legacy.sep if not legacy.sep.strip("\r\n") else "\n"
    yield Line(line_id, ours or "action", first, "\n" if rest else sep, attrs)
    for number, text in enumerate(rest, 1):
        last = number == len(rest)
        yield Line(f"{line_id[:48]}.{number}" if line_id else "", ours or "action", text, sep if last else "\n", attrs)


def follows(legacy: LegacyLine, line: Line) -> bool:
    """Whether a legacy line follows from ours: nothing was removed from its text, nor was it given another id."""
    return (
        line.text == legacy.text
        and line.sep == legacy.sep
        and (legacy.id is None or line.id == legacy.id)
        and (not line.attrs or line.attrs.get(LEGACY_FORMAT, legacy.format) == legacy.format)
    )


def clean(text: str) -> str:
    """A text without characters that no line may hold; line ends stay."""
    return text if text.isprintable() else _CONTROLS.sub("", text)


def our_id(legacy_id: str) -> str:
    """The id itself where it is valid here, else an id that follows from it."""
    return _short_id(legacy_id) if len(legacy_id) <= MAX_KNOWN_CHARACTERS else _made_id(legacy_id)


@lru_cache(maxsize=MAX_KNOWN_IDS)
def _short_id(legacy_id: str) -> str:
    try:
        check_id("id", legacy_id)
    except Rejected:
        return _made_id(legacy_id)
    return legacy_id


def _made_id(legacy_id: str) -> str:
    return "x" + sha256(legacy_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _with_ids_once(lines: Iterable[Line]) -> Iterator[Line]:
    seen: set[str] = set()
    # The number that the next line of a doubled id tries first.
    numbers: dict[str, int] = {}
    for line in lines:
        line_id = line.id
        while line_id and line_id in seen:
            number = numbers[line.id] = numbers.get(line.id, 1) + 1
            line_id = f"{line.id[:48]}:{number}"
        seen.add(line_id)
        yield line if line_id == line.id else replace(line, id=line_id)


def with_new_ids(lines: Sequence[Line], prefix: str, first: int = 1) -> tuple[Line, ...]:
    """The same lines, each without an id named after the save and its place in it, which `first` is that of."""
    return tuple(line if line.id else replace(line, id=f"{prefix}.{place}") for place, line in enumerate(lines, first))
