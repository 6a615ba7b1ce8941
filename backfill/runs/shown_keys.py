"""Keys of legacy rows as people may see them: what may be an address or a token is replaced by its keyed hash."""

from __future__ import annotations

import json
import re
from typing import Any

from backfill.kept_columns import key_values
from backfill.mapping.row_names import key_name
from backfill.scanning.finding import keyed_hash
from repos.backfill.quarantined_rows import QuarantinedRow

_ID = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)


def shown_key(key: str, hash_key: bytes, *, secret: bool = False) -> str:
    """A key that is safe to show; of a `secret` one only numbers are."""
    if not key.startswith("["):
        return key
    shown = [_shown(value, hash_key) for value in key_values(key)]
    return json.dumps([_hashed(value, hash_key) for value in key_values(key)] if secret else shown)


def shown_row(row: QuarantinedRow, hash_key: bytes) -> str:
    """The key of a row that was set aside, as decisions name it, and the columns that tell it if it is not shown."""
    key = shown_key(row.named_key, hash_key, secret=row.label is not None)
    return f"{key} ({row.label})" if row.label else key


def _shown(value: Any, hash_key: bytes) -> int | str:
    if isinstance(value, int):
        return value
    name = key_name(value)
    return name if value is not None and _ID.fullmatch(name) else _hashed(value, hash_key)


def _hashed(part: object, hash_key: bytes) -> int | str:
    if isinstance(part, int):
        return part
    return f"#{keyed_hash(hash_key, str(part).encode(errors='surrogateescape'))}"
