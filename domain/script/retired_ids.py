"""Retired ids: ids that were removed and are never used again.

They only ever grow, and are rarely needed: reading a version needs none, writing one needs only the few ids that its
commands name. So a keyframe holds them packed in a frame of their own, which is unpacked at the first lookup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
import zstandard
from immutables import Map
from msgspec import Struct

from domain.errors import Corrupt

LEVEL: Final = 2
MAX_BYTES: Final = 512 << 20


class _Columns(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    ids: list[str]
    versions: list[int]


_decoder = msgspec.json.Decoder(_Columns)
_encoder = msgspec.json.Encoder()


class Retired:
    """Immutable map from removed ids to the version that removed them, in that order; an addition costs its size."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: tuple[_Base, _Changes] = (_Base({}), Map())

    @classmethod
    def of(cls, versions: dict[str, int]) -> Retired:
        """Retired ids from a dictionary of ids and the versions that removed them."""
        return _of(_Base(_merged({}, versions)), Map())

    @classmethod
    def packed(cls, packed: bytes) -> Retired:
        """Retired ids from the bytes of `pack`; they are decoded at the first lookup."""
        return _of(_Base(packed), Map())

    def pack(self) -> bytes:
        """All ids as compressed bytes, the same for equal values."""
        return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compress(self.written())

    def written(self) -> bytes:
        """All ids as uncompressed bytes."""
        entries = self.entries()
        return _encoder.encode(_Columns(list(entries), list(entries.values())))

    def is_packed_in(self, packed: bytes) -> bool:
        """Whether these packed bytes hold the same ids, however they were compressed."""
        return _unzipped(packed) == self.written()

    def get(self, key: str) -> int | None:
        """The version that removed an id; None where none did, or a later one restored it.

        Raises:
            Corrupt: the packed bytes cannot be decoded.
        """
        base, changes = self._parts
        return changes[key] if key in changes else base.entries().get(key)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __getitem__(self, key: str) -> int:
        version = self.get(key)
        if version is None:
            raise KeyError(key)
        return version

    def entries(self) -> dict[str, int]:
        """All ids, the first removed first; not to be changed."""
        base, changes = self._parts
        if changes:
            # Same content as before; values derived from now on share the merged base.
            base = _Base(_merged(base.entries(), changes))
            self._parts = (base, Map())
        return base.entries()

    def keys(self) -> Iterable[str]:
        return self.entries().keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries())

    def __len__(self) -> int:
        return len(self.entries())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Retired) and self.entries() == other.entries()

    __hash__ = None  # type: ignore[assignment]  # as a dictionary

    def __repr__(self) -> str:
        return f"Retired({self.entries()!r})"

    def weight(self) -> int:
        """Approximate number of ids, without counting: packed ids count one for each byte."""
        base, changes = self._parts
        return base.weight() + len(changes)

    def may_exceed(self, limit: int) -> bool:
        """Whether there may be more than `limit` ids, without unpacking; False where there certainly are not."""
        base, changes = self._parts
        return base.limit() + len(changes) > limit

    def count(self) -> int:
        """Number of ids."""
        base, changes = self._parts
        entries = base.entries()
        return len(entries) + sum((version is not None) - (key in entries) for key, version in changes.items())

    def and_all(self, keys: Iterable[str], version: int) -> Retired:
        """These ids, and more that a version removed."""
        base, changes = self._parts
        changed = changes.mutate()
        for key in keys:
            changed[key] = version
        return _of(base, changed.finish())

    def without(self, key: str) -> Retired:
        """These ids without one that was restored, or was never among them."""
        base, changes = self._parts
        if base.is_unread or key in base.entries():
            return _of(base, changes.set(key, None))
        return _of(base, changes.delete(key)) if key in changes else self


class _Base:
    """Immutable entries, packed until the first lookup."""

    __slots__ = ("_entries",)

    def __init__(self, entries: dict[str, int] | bytes) -> None:
        self._entries = entries

    @property
    def is_unread(self) -> bool:
        return isinstance(self._entries, bytes)

    def weight(self) -> int:
        return len(self._entries)

    def limit(self) -> int:
        """Upper bound of the number of ids: packed, an id and its version take at least six bytes."""
        if isinstance(self._entries, dict):
            return len(self._entries)
        return int(zstandard.frame_content_size(self._entries)) // 6 + 1

    def entries(self) -> dict[str, int]:
        if isinstance(self._entries, bytes):
            self._entries = _unpacked(self._entries)
        return self._entries


# By id: the version that removed it, or None where it was restored.
_Changes = Map[str, int | None]


def _of(base: _Base, changes: Any) -> Retired:
    retired = Retired()
    retired._parts = (base, changes)
    return retired


def _merged(base: dict[str, int], changes: Any) -> dict[str, int]:
    entries = dict(base)
    for key in changes:
        entries.pop(key, None)
    removed = sorted((version, key) for key, version in changes.items() if version is not None)
    entries.update((key, version) for version, key in removed)
    return entries


def _unpacked(packed: bytes) -> dict[str, int]:
    try:
        columns = _decoder.decode(_unzipped(packed))
        return dict(zip(columns.ids, columns.versions, strict=True))
    except ValueError as error:
        raise Corrupt(f"the removed ids of a keyframe cannot be read: {error}") from error


def _unzipped(packed: bytes) -> bytes:
    try:
        return zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_BYTES, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Corrupt(f"the removed ids of a keyframe cannot be read: {error}") from error
