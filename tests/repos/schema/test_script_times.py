"""Migration 0021: scripts have the version and time of their heads, and keep the legacy time of a backfill."""

from __future__ import annotations

from sqlalchemy import Engine, text

from repos.log.scripts import ScriptRow
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.repos.schema.refused_upgrades import run
from tests.repos.schema.test_schema import create_script

LEGACY = 1_000


def rows(engine: Engine) -> list[ScriptRow]:
    with UnitOfWork(engine).reading() as tx:
        return tx.scripts.read()


def test_a_legacy_time_and_the_time_of_an_edit_survive_the_migration(empty: Engine):
    upgrade.upgrade(empty)
    for script_id in (1, 2, 3):
        create_script(empty, script_id)
    before = rows(empty)
    upgrade.downgrade(empty, "0020")
    with empty.connect() as connection:
        stored = connection.execute(text("SELECT version_number, updated_at FROM scripts ORDER BY id")).all()
    assert [tuple(row) for row in stored] == [(1, row.updated_at) for row in before]
    # Script 2 is listed with a legacy time; script 3 too, and was edited since.
    run(empty, f"UPDATE scripts SET updated_at = {LEGACY} WHERE id IN (2, 3)")
    run(empty, "UPDATE script_heads SET version_number = 2 WHERE script_id = 3")

    upgrade.upgrade(empty)

    times = [row.updated_at for row in before]
    assert [(row.version_number, row.updated_at) for row in rows(empty)] == [(1, times[0]), (1, LEGACY), (2, times[2])]
    upgrade.downgrade(empty, "0020")
    with empty.connect() as connection:
        stored = connection.execute(text("SELECT version_number, updated_at FROM scripts ORDER BY id")).all()
    assert [tuple(row) for row in stored] == [(1, times[0]), (1, LEGACY), (2, times[2])]
