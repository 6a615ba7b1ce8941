"""How a mapping and reports name a row: its key as text, bytes in hexadecimal digits."""

from __future__ import annotations

from typing import Any

# A UUID has 16.
MAX_SHOWN_BYTES = 18


def key_name(value: Any) -> str:
    """A value of a key as a mapping names it."""
    return value.hex() if isinstance(value, bytes) else str(value)


def names(decided: tuple[str | int, ...], key: tuple[Any, ...]) -> bool:
    """Whether a decision names the row with a key; bytes may be written as a UUID, or as `0x…`."""
    return len(decided) == len(key) and all(map(_is_named, decided, key))


def bytes_named(part: str | int) -> bytes | None:
    """The bytes that a decision names; None if they are not written in hexadecimal digits."""
    digits = str(part).removeprefix("0x").replace("-", "")
    try:
        return bytes.fromhex(digits) if len(digits) <= 2 * MAX_SHOWN_BYTES else None
    except ValueError:
        return None


def _is_named(part: str | int, value: Any) -> bool:
    return bytes_named(part) == value if isinstance(value, bytes) else str(part) == str(value)
