"""Column types of legacy databases: what a type means, its length and its values."""

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
