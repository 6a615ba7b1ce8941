"""Who wrote the versions of a script, where the application has rows of commands that only say so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any, NamedTuple

from backfill.content.strict_json import parse
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.merged_users import NONE_MERGED, MergedUsers
from backfill.translate.row_keys import origin_key, row_key
from backfill.translate.source_rows import FieldReader
from backfill.translate.words import count_of, text_of, word_reader
from domain.errors import Rejected
from domain.submissions.origin import MAX_ACTOR
from repos.legacy.connection import Source
from repos.legacy.rows import read_pages

# Names of the number in a command's payload.
NUMBER_NAMES = ("versionNumber", "version_number", "version")


class Writer(NamedTuple):
    """An author, and the key of the user."""

    author: Any
    actor: str


UNKNOWN_WRITER = Writer("user", "")


class Writers:
    """The writers of the versions of one script, by number; the last command of a version counts."""

    def __init__(self) -> None:
        self._by_number: dict[int, Writer] = {}
        # Commands by table and by the number they point to, None for those that point to none.
        self._commands: Counter[tuple[str, int | None]] = Counter()

    def add(self, table: str, number: int | None, writer: Writer) -> None:
        """Note a command."""
        self._commands[table, number] += 1
        if number is not None:
            self._by_number[number] = writer

    def of(self, number: int | None) -> Writer:
        """Who wrote the version with this number."""
        return UNKNOWN_WRITER if number is None else self._by_number.get(number, UNKNOWN_WRITER)

    def merged(self, numbers: Collection[int]) -> Counter[str]:
        """Commands by table that point to one of these versions: they become a part of its origin."""
        total: Counter[str] = Counter()
        for (table, number), count in self._commands.items():
            if number is not None and number in numbers:
                total[table] += count
        return total

    def all(self) -> Counter[str]:
        """All commands by table."""
        total: Counter[str] = Counter()
        for (table, _), count in self._commands.items():
            total[table] += count
        return total


class CommandTable:
    """One table of commands that only point to versions."""

    def __init__(self, table: MappedTable, hash_key: bytes, merged: MergedUsers = NONE_MERGED) -> None:
        self.table = table
        self._merged = merged
        self._reader = reader = FieldReader(table, hash_key)
        self._number, self._payload = reader.value("version_number"), reader.value("payload")
        self._author, self._actor = reader.value("author"), reader.value("actor")
        author = table.column("author")
        self._word = None if author is None else word_reader(table.rule_of(author), reader.known("author"))

    def read(self, source: Source, script: Any, wanted: Any, writers: Writers) -> None:
        """Note the commands of a script; `wanted` is its id as the column holds it."""
        column = str(self.table.column("script_id"))
        place, key = self._reader.columns.index(column), row_key([script])
        for page in read_pages(source, self.table.table, self._reader.columns, where={column: wanted}):
            for row in page:
                if row_key([row.values[place]]) == key:
                    writers.add(self.table.name, self._pointed(row.values), self._writer(row.values))

    def _pointed(self, row: Any) -> int | None:
        number = count_of(self._number(row))[0]
        payload = self._payload(row)
        if number is not None or payload is None:
            return number
        try:
            found, _ = parse(text_of(payload).encode(errors="surrogateescape"))
        except Rejected:
            return None
        named = (found[name] for name in NUMBER_NAMES if name in found) if isinstance(found, dict) else ()
        return count_of(next(iter(named), None))[0]

    def _writer(self, row: Any) -> Writer:
        value = self._author(row)
        word = self._word(value)[0] if self._word is not None else value
        return Writer(our_author(word), actor_name(self._actor(row), self._merged))


def actor_name(actor: Any, merged: MergedUsers) -> str:
    """The user who saved, by id or by an address without the blanks around it, as an origin names it."""
    if actor is None:
        return ""
    kept = merged.kept(actor)
    return origin_key([kept.strip() if isinstance(kept, str) else kept])[:MAX_ACTOR]


def our_author(word: str | None) -> Any:
    """The author of a legacy row as an origin names it."""
    return word if word in ("user", "ai", "system") else "user" if word is None else "system"
