"""Rows of the scripts that have a number twice: in the order of a run, where their times say which comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from backfill.mapping.mapped_table import MappedTable
from backfill.scripts.histories.history_form import FormOptions
from backfill.scripts.histories.row_per_save import RowPerSave
from backfill.scripts.histories.save_rows import SaveRows
from backfill.scripts.history_forms import form_of
from repos.legacy.connection import Row, Source
from repos.legacy.keyed_rows import KeyedReader
from repos.legacy.scan_rows import BATCH_BYTES, BATCH_ROWS, read_batches


class DoubledNumbers:
    """The rows of a table of versions; `scripts` are the ids of the scripts of which a branch has a number twice.

    Their numbers are read once for all scripts, and the rows of these scripts by key.
    """

    def __init__(self, source: Source, table: MappedTable, hash_key: bytes) -> None:
        self._source = source
        self._table = table
        form = form_of(FormOptions(table, hash_key))
        self._form = form if isinstance(form, RowPerSave) else None
        # In the order in which they are found, so that each scan names the same rows first.
        self.scripts = dict.fromkeys(self._doubled() if self._form is not None else ())

    def read(self, columns: Sequence[str], contents: Sequence[str]) -> Iterator[list[Row]]:
        """The rows of these scripts, one script after another, in batches."""
        reader = KeyedReader(self._source, self._table.table, self._table.key_columns, columns, contents=contents)
        for script in self.scripts:
            rows = self._form.rows_of(self._source, [script])[0] if self._form is not None else SaveRows()
            batch: list[Row] = []
            size = 0
            for row in reader.read(rows.keys(range(len(rows)))):
                if row is None:
                    continue  # removed since: the state of the table tells
                batch.append(row)
                size += sum(len(value) for value in row if isinstance(value, str | bytes))
                if size >= BATCH_BYTES or len(batch) >= BATCH_ROWS:
                    yield batch
                    batch, size = [], 0
            if batch:
                yield batch

    def _doubled(self) -> Iterator[Any]:
        fields = ("script_id", "branch", "version_number")
        columns = [name for name in map(self._table.column, fields) if name is not None]
        key = self._table.table.key
        if not self._table.has("version_number", "created_at") or not key or set(key) - set(self._table.key_columns):
            return  # there is no other order, or rows cannot be read one by one
        before: Row | None = None
        for rows in read_batches(self._source, self._table.table, columns, order=columns):
            for row in rows:
                if row == before and row[0] is not None and row[-1] is not None:
                    yield row[0]
                before = row
