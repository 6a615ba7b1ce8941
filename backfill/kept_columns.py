"""Kept columns as JSON: the key and the values of a legacy row, as they are stored in legacy_rows.

Everything can be had back from it: bytes and text that is not Unicode are written in hexadecimal, `{"hex": "00ff"}`,
decimals as text, and numbers that JSON readers round as `{"number": "18446744073709551615"}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from domain.script.hashing import canonical_json
from domain.script.validation import is_exact


def key_json(key: Sequence[Any]) -> str:
    """The key of a row as a JSON list."""
    return canonical_json([json_value(value) for value in key]).decode()


def columns_json(columns: Mapping[str, Any]) -> str:
    """Columns of a row as a JSON object."""
    return canonical_json({name: json_value(value) for name, value in columns.items()}).decode()


def json_value(value: Any) -> Any:
    """A value as JSON."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and not is_exact(value):
        return {"number": str(value)}
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return {"hex": value.encode(errors="surrogateescape").hex()}
    return value


def key_values(key: str) -> list[Any]:
    """The values of a key that `key_json` wrote: bytes as such, anything else as what has the same text."""
    return [_value(part) for part in json.loads(key)]


def _value(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return bytes.fromhex(part["hex"]) if "hex" in part else part["number"]
