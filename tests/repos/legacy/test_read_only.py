"""The server refuses every write in our session, whatever the account may do; and no way leads out of READ ONLY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymysql
import pytest
from sqlalchemy import make_url

from repos.legacy.catalog import read_catalog
from repos.legacy.connection import Source, open_source
from repos.legacy.errors import SourceError
from repos.legacy.rows import count_rows, read_rows
from tests.repos.legacy.conftest import MakeSource
from tests.services.databases import DatabaseServer

ENGINES = ("InnoDB", "MyISAM")
ON_A_TABLE = (
    "INSERT INTO {t} VALUES (2, 2)",
    "INSERT IGNORE INTO {t} VALUES (2, 2)",
    "INSERT INTO {t} VALUES (1, 1) ON DUPLICATE KEY UPDATE x = 7",
    "INSERT INTO {t} SELECT id + 5, x FROM {t}",
    "REPLACE INTO {t} VALUES (1, 2)",
    "UPDATE {t} SET x = 5",
    "UPDATE {t} a JOIN {t} b ON a.id = b.id SET a.x = 5",
    "DELETE FROM {t}",
    "TRUNCATE {t}",
    "LOAD DATA INFILE '/etc/hostname' INTO TABLE {t}",
    "/*! UPDATE {t} SET x = 6 */",
    "ALTER TABLE {t} ADD COLUMN y INT",
    "ALTER TABLE {t} ENGINE = InnoDB",
    "ALTER TABLE {t} AUTO_INCREMENT = 9",
    "CREATE INDEX i ON {t} (x)",
    "CREATE TRIGGER g BEFORE INSERT ON {t} FOR EACH ROW SET @a = 1",
    "RENAME TABLE {t} TO z",
    "DROP TABLE {t}",
    "OPTIMIZE TABLE {t}",
    "REPAIR TABLE {t}",
    "LOCK TABLES {t} WRITE",
    "SELECT * FROM {t} FOR UPDATE",
    "PREPARE s FROM 'INSERT INTO {t} VALUES (7, 7)'; EXECUTE s",
    "EXECUTE IMMEDIATE 'INSERT INTO {t} VALUES (7, 7)'",
    "SELECT 1; INSERT INTO {t} VALUES (7, 7)",
)
OTHERS = (
    "CREATE TABLE n (id INT)",
    "CREATE TABLE n AS SELECT 1",
    "CREATE VIEW w AS SELECT 1",
    "CREATE PROCEDURE q() SELECT 1",
    "CREATE FUNCTION h() RETURNS INT RETURN 1",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "CREATE DATABASE never_made",
    "CREATE USER never_made",
    "DROP VIEW v",
    "DROP PROCEDURE writes",
    "GRANT SELECT ON *.* TO never_made",
    "CALL writes()",
    "SELECT writes_too()",
    "DO writes_too()",
    "INSERT INTO v VALUES (5, 5)",
    "SELECT 1; SET SESSION TRANSACTION READ WRITE",
)


@pytest.fixture(scope="module")
def writable(mariadb: DatabaseServer) -> Iterator[str]:
    """The URL of a source whose account has all rights."""
    url = mariadb.create_database()
    with mariadb.connect(database=make_url(url).database) as connection, connection.cursor() as cursor:
        for engine in ENGINES:
            cursor.execute(f"CREATE TABLE {engine} (id INT PRIMARY KEY, x INT) ENGINE={engine}")
            cursor.execute(f"INSERT INTO {engine} VALUES (1, 1)")
        cursor.execute("CREATE VIEW v AS SELECT * FROM InnoDB")
        cursor.execute("CREATE PROCEDURE writes() INSERT INTO InnoDB VALUES (9, 9)")
        cursor.execute(
            "CREATE FUNCTION writes_too() RETURNS INT DETERMINISTIC MODIFIES SQL DATA "
            "BEGIN INSERT INTO MyISAM VALUES (8, 8); RETURN 1; END"
        )
    yield url
    mariadb.drop_database(url)


@pytest.fixture(scope="module")
def session(writable: str) -> Iterator[Any]:
    """The driver's connection of such a source, without the check of statements in front of it."""
    with open_source(writable) as source:
        pooled = source._engine.raw_connection()
        yield pooled.driver_connection
        pooled.close()


WRITES = [*(each.format(t=engine) for engine in ENGINES for each in ON_A_TABLE), *OTHERS]


def send(session: Any, statement: str) -> None:
    """Send a statement, or one that is prepared and then executed, as it is."""
    with session.cursor() as cursor:
        for part in statement.split("; ") if "EXECUTE" in statement else [statement]:
            cursor.execute(part)
            cursor.fetchall()


@pytest.mark.parametrize("statement", WRITES)
def test_the_server_refuses_every_write(session: Any, statement: str):
    with pytest.raises(pymysql.MySQLError):
        send(session, statement)


def test_nothing_was_written(mariadb: DatabaseServer, writable: str, session: Any):
    for statement in WRITES:
        with pytest.raises(pymysql.MySQLError):
            send(session, statement)
    with mariadb.connect(database=make_url(writable).database) as connection, connection.cursor() as cursor:
        cursor.execute("SHOW FULL TABLES")
        assert {name for name, _ in cursor.fetchall()} == {*ENGINES, "v"}
        for engine in ENGINES:
            cursor.execute(f"SELECT * FROM {engine}")
            assert cursor.fetchall() == ((1, 1),)


@pytest.mark.parametrize(
    "statement",
    [
        "SET SESSION TRANSACTION READ WRITE",
        "SET SESSION transaction_read_only = 0",
        "SET @@session.tx_read_only = 0",
        "START TRANSACTION READ WRITE",
        "SELECT 1 INTO OUTFILE '/tmp/never_written'",
        "SELECT id FROM InnoDB LOCK IN SHARE MODE",
        "FLUSH TABLES WITH READ LOCK",
        "ANALYZE TABLE InnoDB",
    ],
)
def test_what_a_read_only_session_would_allow_is_not_sent(writable: str, statement: str):
    with open_source(writable) as source:
        for send in (source.fetch, lambda sql: list(source.stream(sql))):
            with pytest.raises(SourceError) as caught:
                send(statement)
            assert caught.value.code == "source_writes"
        assert modes_of(source) == {"ON"}


def modes_of(source: Source) -> set[str]:
    variables = source.fetch("SHOW SESSION VARIABLES LIKE '%%_read_only'")
    return {mode for name, mode in variables if name in ("tx_read_only", "transaction_read_only")}


def test_every_connection_of_the_pool_is_read_only(writable: str):
    with open_source(writable) as source:
        streams = [source.stream("SHOW SESSION VARIABLES LIKE '%%_read_only'", batch_rows=1) for _ in range(5)]
        found = [dict(row for batch in stream for row in batch) for stream in streams]
        with source.reflecting() as connection:
            assert connection.exec_driver_sql("SELECT @@session.sql_mode").scalar() == ""
        assert modes_of(source) == {"ON"}
    assert all("ON" in modes.values() for modes in found)


def test_a_server_that_stays_writable_is_refused(writable: str, monkeypatch: pytest.MonkeyPatch):
    """As behind a proxy that keeps SET for itself."""
    monkeypatch.setattr("repos.legacy.connection.READ_ONLY", "DO 0")
    with pytest.raises(SourceError) as caught, open_source(writable):
        pass

    assert caught.value.code == "source_not_read_only"


def test_select_alone_is_enough(make_server_source: MakeSource):
    url = make_server_source(
        "CREATE TABLE scripts (id INT PRIMARY KEY, user_id INT, title VARCHAR(20)) ENGINE=InnoDB",
        "CREATE TABLE old (id INT PRIMARY KEY, body TEXT) ENGINE=MyISAM",
        "CREATE VIEW titles AS SELECT title FROM scripts",
        "INSERT INTO scripts VALUES (1, 1, 'Rain')",
        "INSERT INTO old VALUES (1, 'Snow')",
    )
    with open_source(url) as source:
        catalog = read_catalog(source)
        assert [table.problem for table in catalog] == [None, None, None]
        assert [count_rows(source, table) for table in catalog] == [1, 1, 1]
        assert [len(list(read_rows(source, table))) for table in catalog] == [1, 1, 1]


@pytest.mark.parametrize(
    ("grant", "readable"),
    [
        ("SELECT ON `{schema}`.scripts", {"scripts": True}),
        ("SELECT (id) ON `{schema}`.scripts", {"scripts": False}),
        ("INSERT ON `{schema}`.scripts", {"scripts": False}),
    ],
)
def test_a_table_without_select_is_named(make_server_source: MakeSource, grant: str, readable: dict[str, bool]):
    url = make_server_source(
        "CREATE TABLE scripts (id INT PRIMARY KEY, title VARCHAR(20))",
        "CREATE TABLE users (id INT PRIMARY KEY)",
        grant=grant,
    )
    with open_source(url) as source:
        catalog = read_catalog(source)

    assert {table.name: table.problem is None for table in catalog} == readable
    for table in catalog:
        assert table.problem is None or f"The account may not read the table {table.name}" in table.problem


def test_a_replica_that_refuses_writes_is_a_source(mariadb: DatabaseServer, make_server_source: MakeSource):
    url = make_server_source("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    mariadb.execute("SET GLOBAL read_only = 1")
    try:
        with open_source(url) as source:
            assert [row.key for row in read_rows(source, read_catalog(source).tables["t"])] == [(1,)]
    finally:
        mariadb.execute("SET GLOBAL read_only = 0")
