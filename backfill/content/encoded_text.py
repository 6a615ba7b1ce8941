"""Texts that an application compressed or encoded before it stored them: gzip, zlib, base64 and hexadecimal digits.

Recognition is linear in the length of a value, and decodes no more than its first bytes: whatever a value expands to,
a few kilobytes of it are made.
"""

from __future__ import annotations

import binascii
import re
import zlib
from base64 import b64decode

# Fewer characters may be a word.
MIN_ENCODED = 20
# How much of a value is decoded, in characters of base64 and hexadecimal digits: a whole number of groups of both.
DECODED_CHARACTERS = 4_096
MAX_INFLATED_BYTES = 4_096

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="
_SPACES = b" \t\r\n"
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")
# What may stand before and around base64: a data URL, a JSON string, and a field of a wrapper.
_DATA_URL = re.compile(rb"data:[a-zA-Z0-9.+/;=-]{0,100};base64,")
_WRAPPED = re.compile(rb'"content"\s{0,9}:\s{0,9}"')
# What values begin with that need another look: most contents are cleared by these two.
_COMPRESSED = re.compile(rb"\x1f\x8b|(?:.{4})?x[\x01\x5e\x9c\xda]|BZh|\xfd7zXZ|\x28\xb5|PK\x03", re.DOTALL)
_CHARACTERS = re.compile(rb'\s{0,99}(?:[A-Za-z0-9+/_=-]{20}|"|data:|\{(?!.{0,40}"lines"))', re.DOTALL)
# Where all this begins.
PREFIX_BYTES = 1_024
# How compressed data begin, in formats that are not inflated here.
_OTHERS = (
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "a ZIP archive"),
)
_ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_GZIP = b"\x1f\x8b\x08"
# MySQL's COMPRESS() writes the length of the text before it.
_LENGTH_BYTES = 4


def encoding_of(value: bytes) -> str | None:
    """How a value is encoded or compressed, in a few words; None if it is neither."""
    if _COMPRESSED.match(value) is not None and (found := _compression(value)) is not None:
        return found
    return None if _CHARACTERS.match(value) is None else _of_characters(_joined(_characters_in(value)))


def _characters_in(value: bytes) -> bytes:
    """The characters that may be encoded: of a JSON string, of the text in a wrapper, after the head of a data URL."""
    start = value[:PREFIX_BYTES]
    body = start.lstrip()
    begin, end = len(start) - len(body), len(value)
    if body.startswith(b"{"):
        field = _WRAPPED.search(body)
        # Elsewhere it is the text of a line.
        if field is None or any(each in body[1 : field.start()] for each in (b"[", b"{")):
            return b""
        begin += field.end()
        end = value.find(b'"', begin)
    elif body.startswith(b'"'):
        begin += 1
        end = value.find(b'"', begin)
        if value[end + 1 :].strip():
            return b""
    elif (url := _DATA_URL.match(body)) is not None:
        begin += url.end()
    if body[:1] in (b'"', b"{"):
        return value[begin:end].replace(b"\\r", b"").replace(b"\\n", b"\n").replace(b"\\/", b"/")
    return value[begin:]


def _joined(value: bytes) -> bytes:
    """Characters of base64 without line ends, which MIME writes after lines of one length; else nothing."""
    # The first word of a text is shorter, and has other characters.
    first = value[:PREFIX_BYTES].split(None, 1)[:1]
    if not first or len(first[0]) < MIN_ENCODED or first[0].translate(None, _BASE64):
        return b""
    words = [] if value.translate(None, _BASE64 + _SPACES) else value.split()
    encoded = b"".join(words) if len({len(word) for word in words[:-1]}) <= 1 else b""
    bare = encoded.rstrip(b"=")
    return encoded if len(bare) >= MIN_ENCODED - 2 and b"=" not in bare else b""


def _of_characters(encoded: bytes) -> str | None:
    """What characters encode."""
    start = encoded[:DECODED_CHARACTERS]
    is_whole = len(start) == len(encoded)
    if len(encoded) % 2 == 0 and not start.translate(None, _HEX_DIGITS) and not encoded.translate(None, _HEX_DIGITS):
        found = _decoded(binascii.unhexlify(start), is_whole=is_whole)
        if found is not None:
            return f"hexadecimal digits of {found}"
    bare = start.rstrip(b"=").translate(_URL_SAFE)
    if not bare or len(bare) % 4 == 1:
        return None
    found = _decoded(b64decode(bare + b"=" * (-len(bare) % 4)), is_whole=is_whole)
    return None if found is None else f"base64 of {found}"


def _decoded(data: bytes, *, is_whole: bool) -> str | None:
    """What decoded characters are: compressed, or a text with blanks or markup; None if they are anything else."""
    if (found := _compression(data)) is not None:
        return found
    try:
        # A character of up to four bytes may be cut at the end of the part.
        text = data.decode() if is_whole else data[:-3].decode(errors="ignore")
    except UnicodeDecodeError:
        return None
    if not is_whole and len(text.encode()) < len(data) - 6:
        return None
    if not re.sub(r"[\t\r\n]", "", text).isprintable():
        return None
    return "text" if text.startswith(("{", "[", "<")) or any(map(str.isspace, text)) else None


def _compression(data: bytes) -> str | None:
    """The format of compressed data."""
    if data[:3] == _GZIP and _inflates(data, zlib.MAX_WBITS | 16):
        return "gzip"
    if data[:2] in _ZLIB and _inflates(data, zlib.MAX_WBITS):
        return "zlib"
    if data[_LENGTH_BYTES : _LENGTH_BYTES + 2] in _ZLIB and _inflates(data[_LENGTH_BYTES:], zlib.MAX_WBITS):
        return "zlib after a length, as COMPRESS() writes it"
    return next((name for magic, name in _OTHERS if data.startswith(magic) and not data[:64].isascii()), None)


def _inflates(data: bytes, window: int) -> bool:
    """Whether the beginning of data is compressed; no more than MAX_INFLATED_BYTES are made."""
    inflater = zlib.decompressobj(window)
    try:
        made = inflater.decompress(data[:DECODED_CHARACTERS], MAX_INFLATED_BYTES)
    except zlib.error:
        return False
    # A text like x^2 may begin as zlib does, and a few of its characters are inflated without an error.
    is_cut = len(data) > DECODED_CHARACTERS or len(made) == MAX_INFLATED_BYTES or window != zlib.MAX_WBITS
    return bool(made) and (inflater.eof or is_cut)
