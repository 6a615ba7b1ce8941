"""The proof finds a change of any line of any save, whatever else the save changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine, update

from domain.errors import Corrupt
from domain.log.version import VersionRow
from domain.script.delta import (
    Change,
    LineChanged,
    LinesInserted,
    LinesMoved,
    LinesRemoved,
    decode_delta,
    encode_delta,
)
from domain.script.line import Line
from materialization.history.state_at import state_at
from repos.database.engine import open_engine
from repos.schema.core_tables import script_versions
from tests.backfill.scripts.legacy_history import Legacy, json_save
from tests.materialization.writer import Clock, close_databases, open_database

# Each save differs from the one before at both ends, so that the lines between are compared too: lines are edited,
# inserted, removed and moved.
SAVES = [
    json_save("One.", "Two.", "Three.", "Four."),
    json_save("Uno.", "Two.", "Three.", "Cuatro."),
    json_save("Uno.", "New.", "Two.", "Three.", "Four.", ids="axbcd"),
    json_save("First.", "Three.", "Two.", "Last.", ids="acbd"),
    json_save("Another.", "Three.", "Two.", "Last.", "Added.", ids="ecbdf"),
]
# Each save differs in one line, so that all other lines are outside of the part that is compared.
SMALL_CHANGES = [
    json_save("One.", "Two.", "Three.", "Four."),
    json_save("One.", "Two.", "Drei.", "Four."),
    json_save("Zero.", "One.", "Two.", "Drei.", "Four.", ids="eabcd"),
    json_save("Zero.", "One.", "Drei.", "Four.", ids="eacd"),
    json_save("Zero.", "One.", "Four.", "Drei.", ids="eadc"),
    json_save("Zero.", "One.", "Four.", "Drei.", "Five.", ids="eadcf"),
]


@pytest.fixture(params=[SAVES, SMALL_CHANGES], ids=["at both ends", "of one line"])
def legacy(sqlite_url: str, request: pytest.FixtureRequest) -> Iterator[Legacy]:
    legacy = Legacy(open_database(sqlite_url), Clock(), request.param)
    legacy.run()
    yield legacy
    close_databases()


def test_a_change_of_any_line_of_any_save_is_found(legacy: Legacy, sqlite_url: str) -> None:
    script_id = legacy.script.script_id
    with legacy.unit_of_work.reading() as tx:
        saves = {save.version_number: save.number for _, save in tx.legacy_versions.read(script_id)}
        rows = [row for row in tx.versions.read(script_id, generation=1, upto=legacy.head()) if row.version in saves]
        lines = {row.version: tuple(state_at(tx, script_id, row.version).lines()) for row in rows}
    assert len(rows) == len(legacy.saves)

    with open_engine(sqlite_url) as engine:
        for row in rows:
            for change in _changes(lines[row.version]):
                _store(engine, script_id, row, (*decode_delta(row.delta), change))
                try:
                    found = [each.origin.number for each in legacy.proof().differences]
                except Corrupt:
                    assert isinstance(change, LinesRemoved | LinesInserted)  # a later version has the line, or adds it
                else:
                    assert saves[row.version] in found, (row.version, change)
            _store(engine, script_id, row, decode_delta(row.delta))
    assert legacy.proof().holds


def test_a_change_of_any_byte_of_any_save_is_found(legacy: Legacy) -> None:
    whole = list(legacy.saves)
    for place, save in enumerate(whole):
        for at in range(len(save.content)):
            content = bytearray(save.content)
            content[at] ^= 1
            legacy.saves[place] = replace(save, content=bytes(content))
            found = [each.origin.number for each in legacy.proof().differences]
            if found != [save.origin.number]:
                # Another number of the version of the format: the lines are the same.
                assert (found, save.content[:at]) == ([], b'{"version":')
        legacy.saves[place] = save
    assert legacy.proof().holds


def _changes(lines: tuple[Line, ...]) -> Iterator[Change]:
    """What can happen to one line, for each of them; only one part of it differs afterwards."""
    for place, line in enumerate(lines):
        yield LineChanged(line.id, text=f"{line.text[:-1]}!")
        yield LineChanged(line.id, format="note")
        yield LineChanged(line.id, sep="\n\n")
        yield LineChanged(line.id, attrs={"number": "7"})
        yield LinesRemoved((line.id,))
        yield LinesInserted(line.id, (Line("z", line.format, line.text),))
        yield LinesMoved((line.id,), after=lines[place + 1 if place + 1 < len(lines) else 0].id)


def _store(engine: Engine, script_id: int, row: VersionRow, changes: tuple[Change, ...]) -> None:
    this = (script_versions.c.script_id == script_id, script_versions.c.version_number == row.version)
    with engine.begin() as connection:
        connection.execute(update(script_versions).where(*this).values(delta=encode_delta(changes)))
