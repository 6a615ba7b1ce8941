"""Keys of legacy rows as people may see them: what may be an address or a token is replaced by its keyed hash."""

from __future__ import annotations

import json
import re
from typing import Any

from backfill.kept_columns import key_values
from backfill.mapping.row_names import key_name
from backfill.scanning.finding import keyed_hash

_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)


def shown_key(key: str, hash_key: bytes) -> str:
    """A key that is safe to show."""
    if not key.startswith("["):
        return key
    return json.dumps([_shown(value, hash_key) for value in key_values(key)])


def _shown(value: Any, hash_key: bytes) -> int | str:
    if isinstance(value, int):
        return value
    name = key_name(value)
    return name if value is not None and _ID.fullmatch(name) else _hashed(value, hash_key)


def _hashed(part: object, hash_key: bytes) -> str:
    return f"#{keyed_hash(hash_key, str(part).encode(errors='surrogateescape'))}"
