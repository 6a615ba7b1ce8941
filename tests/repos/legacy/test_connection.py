"""The connection to a legacy source: read only, in one sentence when it fails, never with the password."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from functools import partial
from hashlib import sha256
from pathlib import Path
from threading import Thread, Timer

import pytest
from sqlalchemy import make_url

from repos.driver import idle_connections
from repos.legacy import connection
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.legacy.errors import SourceError
from repos.legacy.rows import read_rows
from tests.repos.legacy.conftest import MakeSource
from tests.services.databases import DatabaseServer


def code_of(url: str) -> str:
    """The code of the error that opening and reading a source ends with."""
    with pytest.raises(SourceError) as raised, open_source(url, read_timeout=2) as source:
        read_catalog(source)
    assert "pass-word" not in str(raised.value)
    assert raised.value.__cause__ is None
    return raised.value.code


@pytest.mark.parametrize(
    "url",
    [
        "",
        "legacy.db",
        "postgresql://u:pass-word@host/name",
        "mysql://u:pass-word@host",
        "mysql://u:pass-word@ho st/name",
        "mysql://u:pass@-word@host/na@me",
        "mysql://u:pass-word@host/name?charset=latin1",
        "mysql://u:pass-word@host/name?no_such=1",
        "sqlite://",
        "sqlite:///legacy.db?mode=rw",
    ],
)
def test_a_url_that_names_no_database_is_refused(url: str):
    assert code_of(url) == "source_url"


def test_a_file_that_is_not_there_is_not_created(tmp_path: Path):
    assert code_of(f"sqlite:///{tmp_path}/none.db") == "source_unknown"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_or_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("not a database " * 100)
    assert code_of(f"sqlite:///{tmp_path}/notes.txt") == "source_damaged"
    assert code_of(f"sqlite:///{tmp_path}") == "source_unknown"


def test_an_empty_database_is_named(make_source: MakeSource):
    assert code_of(make_source("SELECT 1")) == "source_empty"


def test_a_dump_cut_in_the_middle_of_a_file_is_damaged(make_file_source: MakeSource):
    url = make_file_source(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT)",
        f"INSERT INTO t VALUES (1, '{'x' * 100_000}')",
        "CREATE TABLE u (id INTEGER PRIMARY KEY)",
    )
    file = Path(str(make_url(url).database))
    file.write_bytes(file.read_bytes()[:9_000])
    assert code_of(url) == "source_damaged"


def test_a_wrong_account_schema_or_port_is_named(make_server_source: MakeSource):
    url = make_url(make_server_source("CREATE TABLE t (id INT)"))
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    for changed, code in (
        (url.set(password="wrong-pass-word"), "source_sign_in"),
        (url.set(username="nobody"), "source_sign_in"),
        (url.set(database="mysql"), "source_sign_in"),
        (url.set(port=closed), "source_unreachable"),
    ):
        assert code_of(changed.render_as_string(hide_password=False)) == code


def test_a_schema_that_does_not_exist_is_named(mariadb: DatabaseServer):
    assert code_of(mariadb.url("no_such_schema")) == "source_unknown"


def test_a_server_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        accepted: list[socket.socket] = []
        Thread(target=lambda: accepted.append(silent.accept()[0]), daemon=True).start()
        assert code_of(f"mysql://u:pass-word@127.0.0.1:{port}/name") in {"source_unreachable", "source_lost"}
        for connection in accepted:
            connection.close()


def test_a_server_that_ends_the_connection_in_mid_stream_is_named(
    mariadb: DatabaseServer, make_server_source: MakeSource
):
    row = "(REPEAT('x', 1 << 20))"
    url = make_server_source("CREATE TABLE t (body LONGTEXT)", f"INSERT INTO t VALUES {', '.join([row] * 40)}")
    with open_source(url) as source:
        stream = source.stream("SELECT body, CONNECTION_ID() FROM t", batch_rows=1)
        mariadb.execute(f"KILL {next(stream)[0][1]}")
        with pytest.raises(SourceError) as raised:
            list(stream)
        assert raised.value.code == "source_lost"
        assert source.fetch("SELECT COUNT(*) FROM t") == [(40,)]


def test_connections_that_were_dropped_while_idle_are_replaced(
    mariadb: DatabaseServer, make_server_source: MakeSource, monkeypatch: pytest.MonkeyPatch
):
    with open_source(make_server_source("CREATE TABLE t (id INT)", "INSERT INTO t VALUES (1)")) as source:
        monkeypatch.setattr(idle_connections, "MAX_IDLE_SECONDS", 3_600)
        streams = [source.stream("SELECT CONNECTION_ID() FROM t") for _ in range(2)]
        idle = [next(stream)[0][0] for stream in streams]
        assert [list(stream) for stream in streams] == [[], []]
        for number in idle:
            mariadb.execute(f"KILL {number}")
        with pytest.raises(SourceError) as raised:
            source.fetch("SELECT 1")
        assert raised.value.code == "source_lost"
        [(number,)] = source.fetch("SELECT CONNECTION_ID()")
        assert number not in idle, "the other one was dropped too"
        mariadb.execute(f"KILL {number}")
        monkeypatch.setattr(idle_connections, "MAX_IDLE_SECONDS", 0)
        assert source.fetch("SELECT 1") == [(1,)]


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM"])
def test_a_session_cannot_write_even_with_an_account_that_may(mariadb: DatabaseServer, engine: str):
    url = mariadb.create_database()
    with mariadb.connect(database=make_url(url).database) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE t (id INT) ENGINE={engine}")
    with open_source(url) as source:
        for statement in (
            "INSERT INTO t VALUES (1)",
            "DELETE FROM t",
            "CREATE TABLE u (id INT)",
            "TRUNCATE t",
            "DROP TABLE t",
        ):
            with pytest.raises(SourceError):
                source.fetch(statement)
        assert source.fetch("SELECT COUNT(*) FROM t") == [(0,)]
    mariadb.drop_database(url)


def test_a_file_cannot_be_written_and_stays_the_same(make_file_source: MakeSource):
    url = make_file_source("CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    file = Path(str(make_url(url).database))
    before = sha256(file.read_bytes()).digest()
    with open_source(url) as source:
        read_catalog(source)
        for statement in ("INSERT INTO t VALUES (2)", "DROP TABLE t", "PRAGMA user_version = 5"):
            with pytest.raises(SourceError):
                source.fetch(statement)
    assert sha256(file.read_bytes()).digest() == before
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_a_file_in_wal_mode_gets_no_companions(make_file_source: MakeSource):
    url = make_file_source(
        "PRAGMA journal_mode = WAL", "CREATE TABLE t (id INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)"
    )
    file = Path(str(make_url(url).database))
    with open_source(url) as source:
        assert source.fetch("SELECT id FROM t") == [(1,)]
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_rows_that_a_writer_has_in_its_wal_are_read(make_file_source: MakeSource):
    url = make_file_source("PRAGMA journal_mode = WAL", "CREATE TABLE t (id INTEGER PRIMARY KEY)")
    with closing(sqlite3.connect(str(make_url(url).database))) as writer:
        writer.execute("INSERT INTO t VALUES (1)")
        writer.commit()
        with open_source(url) as source:
            assert source.fetch("SELECT id FROM t") == [(1,)]


def test_a_server_that_changes_texts_on_their_way_is_refused(
    make_server_source: MakeSource, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("repos.legacy.connection.SESSION_SETTINGS", "SET SESSION character_set_connection = 'latin1'")
    assert code_of(make_server_source("CREATE TABLE t (id INT)")) == "source_charset"


def test_a_query_that_the_server_ends_is_named(mariadb: DatabaseServer, make_server_source: MakeSource):
    url = make_server_source("CREATE TABLE t (id INT)")
    with open_source(url) as source:
        ((number,),) = source.fetch("SELECT CONNECTION_ID()")
        ending = Timer(0.3, lambda: mariadb.execute(f"KILL QUERY {number}"))
        ending.start()
        with pytest.raises(SourceError) as raised:
            source.fetch(
                "SELECT COUNT(*) FROM information_schema.COLUMNS a, information_schema.COLUMNS b, t, "
                "(SELECT BENCHMARK(1000000000, SHA2('x', 512))) c"
            )
        ending.join()
    assert raised.value.code == "source_interrupted"


def test_a_file_that_another_program_is_writing_is_named(make_file_source: MakeSource, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("repos.legacy.connection.CONNECT_TIMEOUT_SECONDS", 0.1)
    url = make_file_source("CREATE TABLE t (id INTEGER PRIMARY KEY)")
    writer = sqlite3.connect(str(make_url(url).database))
    writer.execute("BEGIN EXCLUSIVE")
    assert code_of(url) == "source_busy"
    writer.close()


def test_the_session_is_in_utc_and_utf8mb4_and_the_facts_are_the_servers_own(make_server_source: MakeSource):
    with open_source(make_server_source("CREATE TABLE t (id INT)")) as source:
        assert source.fetch("SELECT @@time_zone, @@character_set_results, @@sql_mode") == [("+00:00", "utf8mb4", "")]
        assert source.facts.product in ("MariaDB", "MySQL")
        assert source.facts.utc_offset_minutes == 0
        assert "STRICT_TRANS_TABLES" in source.facts.sql_mode
        assert "pass-word" not in source.name


def test_an_abandoned_stream_does_not_wait_for_its_rest(make_server_source: MakeSource):
    url = make_server_source(
        "CREATE TABLE t (id INT)", f"INSERT INTO t VALUES {', '.join(f'({number})' for number in range(50_000))}"
    )
    with open_source(url) as source:
        first, second = source.stream("SELECT id FROM t"), source.stream("SELECT id FROM t")
        assert len(next(first)) == len(next(second)) == 500
        first.close()
        second.close()
        assert source.fetch("SELECT COUNT(*) FROM t") == [(50_000,)]


@pytest.mark.services
def test_quotes_are_those_of_the_session_and_not_of_the_server(
    mariadb: DatabaseServer, monkeypatch: pytest.MonkeyPatch
):
    url = mariadb.create_database()
    with mariadb.connect(database=make_url(url).database) as opened, opened.cursor() as cursor:
        cursor.execute("""CREATE TABLE `a "table"` (`a "b" 5%` INT PRIMARY KEY, `c``d` VARCHAR(20))""")
        cursor.execute("""INSERT INTO `a "table"` VALUES (1, 'x"\\\\ || y')""")
    # As on a server that has this mode for every session.
    mode = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT"
    monkeypatch.setattr(connection, "_SourceConnection", partial(connection._SourceConnection, sql_mode=mode))

    with open_source(url) as source:
        table = read_catalog(source).tables['a "table"']
        rows = [*read_rows(source, table)]

    assert (table.problem, table.key) == (None, ('a "b" 5%',))
    assert rows == [((1,), (1, 'x"\\ || y'))]
    mariadb.drop_database(url)
