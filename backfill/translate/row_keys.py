"""Keys and hashes of legacy rows: how a row is recognised when it is met again.

A row that others refer to (a user, a script) is known by its id, any other by the key of its table. A whole number is
the same key whether a column holds it as a number, a decimal or digits, because databases compare them as equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from hashlib import blake2b, sha256
from typing import Any

import msgspec

from backfill.kept_columns import key_json
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.row_names import MAX_SHOWN_BYTES
from domain.errors import Rejected
from domain.script.validation import EXACT, check_text
from domain.submissions.origin import MAX_KEY

ROW_HASH_BYTES = 16
# Targets whose rows others refer to by their id.
REFERRED = ("users", "scripts")

_encode = msgspec.msgpack.Encoder(decimal_format="string").encode


def key_columns(table: MappedTable) -> tuple[str, ...]:
    """The columns that a row is known by."""
    id_column = table.column("id") if table.target in REFERRED else None
    return (id_column,) if id_column is not None else tuple(table.key_columns)


def row_key(values: Sequence[Any]) -> str:
    """The values of these columns as the JSON list that is stored."""
    if len(values) == 1 and (number := whole_key(values[0])) is not None:
        return f"[{number}]"
    return key_json([value if (number := whole_key(value)) is None else number for value in values])


def never_repeated(_key: str) -> bool:
    """Whether several rows have a key of a table whose keys the source itself forbids to repeat."""
    return False


def key_digest(key: str) -> bytes:
    """The hash that a key is found by."""
    return sha256(key.encode()).digest()


def origin_key(values: Sequence[Any]) -> str:
    """The key of a row as the log names it, which no other row of the table has: readable, or a hash of it.

    Bytes that are no text, as of a UUID, are hexadecimal digits after `0x`. Between values is a slash; one in a value
    is `~1` and a tilde `~0`, as in a JSON Pointer, and NULL is `~`.
    """
    if len(values) == 1 and (number := values[0]).__class__ is int and -EXACT < number < EXACT:
        return str(number)  # most keys
    text = _text(values[0]) if len(values) == 1 else "/".join(map(_escaped, values))
    try:
        check_text("key", text)
    except Rejected:
        text = ""
    # Of texts that differ in spaces at their end only, the ledger's unique key takes one.
    is_readable = 0 < len(text) <= MAX_KEY and text[-1] != " " and text[0] != "#"
    return text if is_readable else f"#{sha256(repr(tuple(values)).encode()).hexdigest()}"


def whole_key(value: Any) -> int | None:
    """The whole number that a database takes a key for; None if it takes it for none."""
    if value.__class__ is int:
        return int(value) if -EXACT < value < EXACT else None
    if isinstance(value, Decimal):
        whole = value.is_finite() and abs(value) < EXACT and value == value.to_integral_value()
        return int(value) if whole else None
    if isinstance(value, str) and 0 < len(value) < 16 and value.isascii() and value.isdigit():
        return int(value) if value[0] != "0" or value == "0" else None
    return None


def key_rank(values: Sequence[Any]) -> list[tuple[int, int, str]]:
    """What sorts keys: whole numbers by their value, 9 before 10, and before them nothing; texts after them."""
    numbers = ((value, whole_key(value)) for value in values)
    return [(1, 0, _text(value)) if number is None else (0, number, "") for value, number in numbers]


def row_hash(hash_key: bytes, values: Sequence[Any]) -> bytes:
    """The keyed hash of the mapped values of a row, which changes when one of them does."""
    return row_hasher(hash_key)(values)


def row_hasher(hash_key: bytes) -> Callable[[Sequence[Any]], bytes]:
    """`row_hash` for many rows: the key is taken in once."""
    keyed = blake2b(digest_size=ROW_HASH_BYTES, key=hash_key).copy

    def hashed(values: Sequence[Any]) -> bytes:
        try:
            data = _encode(values)
        except (UnicodeEncodeError, OverflowError):
            data = _encode([_spelled(value) for value in values])
        state = keyed()
        state.update(data)
        return state.digest()

    return hashed


def _text(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    text = value.decode(errors="surrogateescape")
    return text if text.isprintable() or len(value) > MAX_SHOWN_BYTES else f"0x{value.hex()}"


def _escaped(value: Any) -> str:
    return "~" if value is None else _text(value).replace("~", "~0").replace("/", "~1")


def _spelled(value: Any) -> Any:
    """Text that is not Unicode as bytes, and a number of more than 64 bits as text."""
    if isinstance(value, str):
        return value.encode(errors="surrogateescape")
    return str(value) if isinstance(value, int) else value
