"""`db upgrade` and `db current` on databases of other applications."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.running import CommandLine, sentence


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.fixture
def theirs(tmp_path: Path) -> str:
    """The URL of another application's file, with a name that would move the cursor of a terminal."""
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as file:
        file.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT)")
        file.execute('CREATE TABLE "note\x1b[2Js" (id INTEGER PRIMARY KEY)')
    return f"sqlite:///{tmp_path}/theirs.db"


def test_a_foreign_database_is_refused_by_current_and_upgrade_in_the_same_words(warm: CommandLine, theirs: str):
    ran = [warm("db", verb, "--database", theirs) for verb in ("upgrade", "current")]

    assert [each.status for each in ran] == [4, 4]
    assert sentence(ran[0]) == sentence(ran[1])
    assert "and scriptledger needs the names of 1: users. Nothing was changed." in sentence(ran[0])
    assert warm("db", "current", "--database", theirs, "--json").json["error"]["code"] == "foreign_tables"


def test_other_verbs_send_to_current_instead_of_upgrade(warm: CommandLine, theirs: str):
    ran = warm("scripts", SCRIPTLEDGER_DATABASE_URL=theirs)

    assert ran.status == 4
    assert sentence(ran).endswith("`scriptledger db current` says what to do.")


def test_tables_of_tools_can_be_allowed_and_their_names_are_escaped(warm: CommandLine, theirs: str, tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "theirs.db")) as file:
        file.execute("DROP TABLE users")

    assert "application: note\\x1b[2js." in sentence(warm("db", "upgrade", "--database", theirs))
    allowed = warm("db", "upgrade", "--database", theirs, "--allow-table", "note*")
    assert (allowed.status, "had no schema, and was migrated" in allowed.out) == (0, True)
    assert warm("db", "current", "--database", theirs).status == 0


def test_a_missing_view_is_reported_and_created_again(warm: CommandLine, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert warm("db", "upgrade", "--database", url).status == 0
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        file.execute("DROP VIEW script_log")

    ran = warm("db", "current", "--database", url)
    assert ran.status == 0
    assert "The view script_log, which shows the log as text, is missing or cannot be read." in ran.err
    ran = warm("db", "upgrade", "--database", url)
    assert (ran.status, ran.err) == (0, "")
    assert warm("db", "current", "--database", url).err == ""


def test_a_newer_schema_is_refused_by_current_and_upgrade_in_the_same_words(warm: CommandLine, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/ledger.db"
    assert warm("db", "upgrade", "--database", url).status == 0
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")

    ran = [warm("db", verb, "--database", url) for verb in ("upgrade", "current")]

    assert [each.status for each in ran] == [4, 4]
    assert sentence(ran[0]) == sentence(ran[1])
    assert sentence(ran[0]).endswith("install a newer scriptledger.")
