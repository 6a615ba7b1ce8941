"""A draft of seeded rows: rows with defects, and the findings they have to produce."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any, NamedTuple

from tests.legacy.clean_rows import START, CleanRows, Row, json_save, text_key, written
from tests.legacy.schemas import Dialect, Table

# Seeded rows have numbers from here on, far from those of clean rows.
FIRST_NUMBER = 20_000_000


class Expected(NamedTuple):
    """A finding that has to be reported: the code, the table, and the key of the row (None: of the table)."""

    code: str
    table: str
    key: str | None


class Draft:
    """Seeded rows for one schema."""

    def __init__(self, clean: CleanRows, *, dialect: Dialect) -> None:
        self.dialect = dialect
        self.tables = {table.name: table for table in clean.tables}
        self.rows: dict[str, list[Row]] = {}
        self.statements: list[str] = []
        self.expected: set[Expected] = set()
        self._clean = clean
        self._numbers = count(FIRST_NUMBER)

    def has(self, table: str, *columns: str) -> bool:
        """Whether the schema has a table with these columns, in either spelling."""
        return table in self.tables and all(self.column(table, column) for column in columns)

    def column(self, table: str, name: str) -> str | None:
        """The name of a column as the table spells it: with underscores or in camel case."""
        head, *rest = name.split("_")
        spellings = (name, head + "".join(part.title() for part in rest))
        return next((spelling for spelling in spellings if spelling in self.tables[table].names), None)

    def add(self, table: str, *codes: str, **values: Any) -> Any:
        """Add a row like a clean one but for the given values, with the findings that it has to produce."""
        row = self._clean.row(self.tables[table], 1)
        number = next(self._numbers)
        row[self.tables[table].key] = self._key(self.tables[table], number)
        for owner in ("script_id", "user_id"):
            if (name := self.column(table, owner)) and owner not in values:
                row[name] = self._key(self.tables[table], 1)
        if table == "users":
            row["email"] = f"seeded{number}@example.org"
        for unique in ("token", "slug", "public_id", "username"):
            if name := self.column(table, unique):
                row[name] = f"{unique}{number}"
        for chat in ("content", "prompt", "response", "user_prompt", "assistant_response", "questions"):
            if table not in ("scripts", "script_versions", "revisions") and self.column(table, chat):
                row[chat] = f"Seeded text {number}."
        for name, value in values.items():
            column = self.column(table, name)
            assert column, f"{table} has no {name}"
            row[column] = value
        self.rows.setdefault(table, []).append(row)
        key = row[self.tables[table].key]
        for code in codes:
            self.expect(code, table, key)
        return key

    def expect(self, code: str, table: str, key: Any) -> None:
        """Expect a finding."""
        self.expected.add(Expected(code, table, None if key is None else str(key)))

    def expect_of_head(self, code: str, script: Any) -> None:
        """Expect a finding in the script's row too, if that holds the latest text."""
        if self.has("scripts", "content"):
            self.expect(code, "scripts", script)

    def script(self, *codes: str, versions: tuple[str, ...] = ("",), **values: Any) -> Any:
        """A script of its own, with clean versions of the given contents ('' writes a usual one)."""
        script = self.add("scripts", *codes, **values)
        if self.has("script_versions"):
            for number, content in enumerate(versions, 1):
                self.version(script, number, content=content or usual_save(number))
        if self.has("revisions"):
            self.add("revisions", script_id=script, number=1, content="A line.", patch=None)
        if self.has("script_lines"):
            self.add("script_lines", script_id=script, previous=None, next=None)
        return script

    def version(self, script: Any, number: Any, *codes: str, command: bool = True, **values: Any) -> Any:
        """A version of a script, an hour after the one before, and the command that points to it."""
        hour = timedelta(hours=number if isinstance(number, int) else 0)
        values.setdefault("created_at", written(START + hour))
        values.setdefault("content", usual_save(number))
        if self.has("script_versions", "branch_id"):
            values.setdefault("branch_id", script)
        of_script = next((row for row in self.rows.get("scripts", ()) if row["id"] == script), None)
        if self.has("script_versions", "author_id"):
            values.setdefault("author_id", (of_script["user_id"] or None) if of_script else None)
        if of_script is not None and "content" in of_script and number and number > 0:
            of_script["content"] = values["content"]  # the head holds what was saved last
        key = self.add("script_versions", *codes, script_id=script, version_number=number, **values)
        if command and self.has("script_commands"):
            payload = f'{{"versionNumber":{"null" if number is None else number}}}'
            self.add("script_commands", script_id=script, payload=payload, type="save_version")
        return key

    def _key(self, table: Table, number: int) -> int | str:
        return text_key(number) if ":textkey" in table.columns else number


def usual_save(number: Any, lines: int = 4) -> str:
    """A save that differs from those of other numbers."""
    texts = [(f"u{line}", "action", f"Seeded line {line}.") for line in range(lines - 1)]
    return json_save([*texts, ("u-last", "action", f"Seeded take {number}.")])


def at(**after: float) -> str:
    """A time some days or hours after the first one."""
    return written(START + timedelta(**after))
