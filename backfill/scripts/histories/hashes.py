"""Histories that keep texts by their hash: a version names the hash, and the text is in another table or nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from backfill.content.content_hash import has_hash, is_checked, spellings
from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.history_form import ROW_GONE, FormOptions, SaveRow, TextReader, history_form
from backfill.scripts.histories.row_per_save import RowPerSave
from domain.submissions.answer import Refusal
from repos.legacy.connection import Source
from repos.legacy.keyed_rows import KeyedReader

UNKNOWN_HASH = Refusal("unknown_hash", "The source has no text with the hash of this save.")
OTHER_HASH = Refusal("other_hash", "The text that is stored under the hash of this save has another hash.")
# Texts that are asked for together.
MAX_TOGETHER = 64


@history_form
class Hashes(RowPerSave):
    """One row a save, with the hash of its text."""

    names: ClassVar[tuple[str, ...]] = ("hashes",)
    uses_latest = True

    def __init__(self, options: FormOptions) -> None:
        super().__init__(options)
        self._contents = options.contents

    def texts(self, source: Source, rows: Sequence[SaveRow], latest: str | None) -> TextReader:
        known = None if latest is None else latest.encode(errors="surrogateescape")
        readers = [_TextsByHash(source, table) for table in self._contents]

        def read(places: Sequence[int]) -> Iterator[bytes | Refusal]:
            for hashes in self._hashes(source, [rows[place] for place in places]):
                texts = zip(*(reader.texts(hashes) for reader in readers), strict=True) if readers else None
                for value in hashes:
                    found = next((text for text in next(texts) if text is not None), None) if texts else None
                    yield _checked(value, found, known)

        return read

    def _hashes(self, source: Source, rows: Sequence[SaveRow]) -> Iterator[list[Any]]:
        """The hashes of saves, in lists in which none is twice."""
        column = self.table.column("hash")
        if column is None:
            yield from [[None]] * len(rows)
            return
        reader = KeyedReader(source, self.table.table, self.table.key_columns, [column])
        part: list[Any] = []
        for found in reader.read([row.key for row in rows]):
            value = ROW_GONE if found is None else found[0]
            if value in part or len(part) == MAX_TOGETHER:
                yield part
                part = []
            part.append(value)
        if part:
            yield part


class _TextsByHash:
    """A table of texts by their hash, which it may spell in another way than the versions do."""

    def __init__(self, source: Source, table: MappedTable) -> None:
        self._column = column = str(table.column("hash"))
        content = str(table.column("content"))
        self._kind = bytes if table.described(column).kind == "bytes" else str
        self._reader, self._others = (
            KeyedReader(source, table.table, (column,), [content], contents=[content]) for _ in range(2)
        )
        # The place of the spelling that was found last among those of its hash.
        self._usual = 0

    def texts(self, hashes: Sequence[Any]) -> Iterator[bytes | None]:
        """The text of each hash; None if there is none."""
        spelled = [self._fitting(value) for value in hashes]
        usual = [(each[min(self._usual, len(each) - 1)],) for each in spelled]
        for each, found in zip(spelled, self._reader.read(usual), strict=True):
            content = self._otherwise(each) if found is None else found[0]
            yield content if content is None or isinstance(content, bytes) else _encoded(content)

    def _otherwise(self, spelled: Sequence[Any]) -> Any:
        """The text of a hash in any spelling."""
        for place, found in enumerate(self._others.read([(each,) for each in spelled]) if len(spelled) > 1 else ()):
            if found is not None:
                self._usual = place
                return found[0]
        return None

    def _fitting(self, value: Any) -> list[Any]:
        """A hash as this table may hold it."""
        if isinstance(value, Refusal) or value is None:
            return [""]
        fitting = [each for each in spellings(value) if isinstance(each, self._kind)]
        return fitting or [value.hex() if isinstance(value, bytes) else value]


def _checked(value: Any, found: bytes | None, latest: bytes | None) -> bytes | Refusal:
    """The text of a hash, or that of the script itself, if it has the hash."""
    if isinstance(value, Refusal):
        return value
    if value is None:
        return UNKNOWN_HASH
    if found is not None and (not is_checked(value) or has_hash(value, found)):
        return found
    if latest is not None and has_hash(value, latest):
        return latest
    return UNKNOWN_HASH if found is None else OTHER_HASH


def _encoded(content: Any) -> bytes:
    return str(content).encode(errors="surrogateescape")
