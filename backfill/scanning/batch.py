"""Rows of one legacy table, as the checks of a scan see them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from backfill.mapping.mapped_table import MappedTable


class Batch:
    """Rows of one table, column by column."""

    def __init__(self, table: MappedTable, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        self.table = table
        self.size = len(rows)
        self._rows = rows
        self._columns = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else {}
        self._facts: dict[tuple[str, str], Any] = {}

    def __contains__(self, field: str) -> bool:
        return self.table.column(field) in self._columns

    def key(self, place: int) -> str:
        """The key of a row, as text that is safe to show."""
        return self.table.shown_key(tuple(self._columns[name][place] for name in self.table.key_columns))

    def field(self, field: str) -> tuple[Any, ...]:
        """The values of a field; NULL in each row if the table has none."""
        return self._columns.get(self.table.column(field) or "", (None,) * self.size)

    def column(self, name: str) -> tuple[Any, ...]:
        """The values of a column."""
        return self._columns[name]

    def once(self, what: str, name: str, make: Callable[[], Any]) -> Any:
        """A fact about a column that several checks need, computed once."""
        if (what, name) not in self._facts:
            self._facts[what, name] = make()
        return self._facts[what, name]

    def joined(self, name: str) -> str:
        """All texts of a column, one after another: most columns of most batches are cleared by one look at it."""
        return str(self.once("joined", name, lambda: "\n".join([v for v in self._columns[name] if isinstance(v, str)])))

    def longest(self, name: str) -> int:
        """The length of the longest text or bytes of a column."""
        return int(self.once("longest", name, lambda: max(map(_length, self._columns[name]), default=0)))

    @cached_property
    def texts(self) -> list[str]:
        """The text columns that are there, except those of contents."""
        return [name for name in self.table.text_columns if name in self._columns]


def _length(value: Any) -> int:
    return len(value) if isinstance(value, str | bytes) else 0
