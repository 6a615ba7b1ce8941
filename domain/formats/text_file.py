"""Text files: bytes to text, whatever program wrote them, with every change named.

UTF-8 stays as it is. What is unmistakable is decoded or replaced, and named in `changes`; anything else is refused with
all its places, and with the option that imports it.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE, lookup
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

from domain.formats.control_characters import without_controls
from domain.formats.encoding_detection import ENCODINGS, narrow_encoding, wide_encoding
from domain.formats.format import MAX_FILE_BYTES, MAX_LINES
from domain.formats.places import line_number, numbered, places
from domain.formats.refusals import FileTooLarge, NotInEncoding, NotUtf8, UnknownEncoding

UTF_8 = "utf-8"
_NOT_ASCII = re.compile(r"[\x80-\xff][^\r\n]*")
# Longest mark first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (BOM_UTF32_LE, "utf-32"),
    (BOM_UTF32_BE, "utf-32"),
    (BOM_UTF16_LE, "utf-16"),
    (BOM_UTF16_BE, "utf-16"),
)
_UNICODE = (UTF_8, "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
_OTHERS = (
    *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
    *(
        "cp852",
        "cp855",
        "cp865",
        "cp1256",
        "cp1258",
        "mac-greek",
        "mac-latin2",
        "mac-turkish",
        "mac-iceland",
        "shift_jis",
        "euc_jp",
    ),
    *("gbk", "big5", "euc_kr", "ascii"),
)
_KNOWN = {lookup(encoding).name for encoding in (*_UNICODE, *ENCODINGS, *_OTHERS)}
_TITLES = {
    **{f"cp125{number}": f"Windows-125{number}" for number in range(9)},
    **{"mac-roman": "Mac OS Roman", "mac-latin2": "Mac OS Central European", "mac-cyrillic": "Mac OS Cyrillic"},
    **{"cp932": "Shift JIS", "euc_jis_2004": "EUC-JP", "big5hkscs": "Big5"},
}


class TextFile(Struct, frozen=True):
    """The text of a file, and the changes made for it, in sentences; none for UTF-8 without control characters."""

    text: str
    changes: tuple[str, ...] = ()


def decode(data: bytes, encoding: str | None = None, *, remove_controls: bool = False) -> TextFile:
    """The text of a file, in a given encoding or in the one that it is unmistakably in.

    Raises:
        FileTooLarge: it is longer than any screenplay.
        UnknownEncoding, NotInEncoding: there is no such encoding, or the file is not in it.
        NotUtf8: its encoding is not clear.
        ControlCharacterInFile: it holds control characters whose meaning is not clear, and they are to stay.
    """
    _require_small(len(data))
    used, text = _decoded(data, encoding)
    changes = [] if used == UTF_8 else [f"The file was read as {_title(used)}; an export is UTF-8."]
    text = without_controls(text, changes, remove=remove_controls)
    if changes and not text.isascii():
        _require_small(len(text.encode()))
    return TextFile(text, tuple(changes))


def _require_small(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise FileTooLarge(size=size, limit=MAX_FILE_BYTES)


def _decoded(data: bytes, named: str | None) -> tuple[str, str]:
    if named is not None:
        encoding = _known(named)
        text = _strictly(data, encoding)
        if text is None:
            raise NotInEncoding(encoding=named[:40], places=places(_undecodable(data, encoding)))
        return encoding, text
    for encoding in _candidates(data):
        if (text := _strictly(data, encoding)) is not None:
            return encoding, text
    raise NotUtf8(places=places(_undecodable(data, UTF_8)))


def _candidates(data: bytes) -> Iterator[str]:
    yield from (encoding for mark, encoding in _MARKS if data.startswith(mark))
    # Before UTF-8, which text in UTF-16 without accents is too, with NULs in it.
    if wide := wide_encoding(data):
        yield wide
    yield UTF_8
    if narrow := narrow_encoding(data):
        yield narrow


def _known(named: str) -> str:
    try:
        encoding = lookup(named).name if named.isascii() and len(named) <= 40 else ""
    except (LookupError, ValueError):
        encoding = ""
    if encoding not in _KNOWN:
        raise UnknownEncoding(encoding=named[:40])
    return encoding


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _undecodable(data: bytes, encoding: str) -> Iterator[int]:
    """The lines, from 1, that are not text in an encoding; only the first one in UTF-16 and UTF-32."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        first = error.start
    else:
        return
    if encoding in _UNICODE[1:]:
        yield line_number(data[:first].decode(encoding, "ignore"))
        return
    start = max(data.rfind(end, 0, first) for end in (b"\n", b"\r")) + 1
    # Latin-1 has one character for each byte, so lines can be counted in bytes that are not text.
    above = line_number(data[:start].decode("latin-1")) - 1
    for number, rest in islice(numbered(data[start:].decode("latin-1"), _NOT_ASCII), MAX_LINES):
        if _strictly(rest.encode("latin-1"), encoding) is None:
            yield above + number


def _title(encoding: str) -> str:
    return _TITLES.get(encoding, encoding.upper())
