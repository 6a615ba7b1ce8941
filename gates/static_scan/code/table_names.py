"""The tables that models of Python stand for: `class Rev(Base): __tablename__ = "script_versions"`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

_WORDS = ("__tablename__", "db_table", "table_name", "table", "Table(")
_DECLARED = re.compile(
    r"^[ \t]{0,40}class (\w{1,80})"
    r"|^[ \t]{1,40}(?:__tablename__|db_table|table_name|tablename|table)[ \t]{0,8}(?::[^=\n]{1,40})?="
    r"[ \t]{0,8}[\"'](\w{1,80})[\"']"
    r"|^[ \t]{0,40}(\w{1,80})[ \t]{0,8}=[ \t]{0,8}(?:\w{1,40}\.)?Table\(\s{0,40}[\"'](\w{1,80})[\"']",
    re.MULTILINE,
)
# Shorter names of tables mean another one in another file.
_MIN_NAME = 4


class TableNames:
    """The tables of the models of a tree, by their names in each file."""

    def __init__(self) -> None:
        self._in_file: dict[str, dict[str, str]] = {}
        self._everywhere: dict[str, set[str]] = defaultdict(set)

    def read(self, file: str, text: str) -> None:
        """Add what a file of Python declares."""
        if not any(word in text for word in _WORDS):
            return
        for name, table in _declared(text):
            self._in_file.setdefault(file, {})[name] = table
            if len(name) >= _MIN_NAME:
                self._everywhere[name].add(table)

    def of(self, file: str, name: str) -> str:
        """The table of a model; the name itself if nothing declares one, or several do."""
        known = self._in_file.get(file, _NONE).get(name)
        tables = self._everywhere.get(name, ())
        return known or (next(iter(tables)) if len(tables) == 1 else name)


_NONE: Mapping[str, str] = {}


def _declared(text: str) -> Iterable[tuple[str, str]]:
    owner = ""
    for match in _DECLARED.finditer(text):
        if match[1]:
            owner = owner if match[1] in ("Meta", "SQLMeta", "sqlmeta") else match[1]
        elif match[2]:
            if owner:
                yield owner, match[2]
        else:
            yield match[3], match[4]
