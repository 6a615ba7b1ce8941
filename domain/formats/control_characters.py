"""Control characters in a text: replaced where their meaning is clear, removed on request, refused otherwise."""

from __future__ import annotations

import re

from domain.formats.encoding_detection import WINDOWS
from domain.formats.format import MAX_LINES
from domain.formats.places import LINE_END, numbered, places
from domain.formats.refusals import ControlCharacterInFile, TooManyLines

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_CONTROL_LINE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f][^\r\n]*")
# Control characters of ISO 8859-1, which no text uses.
_C1 = [chr(code) for code in range(0x80, 0xA0)]
_MEANT = {code: meant for code in range(0x80, 0xA0) if (meant := bytes([code]).decode(WINDOWS, "ignore"))}
_END_OF_FILE = "\x1a"
_PAGE_BREAK = "==="
# How many kinds of control characters a refusal names.
_MAX_KINDS = 8


def without_controls(text: str, changes: list[str], *, remove: bool) -> str:
    """The text without control characters; adds a sentence to `changes` for each kind of change.

    * U+0080 to U+009F are Windows-1252 that was read as Latin-1, if all of them have a meaning in that.
    * A form feed is a page break, and a vertical tab a line end, as in text from Word.
    * U+001A at the end is the end of a file of DOS.

    Raises:
        ControlCharacterInFile: there are others, and they are not to be removed.
    """
    if not _CONTROL.search(text):
        return text
    text = _without_end(text, changes)
    text = _with_windows_signs(text, changes)
    if "\x0b" in text:
        changes.append(_counted(text.count("\x0b"), "vertical tab", "a line end", "line ends"))
        text = text.replace("\x0b", _line_end(text))
    if "\f" in text:
        if (count := text.count("\f")) > MAX_LINES:
            raise TooManyLines(limit=MAX_LINES)
        text, breaks = with_page_breaks(text)
        changes.append(
            _counted(breaks, "form feed", "a page break", "page breaks")
            if breaks
            else "Form feeds without a page before or after them were removed."
        )
    if not _CONTROL.search(text):
        return text
    if not remove:
        kinds = [chr(code) for code in range(0xA0) if _CONTROL.match(chr(code)) and chr(code) in text]
        names = ", ".join(f"U+{ord(kind):04X}" for kind in kinds[:_MAX_KINDS])
        raise ControlCharacterInFile(
            characters=names + (", …" if len(kinds) > _MAX_KINDS else ""),
            places=places(number for number, _ in numbered(text, _CONTROL_LINE)),
        )
    shorter = _CONTROL.sub("", text)
    count = len(text) - len(shorter)
    changes.append(f"{count} control character{'s were' if count > 1 else ' was'} removed.")
    return shorter


def with_page_breaks(text: str) -> tuple[str, int]:
    """The text with a page break for each form feed, between empty lines, and their number.

    There is none at the top or the end of the text, and one for several form feeds in a row.
    """
    line_end = _line_end(text)
    parts = text.split("\f")
    pages = [part for part in parts if part.strip()]
    if not pages:
        return "".join(parts), 0
    joined = [pages[0]]
    for page in pages[1:]:
        joined += (_missing_ends(joined[-1][-4:], line_end), _PAGE_BREAK, _missing_starts(page[:4], line_end), page)
    return "".join(joined), len(pages) - 1


def _missing_ends(end: str, line_end: str) -> str:
    return line_end * max(0, 2 - len(LINE_END.findall(end[len(end.rstrip("\r\n")) :])))


def _missing_starts(start: str, line_end: str) -> str:
    return line_end * max(0, 2 - len(LINE_END.findall(start[: len(start) - len(start.lstrip("\r\n"))])))


def _without_end(text: str, changes: list[str]) -> str:
    shorter = text.rstrip(_END_OF_FILE)
    if shorter != text:
        changes.append("The end-of-file character of DOS was removed.")
    return shorter


def _with_windows_signs(text: str, changes: list[str]) -> str:
    kinds = [character for character in _C1 if character in text]
    if not kinds or any(ord(kind) not in _MEANT for kind in kinds):
        return text
    count = sum(map(text.count, kinds))
    meant = " ".join(_MEANT[ord(kind)] for kind in kinds)
    changes.append(f"{count} control character{'s were' if count > 1 else ' was'} read as in Windows-1252: {meant}")
    return text.translate(_MEANT)


def _line_end(text: str) -> str:
    found = LINE_END.search(text)
    return found[0] if found else "\n"


def _counted(count: int, what: str, became: str, became_many: str) -> str:
    return f"{count} {what}s became {became_many}." if count > 1 else f"A {what} became {became}."
