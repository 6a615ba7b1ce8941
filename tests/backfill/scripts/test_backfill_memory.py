"""A process that brings scripts over holds one save at a time: memory is bounded, whatever their size and number."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from repos.database.engine import open_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill
from tests.benchmarks.backfill_process import run_processes
from tests.legacy.clean_rows import json_save

MEGABYTE = 1_000_000
TABLES = """
CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT, created_at TEXT);
INSERT INTO scripts VALUES (1, 'The Ferry', '2020-01-01 00:00:00');
CREATE TABLE script_versions (id INTEGER PRIMARY KEY, script_id INTEGER, version_number INTEGER, content TEXT,
  created_at TEXT);
CREATE INDEX of_script ON script_versions (script_id);
"""


def peak(folder: Path, saves: Iterable[str]) -> int:
    """The largest memory in bytes of a process that brings one script of these saves over."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "legacy.db")) as connection:
        connection.executescript(TABLES)
        rows = ((number, 1, number, save, "2020-01-02 00:00:00") for number, save in enumerate(saves, 1))
        connection.executemany("INSERT INTO script_versions VALUES (?, ?, ?, ?, ?)", rows)
        connection.commit()
    url, legacy = f"sqlite:///{folder}/ledger.db", f"sqlite:///{folder}/legacy.db"
    with open_engine(url) as engine:
        upgrade(engine)
        backfill = FlatBackfill(legacy, UnitOfWork(engine))
        run_id = backfill.open()
        backfill.plan(run_id, "scripts")
        _, used = run_processes(legacy, url, 1)
        assert backfill.quarantined() == {}
        with backfill.unit_of_work.reading() as tx:
            assert tx.legacy_versions.count(1) > 1
    return used


def changed(lines: int, text: str, saves: int) -> Iterable[str]:
    """Saves each of which has another text in one line."""
    texts = [(f"l{number:07}", "action", f"{number} {text}") for number in range(lines)]
    for number in range(saves):
        texts[number % lines] = texts[number % lines][0], "action", f"Changed in save {number}."
        yield json_save(texts)


@pytest.mark.slow
def test_saves_of_16_mib_take_less_than_300_megabytes(tmp_path: Path) -> None:
    saves = list(changed(20_000, "and so on " * 77, 3))
    assert 15 << 20 < len(saves[0]) < 16 << 20

    assert peak(tmp_path / "large", saves) < 300 * MEGABYTE


@pytest.mark.slow
def test_ten_times_as_many_saves_take_hardly_more_memory(tmp_path: Path) -> None:
    few, many = (peak(tmp_path / str(count), changed(10, "Rain.", count)) for count in (1_500, 15_000))

    assert many - few < 35 * MEGABYTE
