"""Every verb of `legacy` leaves the source as it was: rows, definitions and counters, on InnoDB and MyISAM."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from backfill.samples import make_sample_file
from cli.verbs.migrate import legacy
from repos.legacy.connection import READ_ONLY, SESSION_SETTINGS
from tests.cli.running import CommandLine
from tests.legacy.clean_rows import Size
from tests.legacy.database import on_server
from tests.services.databases import DatabaseServer

# Every verb that is registered is run, also one that this file does not know.
VERBS = sorted(str(command.name) for command in legacy.app.registered_commands if command.name != "sample")


@pytest.fixture(scope="module", params=["InnoDB", "MyISAM"])
def source(request: pytest.FixtureRequest, mariadb: DatabaseServer) -> Iterator[str]:
    """The URL of a legacy database with defects, for an account with all rights on it."""
    made = make_url(on_server(mariadb, "sixth", Size(20), engine=request.param).url)
    account = f"writer_{secrets.token_hex(4)}"
    mariadb.execute(f"CREATE USER {account} IDENTIFIED BY 'pass-word'")
    mariadb.execute(f"GRANT ALL ON `{made.database}`.* TO {account}")
    yield made.set(username=account, password="pass-word").render_as_string(hide_password=False)
    mariadb.execute(f"DROP USER {account}")
    mariadb.drop_database(made.render_as_string(hide_password=False))


def state_of(server: DatabaseServer, url: str) -> list[Any]:
    """Checksums, definitions and next numbers of all tables."""
    with server.connect(database=make_url(url).database) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        tables = sorted(name for (name,) in cursor.fetchall())
        state: list[Any] = [tables]
        for table in tables:
            cursor.execute(f"CHECKSUM TABLE `{table}`")
            state += cursor.fetchall()
            cursor.execute(f"SHOW CREATE TABLE `{table}`")
            state += cursor.fetchall()
    return state


@pytest.mark.slow
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_changes_nothing_and_sends_only_reads(
    mariadb: DatabaseServer, source: str, home: Path, tmp_path: Path, verb: str
):
    warm = CommandLine(home, warm=True)
    frozen = tmp_path / "schema.json"
    if verb == "drift":
        assert warm("legacy", "freeze", source, "-o", frozen).status == 0
    before = state_of(mariadb, source)
    [(output,)] = mariadb.execute("SELECT @@global.log_output")
    mariadb.execute("SET GLOBAL log_output = 'TABLE'")
    mariadb.execute("TRUNCATE mysql.general_log")
    mariadb.execute("SET GLOBAL general_log = 1")

    try:
        ran = warm("legacy", verb, source, *(["-f", frozen] if verb == "drift" else []))
    finally:
        mariadb.execute("SET GLOBAL general_log = 0")
        mariadb.execute(f"SET GLOBAL log_output = '{output}'")

    assert ran.status in (0, 1, 4), ran.err
    assert state_of(mariadb, source) == before
    sent = statements_of(mariadb, str(make_url(source).username))
    assert {statement.split()[0].upper() for statement in sent} <= {
        "SELECT",
        "SHOW",
        "SET",
        "WITH",
        "CHECKSUM",
        "ROLLBACK",
    }
    assert {statement for statement in sent if statement.upper().startswith("SET")} <= {
        "SET NAMES utf8mb4",
        "SET AUTOCOMMIT = 1",
        SESSION_SETTINGS,
        READ_ONLY,
    }
    assert len(sent) > 5


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_leaves_a_file_and_its_folder_as_they_were(home: Path, tmp_path: Path, verb: str):
    warm = CommandLine(home, warm=True)
    folder, frozen = tmp_path / "theirs", tmp_path / "schema.json"
    folder.mkdir()
    file = folder / "legacy.db"
    make_sample_file(file)
    if verb == "drift":
        assert warm("legacy", "freeze", f"sqlite:///{file}", "-o", frozen).status == 0
    before = sha256(file.read_bytes()).digest()

    ran = warm("legacy", verb, f"sqlite:///{file}", *(["-f", frozen] if verb == "drift" else []))

    assert ran.status in (0, 1), ran.err
    assert sha256(file.read_bytes()).digest() == before
    assert [each.name for each in folder.iterdir()] == ["legacy.db"]


def statements_of(server: DatabaseServer, account: str) -> list[str]:
    """What an account sent since the general log was emptied."""
    rows = server.execute(
        "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log "
        f"WHERE command_type IN ('Query', 'Execute', 'Prepare') AND user_host LIKE '%{account}%' AND argument <> ''"
    )
    return [str(statement) for (statement,) in rows]
