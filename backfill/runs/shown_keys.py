"""Keys of legacy rows as people may see them: what may be an address or a token is replaced by its keyed hash."""

from __future__ import annotations

import json
import re

from backfill.scanning.finding import keyed_hash

_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)


def shown_key(key: str, hash_key: bytes) -> str:
    """A key that is safe to show."""
    if not key.startswith("["):
        return key
    parts = [part if isinstance(part, int) or _is_id(part) else _hashed(part, hash_key) for part in json.loads(key)]
    return json.dumps(parts)


def _is_id(part: object) -> bool:
    return isinstance(part, str) and _ID.fullmatch(part) is not None


def _hashed(part: object, hash_key: bytes) -> str:
    return f"#{keyed_hash(hash_key, str(part).encode(errors='surrogateescape'))}"
