"""Statements are compiled once for all files of SQLite that a process opens."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import bindparam, select

from repos.database.engine import open_engine
from repos.database.session import Session
from repos.database.statements import prepare


def test_a_second_file_of_sqlite_compiles_nothing_again(tmp_path: Path):
    statement = select(bindparam("number"))
    misses = []
    for name in ("a.db", "b.db"):
        with open_engine(f"sqlite:///{tmp_path / name}") as engine:
            before = prepare.cache_info().misses
            with Session(engine) as session:
                assert session.rows(statement, number=1) == [(1,)]
            misses.append(prepare.cache_info().misses - before)
    assert misses == [1, 0]
