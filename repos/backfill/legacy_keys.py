"""Table legacy_keys: what each migrated legacy row became, by its table and key."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, select, update

from repos.database.session import Session
from repos.schema.backfill_tables import legacy_keys

# Keys asked for in one statement.
KEYS_PER_QUERY = 512


class KeyRow(NamedTuple):
    """What a row became: the target, the id with us, and the keyed hash of its values when it was migrated."""

    target: str
    our_id: int
    row_hash: bytes


class NewKey(NamedTuple):
    """A migrated row: its key as a JSON list, the id with us, and the keyed hash of its values (16 bytes)."""

    key: str
    our_id: int
    row_hash: bytes


_COLUMNS = ("source_table", "key_sha256", "target", "our_id", "row_hash")
_CHANGE = (
    update(legacy_keys)
    .where(legacy_keys.c.source_table == bindparam("source"), legacy_keys.c.key_sha256 == bindparam("key"))
    .values(row_hash=bindparam("new"))
)
_HIGHEST = select(func.max(legacy_keys.c.our_id)).where(legacy_keys.c.target == bindparam("kind"))
_COUNT = select(func.count()).select_from(legacy_keys).where(legacy_keys.c.source_table == bindparam("source"))
_TARGETS = (
    select(legacy_keys.c.target, func.count())
    .where(legacy_keys.c.source_table == bindparam("source"))
    .group_by(legacy_keys.c.target)
)


@cache
def _find(size: int) -> Select[Any]:
    """Asks for as many keys; padded to a power of two, so that few statements are built."""
    wanted: list[Any] = [bindparam(f"key_{place}") for place in range(size)]
    return select(legacy_keys.c.key_sha256, legacy_keys.c.target, legacy_keys.c.our_id, legacy_keys.c.row_hash).where(
        legacy_keys.c.source_table == bindparam("source"), legacy_keys.c.key_sha256.in_(wanted)
    )


class LegacyKeys:
    """The keys of all legacy tables."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, source_table: str, target: str, keys: Iterable[tuple[str, int, bytes]]) -> None:
        """Store migrated rows, each a `NewKey`, with the commit; a key that is there ends it with `DuplicateKey`."""
        rows = [(source_table, _digest(key), target, our_id, row_hash) for key, our_id, row_hash in keys]
        self._session.later_insert(legacy_keys, _COLUMNS, rows)

    def find(self, source_table: str, keys: Iterable[str]) -> dict[str, KeyRow]:
        """Those of the keys that were migrated."""
        by_digest = {_digest(key): key for key in keys}
        digests = list(by_digest)
        found: dict[str, KeyRow] = {}
        for start in range(0, len(digests), KEYS_PER_QUERY):
            part = digests[start : start + KEYS_PER_QUERY]
            part += part[-1:] * ((1 << (len(part) - 1).bit_length()) - len(part))
            params = {f"key_{place}": digest for place, digest in enumerate(part)}
            for digest, *row in self._session.rows(_find(len(part)), source=source_table, **params):
                found[by_digest[bytes(digest)]] = KeyRow(*row)
        return found

    def change(self, source_table: str, key: str, row_hash: bytes) -> None:
        """Store another hash of a row's values, with the commit."""
        self._session.later(_CHANGE, rows=1, source=source_table, key=_digest(key), new=row_hash)

    def highest(self, target: str) -> int:
        """The highest id that rows of a target were given; 0 if there is none."""
        return int(self._session.rows(_HIGHEST, kind=target)[0][0] or 0)

    def targets(self, source_table: str) -> dict[str, int]:
        """What the rows of a table became, and how many did."""
        return {target: int(count) for target, count in self._session.rows(_TARGETS, source=source_table)}

    def count(self, source_table: str) -> int:
        """How many rows of a table were migrated."""
        return int(self._session.rows(_COUNT, source=source_table)[0][0])


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()
