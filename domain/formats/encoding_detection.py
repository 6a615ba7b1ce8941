"""Detection of the encoding of a text that is not UTF-8; only an unmistakable one is taken.

chardet ranks the encodings that writers' machines used. Statistics know little about a script in English with a few
typographic quotes, so a candidate must also look like text: a capital or a sign in the middle of a word (`cafÚ`), or a
Cyrillic letter in a Latin word, rules it out. Two candidates of nearly equal rank are none. A text in a Latin script
with letters in UTF-8 is damaged, or has two encodings.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from itertools import islice
from unicodedata import category, name

import chardet

from domain.formats.format import MAX_LINES

# Encodings of text files on Windows, Mac OS and DOS, by the names of chardet.
ENCODINGS = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1257", "iso8859-2", "koi8-r", "koi8-u"),
    *("cp437", "cp850", "cp866", "mac-roman", "mac-cyrillic"),
    *("cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949"),
)
WINDOWS = "cp1252"
# Those of one byte with Latin letters.
_LATIN = frozenset({"cp1250", WINDOWS, "cp1254", "cp1257", "iso8859-2", "cp437", "cp850", "mac-roman"})
_NEIGHBOUR = "cp1250"
MAX_SAMPLE_BYTES = 50_000
_CONTEXT_BYTES = 40

_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# The preference for the most common encoding: in general, where its neighbour agrees, where it has typographic signs.
_PREFERENCE, _AGREED_PREFERENCE, _TYPOGRAPHIC_PREFERENCE = 1.2, 1.5, 2.0
# The rank that a candidate needs, and its lead over other texts. One letter in a file of English has a rank of 0.004.
_MIN_RANK, _MIN_LEAD = 0.01, 1.12
_TYPOGRAPHIC = frozenset("‘’“”–—…«»‹›‚„")
_NOT_ASCII_LINE = re.compile(rb"[\x80-\xff][^\r\n]*")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# Letters and punctuation of Latin scripts in UTF-8; the last alternative may be incomplete.
_UTF8 = re.compile(rb"\xc2[\xa0-\xbf]|[\xc3-\xc5][\x80-\xbf]|\xe2[\x80-\x84]")
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x19\x1b-\x1f\x7f]")
# Punctuation that is never between two letters, never after one, and never next to one.
_NOT_INSIDE = frozenset("¿¡“”•")
_NOT_AFTER_LETTERS = frozenset("‚„")
_NOT_AT_LETTERS = frozenset("†‡‰")
# Dashes that Mac OS has as `ñ` and `ó`; only the first is rare between two letters. Low quotes, and those that close.
_DASH_IN_WORD = re.compile(r"(?<=[a-z])[–—](?=[a-z])")
_SHORT_DASH_IN_WORD = re.compile(r"(?<=[a-z])–(?=[a-z])")
_LOW_QUOTES = (("„", "“”"), ("‚", "‘’"))
_SIGNS = frozenset("©®™€£°")


def wide_encoding(data: bytes) -> str | None:
    """The UTF-16 or UTF-32 encoding of a text without a byte order mark, which has a NUL in every ASCII character."""
    if b"\0" not in data[:MAX_SAMPLE_BYTES]:
        return None
    found = chardet.detect(data[:MAX_SAMPLE_BYTES], compat_names=False)["encoding"]
    return found if found in _WIDE else None


def narrow_encoding(data: bytes) -> str | None:
    """The encoding of a text that is neither ASCII nor Unicode; None where it could be several, or is not text."""
    if _BINARY.search(data) or _is_partly_utf8(data):
        return None
    sample = _sample(data)
    has_utf8 = _UTF8.search(data) is not None
    windows = _decoded(sample, WINDOWS)
    if not has_utf8 and windows is not None and _fits_everywhere(windows) and _has_only_signs(windows):
        return WINDOWS
    candidates = _candidates(sample)
    ranked = sorted((each for each in candidates if _is_supported(each[2])), reverse=True)
    # Lone capitals, as in `È vero`, support no encoding, but such a text may still be meant.
    rivals = [each for each in candidates if each in ranked or _has_no_symbols(each[2])]
    if not ranked:
        return None
    rank, encoding, text = ranked[0]
    is_sure = rank >= _MIN_RANK or (text == windows == _decoded(sample, _NEIGHBOUR))
    if not is_sure or any(other * _MIN_LEAD > rank for other, _, rival in rivals if rival != text):
        return None
    found = WINDOWS if text == windows else encoding
    return None if has_utf8 and found in _LATIN else found


def _is_partly_utf8(data: bytes) -> bool:
    """Whether some lines are UTF-8 beyond ASCII: then the file has several encodings, or is damaged."""
    count = valid = 0
    for match in islice(_NOT_ASCII_LINE.finditer(data), MAX_LINES):
        count += 1
        valid += _decoded(match[0], "utf-8") is not None
    return valid * 10 > count


def _sample(data: bytes) -> bytes:
    """The parts of lines with other characters than ASCII, and some before them."""
    size = 0
    parts: list[bytes] = []
    for match in _NOT_ASCII_LINE.finditer(data):
        start = max(match.start() - _CONTEXT_BYTES, 0)
        line = max(data.rfind(end, start, match.start()) for end in (b"\n", b"\r")) + 1
        part = data[max(start, line) : match.end()]
        size += len(part)
        if parts and size > MAX_SAMPLE_BYTES:
            break
        parts.append(part)
    return b"\n".join(parts)[:MAX_SAMPLE_BYTES]


def _candidates(sample: bytes) -> list[tuple[float, str, str]]:
    candidates = []
    found = chardet.detect_all(sample, ignore_threshold=True, include_encodings=ENCODINGS, compat_names=False)
    for result in found:
        encoding = result["encoding"]
        text = None if encoding is None else _decoded(sample, encoding)
        if encoding is None or text is None or not _fits_everywhere(text):
            continue
        candidates.append((result["confidence"] * _preference(encoding, text, sample), encoding, text))
    return candidates


def _preference(encoding: str, text: str, sample: bytes) -> float:
    if encoding != WINDOWS:
        return 1.0
    if _has_dubious_signs(text):
        return 1.0
    if not _TYPOGRAPHIC.isdisjoint(text):
        return _TYPOGRAPHIC_PREFERENCE
    return _AGREED_PREFERENCE if text == _decoded(sample, _NEIGHBOUR) else _PREFERENCE


def _decoded(data: bytes, encoding: str) -> str | None:
    """The text of a sample, whose last character may be incomplete; None where it is not in this encoding."""
    try:
        return getincrementaldecoder(encoding)().decode(data, final=len(data) < MAX_SAMPLE_BYTES)
    except UnicodeDecodeError:
        return None


def _fits_everywhere(text: str) -> bool:
    """Whether every character fits its neighbours."""
    return all(
        _fits(match[0], text[max(match.start() - 2, 0) : match.start()], text[match.end() : match.end() + 1])
        for match in _NOT_ASCII.finditer(text)
    )


def _is_supported(text: str) -> bool:
    """Whether most characters are in words or typographic."""
    count = supported = 0
    for match in _NOT_ASCII.finditer(text):
        neighbours = text[max(match.start() - 1, 0) : match.end() + 1].replace(match[0], "", 1)
        count += 1
        supported += match[0] in _TYPOGRAPHIC | _SIGNS or (match[0].isalpha() and any(map(str.isalpha, neighbours)))
    return supported * 2 > count


def _fits(character: str, before: str, after: str) -> bool:
    """Whether a character can stand after two others and before another one in prose."""
    neighbours = (before[-1:], after)
    is_inside = all(map(str.isalpha, neighbours))
    match category(character)[0]:
        case "L":
            return _letter_fits(character, before, after)
        case "C":
            return False
        case "S" | "N":
            return not (is_inside or (character == "€" and after.isalpha()))
        case _ if character in _NOT_AT_LETTERS:
            return not any(map(str.isalpha, neighbours))
        case _ if character in _NOT_AFTER_LETTERS:
            return not before[-1:].isalpha()
        case _:
            return not (is_inside and character in _NOT_INSIDE)


def _letter_fits(letter: str, before: str, after: str) -> bool:
    if letter == "ƒ":
        return not any(map(str.isalpha, (before[-1:], after)))
    is_in_latin_word = any(other.isascii() and other.isalpha() for other in (before[-1:], after))
    if is_in_latin_word and letter not in "ªº" and not name(letter, "").startswith("LATIN"):
        return False
    if letter.islower():
        if after.isupper() and letter not in "ßªº":
            return False
        return letter == "ß" or not (len(before) > 1 and before.isupper() and before.isalpha())
    return not letter.isupper() or not (before[-1:].islower() or (before[-1:].isupper() and after.islower()))


def _has_no_symbols(text: str) -> bool:
    """Whether there are no lines of boxes and the like, and no `ı`, which DOS has where Mac OS has an apostrophe."""
    others = _NOT_ASCII.findall(text)
    return all(each in _SIGNS or (category(each)[0] in "LPZ" and each != "ı") for each in others)


def _has_only_signs(text: str) -> bool:
    """Whether there are no letters beyond ASCII, and no signs that may be letters in another encoding."""
    return not (_DASH_IN_WORD.search(text) or _has_dubious_signs(text)) and all(
        category(match[0])[0] in "PZ" or match[0] in _SIGNS for match in _NOT_ASCII.finditer(text)
    )


def _has_dubious_signs(text: str) -> bool:
    """Whether many signs of Windows-1252 may be letters in another encoding, as `se–or` and `‚a va`."""
    dashes = len(_SHORT_DASH_IN_WORD.findall(text))
    return dashes * 2 > len(_NOT_ASCII.findall(text)) or any(
        text.count(low) > sum(map(text.count, closing)) for low, closing in _LOW_QUOTES
    )
