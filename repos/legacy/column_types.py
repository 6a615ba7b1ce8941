"""Column types of legacy databases: what a type means, its length, its values, and what a text takes in one."""

from __future__ import annotations

import re

# The kind of a column by the first word of its type; any other type is `unknown`.
KINDS = {
    **dict.fromkeys(
        ("tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year", "bool", "boolean"), "integer"
    ),
    **dict.fromkeys(("decimal", "numeric", "dec", "fixed"), "decimal"),
    **dict.fromkeys(("float", "double", "real"), "float"),
    **dict.fromkeys(
        ("char", "varchar", "text", "tinytext", "mediumtext", "longtext", "nchar", "nvarchar", "clob"), "text"
    ),
    **dict.fromkeys(("uuid", "inet4", "inet6"), "text"),
    **dict.fromkeys(("binary", "varbinary", "blob", "tinyblob", "mediumblob", "longblob", "bit"), "bytes"),
    **dict.fromkeys(("datetime", "timestamp"), "moment"),
    "date": "date",
    "time": "time",
    "json": "json",
    "enum": "enum",
    "set": "set",
    "": "any",  # SQLite: a column without a type
}
LENGTH = re.compile(r"\((\d+)\)")
_QUOTED = re.compile(r"'((?:[^']|'')*)'")
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


def kind_of(declared: str) -> str:
    """The kind of a column by its type: `varchar(20)` is text, `tinyint(1) unsigned` an integer."""
    first = re.match(r"\w*", declared.strip().lower())
    return KINDS.get(first[0] if first else "", "unknown")


def lower_type(declared: str) -> str:
    """A type in lower case, except for the values of an enum."""
    word, bracket, rest = declared.partition("(")
    return word.lower() + bracket + (rest if "'" in rest else rest.lower())


def values_of(declared: str) -> tuple[str, ...]:
    return tuple(value.replace("''", "'") for value in _QUOTED.findall(declared))


def stored_bytes(value: str | bytes, charset: str | None) -> int:
    """The number of bytes that a text takes in a column; bytes are those of its UTF-8, as contents are read."""
    if charset is None or charset == "binary" or charset.startswith("utf8"):
        if isinstance(value, bytes):
            return len(value)
        return len(value) if value.isascii() else len(value.encode(errors="surrogateescape"))
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    codec = _CODECS.get(charset)
    return len(text) if codec is None else len(text.encode(codec, "replace"))
