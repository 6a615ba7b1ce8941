"""The size of a text as a column of a legacy server stores it: the limits of its types count bytes of its charset."""

from __future__ import annotations

# Charsets with characters of several bytes, and Python's names for them; any other charset has one byte for each.
_CODECS = {
    "ucs2": "utf-16-le",
    "utf16": "utf-16-le",
    "utf16le": "utf-16-le",
    "utf32": "utf-32-le",
    "gbk": "gbk",
    "gb2312": "gb2312",
    "gb18030": "gb18030",
    "big5": "big5",
    "sjis": "cp932",
    "cp932": "cp932",
    "ujis": "euc_jp",
    "eucjpms": "euc_jp",
    "euckr": "euc_kr",
}


def stored_bytes(value: str | bytes, charset: str | None) -> int:
    """The number of bytes that a text takes in a column; bytes are those of its UTF-8, as contents are read."""
    if charset is None or charset == "binary" or charset.startswith("utf8"):
        if isinstance(value, bytes):
            return len(value)
        return len(value) if value.isascii() else len(value.encode(errors="surrogateescape"))
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    codec = _CODECS.get(charset)
    return len(text) if codec is None else len(text.encode(codec, "replace"))
