"""Helpers for refused imports: the message names the line, and no row is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from materialization.history_files.format import BadHistoryFile
from materialization.history_files.importer import import_history
from tests.materialization.history_files.forged_history import Lines, exported, fitting, parsed, put, write_everything
from tests.materialization.writer import Clock, Writer, forging, open_database

TABLES = (
    "script_heads",
    "scripts",
    "script_commands",
    "script_versions",
    "script_keyframes",
    "submissions",
    "script_ids",
)
Forge = Callable[[Lines], object]


def one_history(folder: Path) -> bytes:
    """The file of a script with every kind of command and answer."""
    clock = Clock()
    writer = Writer(open_database(f"sqlite:///{folder}/ledger.db"), clock=clock)
    write_everything(writer, clock)
    return exported(writer.unit_of_work, writer.script_id)


def rows_in(url: str) -> dict[str, int]:
    """The number of rows in each table that an import writes."""
    with forging(url) as connection:
        return {name: connection.exec_driver_sql(f"SELECT COUNT(*) FROM {name}").scalar_one() for name in TABLES}


def require_refused(history: bytes, folder: Path, forge: Forge, problem: str) -> None:
    """Import a forged but consistent file into an empty database, and require that it is refused for this problem."""
    lines, url = parsed(history), f"sqlite:///{folder}/elsewhere.db"
    elsewhere = open_database(url)
    before = rows_in(url)
    forge(lines)

    with pytest.raises(BadHistoryFile, match=rf"^Line \d+ of the history file: .*(?:{problem})") as refused:
        import_history(elsewhere, put(fitting(lines), folder / "forged.jsonl"))

    assert refused.value.message.isprintable()
    assert rows_in(url) == before
    assert set(before.values()) == {0}


def deep(levels: int) -> object:
    """A list in a list in a list."""
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value
