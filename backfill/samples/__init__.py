"""Sample legacy databases, one a generation and one a history form: SQL for MariaDB and MySQL, and for SQLite.

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
# Histories of other applications, as a mapping names them.
HISTORIES = ("patches", "linked_lines", "branches", "hashes")


def sample_sql(sample: int | str = DEFAULT_GENERATION) -> str:
    """The SQL of the sample of a generation, or of a history."""
    kind = "generation" if isinstance(sample, int) else "history"
    return (HERE / f"{kind}_{sample}.sql").read_text(encoding="utf-8")


def make_sample_file(file: Path, sample: int | str = DEFAULT_GENERATION) -> None:
    """Write the sample of a generation, or of a history, as a new SQLite file (FileExistsError if there is one)."""
    file.open("xb").close()
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"BEGIN; {sample_sql(sample)}; COMMIT;")
