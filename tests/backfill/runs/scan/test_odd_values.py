"""A scan survives whatever a column may hold: an SQLite column takes values of any type, and any bytes as text."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.legacy.clean_rows import Size
from tests.legacy.database import in_file
from tests.legacy.scanning import places, scan
from tests.legacy.schemas import SCHEMAS

ODD = (
    None,
    0,
    -1,
    2**62,
    -(2**63),
    1.5,
    float("inf"),
    "",
    " ",
    "0",
    "07",
    "not a date",
    "9999-99-99 99:99:99",
    "\x00",
    "{",
    '{"version":2,"lines":[{"id":1,"format":"x","content":"y"}]}',
    "[]",
    "null",
    '"\\',
    "🎬" * 50,
    "x" * 65_534,
    b"",
    b"\xff\xfe",
    b"\x00" * 20,
)
NOT_UTF8 = "CAST(x'636166e9' AS TEXT)"


@pytest.mark.parametrize("schema", SCHEMAS)
def test_values_of_any_type_in_any_column_end_no_scan(schema: str, tmp_path: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", schema, Size(40), defects=False)
    choose = random.Random(schema)
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as file:
        for table in SCHEMAS[schema]:
            for name in table.names[1:]:
                for value in ODD:
                    row = choose.randrange(1, 40)
                    statement = f'UPDATE OR IGNORE {table.name} SET "{name}" = ? WHERE rowid = ?'
                    file.execute(statement, (value, row))
                file.execute(f'UPDATE OR IGNORE {table.name} SET "{name}" = {NOT_UTF8} WHERE rowid = 40')
        file.commit()

    scanned = scan(legacy)

    assert places(scanned)
    assert msgspec.json.encode(scanned.findings.kept())
