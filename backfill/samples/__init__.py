"""Sample legacy databases, one a generation: SQL that runs on MariaDB and MySQL, and makes the same tables in SQLite.

What only a server knows (engines, charsets, enums) stands in `/*! … */`: a server runs it, for SQLite it is a comment.
The rows are made up, and hold small examples of what is wrong in real ones.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
GENERATIONS = range(1, 7)
DEFAULT_GENERATION = 6


def sample_sql(generation: int = DEFAULT_GENERATION) -> str:
    """The SQL of the sample of a generation."""
    return (HERE / f"generation_{generation}.sql").read_text(encoding="utf-8")


def make_sample_file(file: Path, generation: int = DEFAULT_GENERATION) -> None:
    """Write the sample of a generation as a new SQLite file (FileExistsError if there is one)."""
    file.open("xb").close()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"BEGIN; {sample_sql(generation)}; COMMIT;")
