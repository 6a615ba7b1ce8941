"""Histories that keep texts by their hash: versions name the hash, and the text is elsewhere or nowhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from backfill.scripts.histories.history_form import ROW_GONE, SaveRow, TextReader, history_form
from backfill.scripts.histories.row_per_save import RowPerSave
from domain.submissions.answer import Refusal
from repos.legacy.connection import Source
from repos.legacy.keyed_rows import KeyedReader

UNKNOWN_HASH = Refusal("unknown_hash", "The source has no text with the hash of this save.")
# Algorithms by the number of hexadecimal digits.
ALGORITHMS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}


@history_form
class Hashes(RowPerSave):
    """One row a save, with the hash of its text."""

    names: ClassVar[tuple[str, ...]] = ("hashes",)

    def texts(self, source: Source, rows: Sequence[SaveRow], latest: str | None) -> TextReader:
        known = None if latest is None else latest.encode(errors="surrogateescape")

        def read(places: Sequence[int]) -> Iterator[bytes | Refusal]:
            for digest in self._hashes(source, [rows[place] for place in places]):
                if isinstance(digest, Refusal):
                    yield digest
                else:
                    yield known if known is not None and is_hash(digest, known) else UNKNOWN_HASH

        return read

    def _hashes(self, source: Source, rows: Sequence[SaveRow]) -> Iterator[str | Refusal]:
        column = self.table.column("hash")
        if column is None:
            yield from [UNKNOWN_HASH] * len(rows)
            return
        reader = KeyedReader(source, self.table.table, self.table.key_columns, [column])
        for found in reader.read([row.key for row in rows]):
            yield ROW_GONE if found is None else UNKNOWN_HASH if found[0] is None else digits(found[0])


def digits(value: Any) -> str:
    """A hash as text: bytes in hexadecimal digits, without the name of the algorithm that may stand before it."""
    text = value.hex() if isinstance(value, bytes) else str(value).strip().lower()
    return text.rpartition(":")[2].rpartition("-")[2]


def is_hash(digest: str, content: bytes) -> bool:
    """Whether a content has this hash; also as git computes it."""
    algorithm = ALGORITHMS.get(len(digest))
    if algorithm is None:
        return False
    as_git = b"blob %d\0" % len(content) + content
    return any(hashlib.new(algorithm, data, usedforsecurity=False).hexdigest() == digest for data in (content, as_git))
