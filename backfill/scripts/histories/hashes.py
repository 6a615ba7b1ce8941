"""Histories that keep texts by their hash: a version names the hash, and the text is in another table or nowhere."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, ClassVar

from backfill.content.content_hash import has_hash, is_checked, spellings
from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.history_form import ROW_GONE, FormOptions, TextReader, history_form
from backfill.scripts.histories.row_per_save import RowPerSave, ScriptPart
from backfill.scripts.histories.save_rows import SaveRows
from backfill.translate.row_keys import whole_key
from domain.submissions.answer import Refusal
from repos.legacy.connection import Row, Source
from repos.legacy.keyed_rows import KeyedReader

UNKNOWN_HASH = Refusal("unknown_hash", "The source has no text with the hash of this save.")
OTHER_HASH = Refusal("other_hash", "The text that is stored under the hash of this save has another hash.")
TEXT_TWICE = Refusal("text_twice", "Different texts are stored under the hash or id of this save.")
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

    def texts(self, source: Source, rows: SaveRows, latest: str | None) -> TextReader:
        known = None if latest is None else latest.encode(errors="surrogateescape")
        readers = [_TextsByHash(source, table) for table in self._contents]

        def read(places: Sequence[int]) -> Iterator[bytes | Refusal]:
            for hashes in self._hashes(source, rows.keys(places)):
                texts = zip(*(reader.texts(hashes) for reader in readers), strict=True) if readers else None
                for value in hashes:
                    found = _only(value, next(texts)) if texts else None
                    yield found if isinstance(found, Refusal) else _checked(value, found, known)

        return read

    def refusals(self, source: Source, parts: Sequence[ScriptPart]) -> Iterator[list[Refusal | None]]:
        together = SaveRows(row for rows, _ in parts for row in rows)
        if len({row.key for row in together}) < len(together):
            yield from super().refusals(source, parts)
            return
        found = self.texts(source, together, None)(range(len(together)))
        refused = [text if isinstance(text, Refusal) else None for text in found]
        # The text of the script itself may have the hash.
        own: list[bytes | None] = []
        for rows, latest in parts:
            own += [None if latest is None else latest.encode(errors="surrogateescape")] * len(rows)
        doubtful = (place for place, why in enumerate(refused) if why in (UNKNOWN_HASH, OTHER_HASH))
        missing = [place for place in doubtful if own[place] is not None]
        hashes = (value for part in self._hashes(source, together.keys(missing)) for value in part)
        for place, value in zip(missing, hashes, strict=True):
            if not isinstance(_checked(value, None, own[place]), Refusal):
                refused[place] = None
        left = iter(refused)
        yield from (list(islice(left, len(rows))) for rows, _ in parts)

    def _hashes(self, source: Source, keys: Sequence[Row]) -> Iterator[list[Any]]:
        """The hashes of saves, in lists in which none is twice."""
        column = self.table.column("hash")
        if column is None:
            yield from [[None]] * len(keys)
            return
        reader = KeyedReader(source, self.table.table, self.table.key_columns, [column])
        part: list[Any] = []
        for found in reader.read(keys):
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
        self._fitting_kind = table.described(column).kind
        self._reader, self._others = (
            KeyedReader(source, table.table, (column,), [content], contents=[content], chosen=_chosen) for _ in range(2)
        )
        # The place of the spelling that was found last among those of its hash.
        self._usual = 0

    def texts(self, hashes: Sequence[Any]) -> Iterator[bytes | Refusal | None]:
        """The text of each hash; None if there is none, a refusal if there are several."""
        spelled = [self._fitting(value) for value in hashes]
        usual = [(each[min(self._usual, len(each) - 1)],) for each in spelled]
        for each, found in zip(spelled, self._reader.read(usual), strict=True):
            content = self._otherwise(each) if found is None else found[0]
            yield None if content is None else _bytes(content)

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
        if self._fitting_kind in ("integer", "decimal"):
            return [int(value) if isinstance(value, str) and whole_key(value) is not None else value]
        kind = bytes if self._fitting_kind == "bytes" else str
        fitting = [each for each in spellings(value) if isinstance(each, kind)]
        return fitting or [value.hex() if isinstance(value, bytes) else str(value) if kind is str else value]


def _chosen(key: Row, one: Row, other: Row) -> Row:
    """Of two rows under one hash the one whose text has it; a refusal instead of a text if nothing tells them apart."""
    if one == other:
        return one
    return (_only(key[0], [None if text is None else _bytes(text) for (text,) in (one, other)]),)


def _only(value: Any, texts: Iterable[bytes | Refusal | None]) -> bytes | Refusal | None:
    """The one text of a hash that several places may have."""
    different: list[bytes | Refusal] = []
    for text in texts:
        if text is not None and text not in different:
            different.append(text)
    if len(different) < 2:
        return different[0] if different else None
    fitting = [text for text in different if not isinstance(text, Refusal) and has_hash(value, text)]
    return fitting[0] if fitting else different[0] if is_checked(value) else TEXT_TWICE


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


def _bytes(content: Any) -> bytes | Refusal:
    if isinstance(content, bytes | Refusal):
        return content
    return str(content).encode(errors="surrogateescape")
