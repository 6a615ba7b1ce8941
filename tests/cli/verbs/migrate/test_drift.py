"""`legacy freeze` and `legacy drift`: a file to commit, sentences, and refusals that leave nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.cli.running import CommandLine, sentence
from tests.services.databases import DatabaseServer


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.fixture
def legacy(tmp_path: Path) -> str:
    """The URL of a small legacy file."""
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as file:
        file.execute("CREATE TABLE scripts (id INTEGER PRIMARY KEY, title TEXT CHECK (title <> ''))")
        file.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE)")
    return f"sqlite:///{tmp_path}/legacy.db"


def change(tmp_path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(tmp_path / "legacy.db")) as file:
        for statement in statements:
            file.execute(statement)
        file.commit()


def test_a_frozen_schema_is_as_it_was_until_it_is_changed(warm: CommandLine, legacy: str, tmp_path: Path):
    file = tmp_path / "schema.json"
    frozen = warm("legacy", "freeze", legacy, "-o", file)
    assert frozen.out == f"Wrote the schema of {legacy} to {file}: 2 tables, 0 views, 0 triggers, 0 routines.\n"
    assert warm("legacy", "drift", legacy, "-f", file).status == 0

    change(tmp_path, "ALTER TABLE users ADD COLUMN name TEXT", "DROP TABLE scripts", 'CREATE TABLE "t\x1b[2J" (id INT)')
    ran = warm("legacy", "drift", legacy, "--frozen", file)

    assert ran.status == 1
    assert ran.out == (
        "The table scripts was removed.\nThe table t\\x1b[2J was added: id.\nThe column users.name was added: text.\n"
    )
    found = warm("legacy", "drift", legacy, "-f", file, "--json").json["differences"]
    assert [(each["table"], each["kind"]) for each in found] == [
        ("scripts", "removed"),
        ("t\x1b[2J", "added"),
        ("users", "added"),
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("CREATE INDEX ix ON users (email DESC)", "The index users.ix was added: email desc."),
        ("CREATE INDEX ix ON users (id) WHERE id > 5", "The index users.ix was added:"),
        ("CREATE VIEW v AS SELECT 1", "The view v was added."),
        ("CREATE TRIGGER tr AFTER DELETE ON users BEGIN SELECT 1; END", "The trigger tr was added"),
        ("ALTER TABLE users RENAME COLUMN email TO mail", "The column users.email was renamed to mail."),
        ("ALTER TABLE users RENAME TO people", "The table users was renamed to people."),
    ],
)
def test_changes_of_a_file_are_named(warm: CommandLine, legacy: str, tmp_path: Path, changed: str, expected: str):
    warm("legacy", "freeze", legacy, "-o", tmp_path / "schema.json")
    change(tmp_path, changed)

    ran = warm("legacy", "drift", legacy, "-f", tmp_path / "schema.json")

    assert ran.status == 1
    assert any(line.startswith(expected) for line in ran.out.splitlines()), ran.out


def test_a_file_is_not_overwritten_without_the_option(warm: CommandLine, legacy: str, tmp_path: Path):
    file = tmp_path / "schema.json"
    file.write_text("mine")

    ran = warm("legacy", "freeze", legacy, "-o", file, "--json")
    assert (ran.status, ran.json["error"]["code"], file.read_text()) == (2, "exists", "mine")

    assert warm("legacy", "freeze", legacy, "-o", file, "--replace", "--json").json["tables"] == 2
    assert warm("legacy", "freeze", legacy).out == file.read_text()


def test_bad_files_and_sources_are_one_sentence_each(warm: CommandLine, legacy: str, tmp_path: Path):
    notes = tmp_path / "notes.txt"
    notes.write_text("not a schema")
    for args, status, words in (
        (["drift", legacy, "-f", notes], 1, f"{notes}: The file is not a schema that `legacy freeze` wrote:"),
        (["drift", legacy, "-f", tmp_path / "none.json"], 2, "none.json: No such file or directory"),
        (["drift", legacy, "-f", tmp_path], 2, str(tmp_path)),
        (["freeze", f"sqlite:///{tmp_path}/none.db", "-o", tmp_path / "new.json"], 4, "There is no SQLite file"),
        (["freeze", f"sqlite:///{notes}", "-o", tmp_path / "new.json"], 4, "is not an SQLite database"),
        (["freeze", legacy, "-o", tmp_path / "none" / "new.json"], 2, "No such file or directory"),
        (["freeze", legacy, "--json"], 2, "--json needs --output"),
    ):
        ran = warm("legacy", *args)
        assert ran.status == status, args
        assert words in sentence(ran)
    assert not (tmp_path / "new.json").exists()


@pytest.mark.services
def test_an_account_with_select_alone_freezes_and_learns_what_is_missing(
    warm: CommandLine, mariadb: DatabaseServer, legacy: str, tmp_path: Path
):
    url = make_url(mariadb.create_database())
    mariadb.execute(f"CREATE TABLE `{url.database}`.notes (id INT PRIMARY KEY, text LONGTEXT)")
    mariadb.execute("CREATE USER freezer IDENTIFIED BY 'pass-word'")
    mariadb.execute(f"GRANT SELECT ON `{url.database}`.* TO freezer")
    limited = url.set(username="freezer", password="pass-word").render_as_string(hide_password=False)
    file = tmp_path / "schema.json"

    ran = warm("legacy", "freeze", limited, "-o", file)

    assert (ran.status, ran.out.endswith("1 table, 0 views.\n")) == (0, True)
    assert ran.err.splitlines()[0] == "The triggers are not in it: the account lacks TRIGGER."
    assert "pass-word" not in ran.out + ran.err + file.read_text()
    assert warm("legacy", "drift", url.render_as_string(hide_password=False), "-f", file).status == 0
    ran = warm("legacy", "drift", legacy, "-f", file)
    assert (ran.status, "is the schema of" in sentence(ran)) == (1, True)
    mariadb.execute("DROP USER freezer")
    mariadb.drop_database(url.render_as_string(hide_password=False))
