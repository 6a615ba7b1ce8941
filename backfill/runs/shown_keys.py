"""Keys of legacy rows as people may see them: what may be an address or a token is replaced by its keyed hash."""

from __future__ import annotations

import json
import re
from typing import Any

from backfill.mapping.row_names import key_name, stored_value
from backfill.scanning.finding import keyed_hash

_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)


def shown_key(key: str, hash_key: bytes) -> str:
    """A key that is safe to show."""
    if not key.startswith("["):
        return key
    return json.dumps([_shown(part, hash_key) for part in json.loads(key)])


def _shown(part: Any, hash_key: bytes) -> int | str:
    if isinstance(part, int):
        return part
    name = key_name(stored_value(part))
    return name if part is not None and _ID.fullmatch(name) else _hashed(part, hash_key)


def _hashed(part: object, hash_key: bytes) -> str:
    return f"#{keyed_hash(hash_key, str(part).encode(errors='surrogateescape'))}"
