"""An upgrade refuses a database of another application, or half a schema, before it changes anything."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, inspect

from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.schema.contents import contents_of
from repos.schema.known_schemas import known_schemas
from repos.schema.revision import NoSchema, SchemaTooNew, known_revisions
from repos.schema.upgrade_checks.unrecorded_upgrade import ENDS_WITH_ROWS
from repos.schema.upgrade_checks.upgradable import ForeignTables, UnfinishedSchema
from tests.repos.schema.refused_upgrades import mend, refusal, run, unrecorded
from tests.services.databases import DatabaseServer

OWN_PLACE = {"sqlite": "Name a file of its own for scriptledger", "mysql": "CREATE DATABASE scriptledger"}


LEGACY = (
    "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(255), created_at TIMESTAMP NULL)",
    "CREATE TABLE scripts (id INT PRIMARY KEY, user_id INT, title VARCHAR(255), content TEXT)",
    "CREATE TABLE script_tags (script_id INT, tag VARCHAR(20))",
)


def test_a_legacy_database_is_refused_with_the_names_that_collide(empty: Engine):
    run(empty, *LEGACY)

    sentence = refusal(empty, ForeignTables)

    assert "3 tables of another application, and scriptledger needs the names of 2: scripts, users." in sentence
    assert OWN_PLACE[empty.dialect.name] in sentence


def test_other_verbs_do_not_advise_an_upgrade_of_a_foreign_database(empty: Engine):
    run(empty, *LEGACY)

    with pytest.raises(NoSchema) as caught:
        upgrade.require_current(empty)

    assert "run `scriptledger db upgrade`" not in str(caught.value)


def test_a_foreign_table_whose_name_is_free_is_refused_too_unless_it_is_allowed(empty: Engine):
    run(empty, "CREATE TABLE pt_heartbeat (id INT)", "CREATE TABLE notes (id INT)")

    assert "holds 2 tables of another application: notes, pt_heartbeat." in refusal(empty, ForeignTables)
    assert "application: notes." in refusal(empty, ForeignTables, allowed=("pt_*",))
    upgrade.upgrade_if_outdated(empty, allowed=("pt_*", "notes"))

    upgrade.require_fit(empty)
    upgrade.require_current(empty)


def test_a_name_that_is_needed_cannot_be_allowed(empty: Engine):
    run(empty, *LEGACY)

    assert "needs the names of 2" in refusal(empty, ForeignTables, allowed=("*",))


@pytest.mark.parametrize("name", ["scripts", "script_log", "SCRIPTS"])
def test_a_view_with_a_name_of_ours_collides(empty: Engine, name: str):
    if name == "SCRIPTS" and empty.dialect.name != "sqlite":
        run(empty, f"CREATE VIEW {name} AS SELECT 1 AS x")
        upgrade.upgrade(empty)  # another name for a server that tells case apart
        return
    run(empty, f"CREATE VIEW {name} AS SELECT 1 AS x")

    assert f"needs the names of 1: {name.lower()}." in refusal(empty, ForeignTables)


def test_views_of_operators_may_stay(empty: Engine):
    run(empty, "CREATE VIEW who_is_here AS SELECT 1 AS x")

    upgrade.upgrade(empty)

    assert "who_is_here" in inspect(empty).get_view_names()


def test_tables_of_tools_do_not_stop_a_later_upgrade(empty: Engine):
    upgrade.upgrade(empty, "0010")
    run(empty, "CREATE TABLE pt_heartbeat (id INT)", "ALTER TABLE users ADD COLUMN note INT")

    upgrade.upgrade(empty)

    upgrade.require_current(empty)


def test_a_table_with_the_name_of_one_in_a_later_migration_collides(empty: Engine):
    upgrade.upgrade(empty, "0010")
    run(empty, "CREATE TABLE ai_writings (id INT)")

    assert "needs the names of 1: ai_writings." in refusal(empty, ForeignTables)


def test_an_index_with_a_name_of_ours_collides_on_sqlite(tmp_path: Path):
    engine = make_engine(f"sqlite:///{tmp_path}/indexed.db")
    run(engine, "CREATE TABLE notes (id INT)", "CREATE INDEX bells ON notes (id)")

    assert "names of 1: bells." in refusal(engine, ForeignTables, allowed=("notes",))
    engine.dispose()


@pytest.mark.services
def test_sequences_and_system_versioned_tables_take_names_too(mariadb: DatabaseServer, mariadb_url: str):
    if "MariaDB" not in str(mariadb.execute("SELECT version()")[0][0]):
        return  # MySQL has neither
    engine = make_engine(mariadb_url)
    run(engine, "CREATE SEQUENCE bells", "CREATE TABLE users (id INT) WITH SYSTEM VERSIONING")

    assert "needs the names of 2: bells, users." in refusal(engine, ForeignTables)
    engine.dispose()


def test_another_application_that_uses_alembic_is_refused(empty: Engine):
    run(empty, *LEGACY, "CREATE TABLE alembic_version (version_num VARCHAR(32))")
    for found in ("a1b2c3d4e5f6", "0003"):
        run(empty, "DELETE FROM alembic_version", f"INSERT INTO alembic_version VALUES ('{found}')")

        assert f"is at revision {found} of another application" in refusal(empty, ForeignTables)
        if found != "0003":
            with pytest.raises(NoSchema):
                upgrade.require_current(empty)


def test_a_table_that_only_has_the_name_of_alembics_collides(empty: Engine):
    run(empty, "CREATE TABLE alembic_version (id INT)")

    assert "needs the names of 1: alembic_version." in refusal(empty, ForeignTables)


def test_a_newer_schema_is_left_to_newer_programs(empty: Engine):
    upgrade.upgrade(empty)
    run(empty, "UPDATE alembic_version SET version_num = '9999'", "ALTER TABLE script_commands ADD COLUMN later INT")

    upgrade.require_fit(empty)
    with pytest.raises(SchemaTooNew):
        upgrade.upgrade_if_outdated(empty)


def test_what_an_interrupted_first_upgrade_left_is_named_and_can_be_mended(empty: Engine):
    upgrade.upgrade(empty, "0001")
    run(empty, "DELETE FROM alembic_version", "DROP VIEW script_log", "DROP TABLE script_versions")

    sentence = refusal(empty, UnfinishedSchema)

    assert "holds only a part of a schema of scriptledger: bells, leases," in sentence
    mend(empty, sentence)
    upgrade.upgrade(empty)


def test_tables_left_among_those_of_another_application_are_recognized(empty: Engine):
    upgrade.upgrade(empty, "0001")
    run(empty, "DROP VIEW script_log", "DROP TABLE alembic_version", "DROP TABLE scripts", "DROP TABLE script_versions")
    run(empty, LEGACY[1])

    sentence = refusal(empty, ForeignTables)

    assert "1 table of another application, and scriptledger needs the names of 1: scripts." in sentence
    assert "An earlier upgrade left bells, leases," in sentence
    mend(empty, sentence)
    assert {*inspect(empty).get_table_names()} == {"scripts"}


@pytest.mark.parametrize("revision", ["0001", "0009", "head"])
def test_a_lost_revision_is_recorded_again(empty: Engine, revision: str):
    upgrade.upgrade(empty, revision)
    run(empty, "DROP TABLE alembic_version")

    sentence = refusal(empty, UnfinishedSchema)

    mend(empty, sentence)
    assert upgrade.found_revision(empty) == (known_revisions()[-1] if revision == "head" else revision)
    upgrade.upgrade(empty)


def test_what_an_interrupted_later_upgrade_left_is_named_and_can_be_mended(empty: Engine):
    """Migration 0005 makes tables, 0011 adds columns."""
    for recorded, next_one in (("0004", "0005"), ("0010", "0011")):
        upgrade.upgrade(empty, next_one)
        run(empty, f"UPDATE alembic_version SET version_num = '{recorded}'")

        sentence = refusal(empty, UnfinishedSchema)

        assert f"is at schema {recorded}, and already holds a part of the next one" in sentence
        mend(empty, sentence)
    upgrade.upgrade(empty)
    upgrade.require_current(empty)


def test_a_dump_loaded_in_part_is_incomplete(empty: Engine):
    upgrade.upgrade(empty)
    run(empty, "DROP VIEW script_log", "DROP TABLE script_versions", "ALTER TABLE leases DROP COLUMN fence")

    assert "lacks leases.fence, script_log, script_versions" in refusal(empty, UnfinishedSchema)


def test_a_dump_that_ended_after_the_revision_is_incomplete(empty: Engine):
    run(empty, "CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('0016')")

    assert "is at schema 0016 according to its table alembic_version, but lacks" in refusal(empty, UnfinishedSchema)


def test_every_revision_is_whole_on_every_server(empty: Engine):
    """And none that has yet to be migrated is taken for one that only lacks its record."""
    verbs: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        verb = statement.split(None, 1)[0].upper()
        if verb in ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP") and "alembic_version" not in statement:
            verbs.append(verb)

    end_with_rows = set()
    event.listen(Engine, "before_cursor_execute", listen)
    try:
        for revision in known_revisions():
            assert unrecorded(empty) is None
            verbs.clear()
            upgrade.upgrade(empty, revision)
            if not verbs or verbs[-1] in ("INSERT", "UPDATE", "DELETE"):
                end_with_rows.add(revision)
            upgrade.require_fit(empty)
            with empty.connect() as connection:
                held, known = contents_of(connection), known_schemas()[revision].named
            assert {name: held.named[name] for name in known} == known
    finally:
        event.remove(Engine, "before_cursor_execute", listen)

    if empty.dialect.name != "sqlite":
        assert end_with_rows == ENDS_WITH_ROWS


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_the_file_of_another_application_stays_as_it_is(tmp_path: Path, journal: str):
    file = tmp_path / "theirs.db"
    with closing(sqlite3.connect(file)) as theirs:
        theirs.execute(f"PRAGMA journal_mode = {journal}")
        theirs.execute("CREATE TABLE moz_places (id INTEGER PRIMARY KEY)")
    before = hashlib.sha256(file.read_bytes()).hexdigest()
    engine = make_engine(f"sqlite:///{file}")

    with pytest.raises(ForeignTables):
        upgrade.upgrade_if_outdated(engine)
    with pytest.raises(ForeignTables):
        upgrade.require_fit(engine)
    engine.dispose()

    assert hashlib.sha256(file.read_bytes()).hexdigest() == before
    assert [found.name for found in tmp_path.iterdir()] == ["theirs.db"]
