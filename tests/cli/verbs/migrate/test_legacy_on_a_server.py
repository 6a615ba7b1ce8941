"""`legacy inspect` and `legacy map` against a server, with an account that has SELECT on the source alone."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from pymysql.constants import CLIENT
from sqlalchemy import URL, make_url

from backfill.samples import sample_sql
from tests.cli.running import CommandLine
from tests.services.databases import DatabaseServer

PASSWORD = "kept%20secret@/"


@pytest.fixture
def warm(home: Path) -> CommandLine:
    """A command line in an empty home."""
    return CommandLine(home, warm=True)


@pytest.fixture
def reader(mariadb: DatabaseServer) -> Iterator[URL]:
    """The sample of generation 2, all MyISAM and latin1, on a server six hours behind UTC; read by a bare account."""
    url, account = make_url(mariadb.create_database()), f"reader_{secrets.token_hex(4)}"
    options = {"database": url.database, "client_flag": CLIENT.MULTI_STATEMENTS}
    with mariadb.connect(**options) as connection, connection.cursor() as cursor:
        cursor.execute(sample_sql(2))
        while cursor.nextset():
            pass
    mariadb.execute(f"CREATE USER `{account}`@'%' IDENTIFIED BY '{PASSWORD}'")
    mariadb.execute(f"GRANT SELECT ON `{url.database}`.* TO `{account}`@'%'")
    ((zone,),) = mariadb.execute("SELECT @@global.time_zone")
    mariadb.execute("SET GLOBAL time_zone = '-06:00'")
    yield url.set(username=account, password=PASSWORD)
    mariadb.execute(f"SET GLOBAL time_zone = '{zone}'")
    mariadb.execute(f"DROP USER `{account}`@'%'")
    mariadb.drop_database(url.render_as_string(hide_password=False))


def checksums(mariadb: DatabaseServer, schema: str | None) -> list[tuple[object, ...]]:
    tables = ", ".join(f"`{schema}`.{name}" for name in ("conversations", "personas", "scripts", "sessions", "users"))
    return mariadb.execute(f"CHECKSUM TABLE {tables}")


def test_a_server_is_inspected_and_mapped_without_a_trace(
    warm: CommandLine, mariadb: DatabaseServer, reader: URL, tmp_path: Path
):
    before = checksums(mariadb, reader.database)
    environ = {"SCRIPTLEDGER_LEGACY_URL": reader.render_as_string(hide_password=False)}
    inspected = warm("legacy", "inspect", "--json", **environ)
    assert inspected.status == 0
    tables = inspected.json["tables"]
    assert {(each["engine"], each["charset"], each["exact"]) for each in tables} == {("MyISAM", "latin1", True)}
    assert [each["rows"] for each in tables] == [1, 1, 2, 2, 2]
    assert inspected.json["server"]["utc_offset_minutes"] == -360
    assert [doubt["code"] for doubt in inspected.json["doubts"]] == ["no_snapshot"] * 5
    drafted = warm("legacy", "map", "-o", "legacy.toml", **environ)
    checked = warm("legacy", "map", "--check", "legacy.toml", **environ)
    assert (drafted.status, checked.status) == (0, 0)
    assert 'created_at = { to = "created_at", time_zone = "-06:00" }' in (tmp_path / "legacy.toml").read_text()
    assert checksums(mariadb, reader.database) == before
    wrong = warm("legacy", "inspect", reader.set(password="my-secret").render_as_string(hide_password=False))
    assert (wrong.status, "refused the sign-in" in wrong.err) == (4, True)
    for ran in (inspected, drafted, checked, wrong):
        assert "secret" not in ran.out + ran.err


def test_the_password_may_be_in_a_file(warm: CommandLine, reader: URL, tmp_path: Path):
    file = tmp_path / "reader_password"
    file.write_text(f"{PASSWORD}\n")
    url = f"mysql://{reader.username}@{reader.host}:{reader.port}/{reader.database}"
    environ = {"SCRIPTLEDGER_LEGACY_URL": url, "SCRIPTLEDGER_LEGACY_PASSWORD_FILE": str(file)}
    assert warm("legacy", "map", "-o", "legacy.toml", **environ).status == 0
    for verb in (["legacy", "inspect"], ["legacy", "scan"], ["backfill", "run", "-m", "legacy.toml", "--in-process"]):
        assert "refused the sign-in" not in warm(*verb, **environ).err, verb
    assert warm("legacy", "inspect", url, **(environ | {"SCRIPTLEDGER_LEGACY_URL": ""})).status == 0
    unread = warm("legacy", "inspect", **(environ | {"SCRIPTLEDGER_LEGACY_PASSWORD_FILE": "nowhere"}))
    assert "SCRIPTLEDGER_LEGACY_PASSWORD_FILE is not a file that can be read" in unread.err
