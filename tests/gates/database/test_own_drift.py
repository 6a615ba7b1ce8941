"""Drift of our own database: none after the migrations, and each change of an operator in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from gates.database.own_drift import own_drift
from repos.database.engine import open_engine
from repos.schema.revision import SchemaOutdated
from repos.schema.upgrade import upgrade, upgrade_if_outdated
from tests.cli.running import CommandLine
from tests.services.databases import DatabaseServer


@pytest.fixture
def url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Iterator[str]:
    """A new database with our schema."""
    server: DatabaseServer | None = None
    new = f"sqlite:///{tmp_path}/ledger.db"
    if not database_url.startswith("sqlite"):
        server = request.getfixturevalue("mariadb")
        new = server.create_database()
    with open_engine(new) as engine:
        upgrade(engine)
    yield new
    if server is not None:
        server.drop_database(new)


def run(url: str, *statements: str) -> None:
    with open_engine(url) as engine, engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def findings(url: str, *allowed: str) -> list[str]:
    return [difference.sentence for difference in own_drift(url, allowed=allowed)[0]]


def test_the_migrations_leave_no_drift(url: str):
    assert own_drift(url) == ([], [])


def test_changes_of_an_operator_are_named(url: str):
    run(
        url,
        "ALTER TABLE users ADD COLUMN note VARCHAR(20)",
        "CREATE INDEX ix_kind ON script_commands (kind)",
        "DROP VIEW script_log",
        "CREATE TABLE heartbeat (id INT)",
        "CREATE VIEW people AS SELECT email FROM users",
    )

    assert findings(url) == [
        "The table heartbeat was added: id.",
        "The view people was added.",
        "The index script_commands.ix_kind was added: kind.",
        "The view script_log was removed.",
        "The column users.note was added: varchar(20).",
    ]
    assert len(findings(url, "heart*", "people")) == 3


def test_a_view_that_an_upgrade_created_again_is_no_change(url: str):
    run(url, "DROP VIEW script_log")
    with open_engine(url) as engine:
        upgrade_if_outdated(engine)

    assert findings(url) == []


@pytest.mark.services
def test_changes_that_only_a_server_allows_are_named(mariadb: DatabaseServer):
    url = mariadb.create_database()
    with open_engine(url) as engine:
        upgrade(engine)
    run(
        url,
        "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci",
        "ALTER TABLE script_commands DROP CONSTRAINT ck_script_commands_ai_says_why",
        "ALTER TABLE script_versions DROP FOREIGN KEY fk_script_versions_script_id_version_number",
        "ALTER TABLE submission_inbox MODIFY attempts BIGINT NOT NULL DEFAULT 0",
        "CREATE TRIGGER no_delete BEFORE DELETE ON script_commands FOR EACH ROW SIGNAL SQLSTATE '45000'",
    )

    found = findings(url)

    starts = [
        "The check script_commands.ck_script_commands_ai_says_why was removed:",
        "The trigger no_delete was added: before delete on script_commands.",
        "The foreign key script_versions.fk_script_versions_script_id_version_number was removed:",
        "The column submission_inbox.attempts was smallint and is bigint.",
        "The column users.email was in utf8mb4 with utf8mb4_bin and is in utf8mb4 with utf8mb4_general_ci.",
        "The table users had utf8mb4 with utf8mb4_bin as default and has utf8mb4 with utf8mb4_general_ci.",
    ]
    assert [any(sentence.startswith(start) for sentence in found) for start in starts] == [True] * len(starts), found
    mariadb.drop_database(url)


def test_a_check_dropped_from_a_file_is_seen(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    with open_engine(url) as engine:
        upgrade(engine)
    run(
        url,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'keyframe_version <= version_number', '1 = 1') "
        "WHERE name = 'script_heads'",
    )

    assert findings(url) == ["The table script_heads is created by another statement."]


def test_another_schema_as_a_whole_is_outdated_and_not_drift(url: str):
    run(url, "UPDATE alembic_version SET version_num = '0001'")

    with pytest.raises(SchemaOutdated):
        own_drift(url)


@pytest.mark.services
def test_an_account_without_trigger_learns_that_triggers_were_not_compared(mariadb: DatabaseServer):
    url = mariadb.create_database()
    with open_engine(url) as engine:
        upgrade(engine)
    mariadb.execute("CREATE USER drift_worker IDENTIFIED BY 'pass-word'")
    mariadb.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{make_url(url).database}`.* TO drift_worker")
    limited = make_url(url).set(username="drift_worker", password="pass-word").render_as_string(hide_password=False)

    found, notes = own_drift(limited)

    assert found == []
    assert notes[0] == "The triggers were not compared: the account lacks TRIGGER."
    mariadb.execute("DROP USER drift_worker")
    mariadb.drop_database(url)


@pytest.mark.services
def test_checks_that_an_account_may_not_see_are_no_difference(mariadb: DatabaseServer):
    url = mariadb.create_database()
    schema = make_url(url).database
    with open_engine(url) as engine:
        upgrade(engine)
    mariadb.execute("CREATE USER drift_tables IDENTIFIED BY 'pass-word'")
    for (name,) in mariadb.execute(f"SHOW TABLES FROM `{schema}`"):
        mariadb.execute(f"GRANT SELECT ON `{schema}`.`{name}` TO drift_tables")
    limited = make_url(url).set(username="drift_tables", password="pass-word").render_as_string(hide_password=False)

    found, notes = own_drift(limited)

    is_mariadb = "MariaDB" in str(mariadb.execute("SELECT version()")[0][0])
    note = "The checks were not compared: the account lacks a privilege on the whole schema, like SELECT."
    assert (note in notes) == is_mariadb
    assert found == []
    mariadb.execute("DROP USER drift_tables")
    mariadb.drop_database(url)


def test_the_verb_prints_sentences_and_a_document(tmp_path: Path):
    cli = CommandLine(tmp_path / "home", warm=True)
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert cli("db", "drift", "--database", url).status == 4
    assert not (tmp_path / "ledger.db").exists()
    assert cli("db", "upgrade", "--database", url).status == 0
    assert cli("db", "drift", "--database", url).out == f"The schema of {url} is what the migrations made.\n"

    run(url, 'CREATE TABLE "note\x1b[2Js" (id INT)')
    ran = cli("db", "drift", "--database", url)

    assert (ran.status, ran.out) == (1, "The table note\\x1b[2Js was added: id.\n")
    printed = cli("db", "drift", "--database", url, "--json").json
    assert [each["kind"] for each in printed["differences"]] == ["added"]
    assert cli("db", "drift", "--database", url, "--allow-table", "note*").status == 0
