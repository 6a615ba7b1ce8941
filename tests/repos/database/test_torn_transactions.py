"""A transaction that ends in the middle is rolled back completely, whatever ended it, whatever the server answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, make_url, text

from domain.errors import Conflict
from repos.database.engine import make_engine
from repos.database.server_status import TransactionLost
from repos.database.session import Session
from repos.schema import upgrade
from repos.schema.core_tables import users
from repos.unit_of_work import UnitOfWork
from tests.repos.database.stored_users import ADD, EMAILS, emails
from tests.services.databases import DatabaseServer

ENDS = {
    # As after an abort by another node: the server answers OK, and there is no transaction any more.
    "rolled back": "ROLLBACK",
    "several answers": "ROLLBACK;DO 0",
}


@pytest.fixture(scope="module")
def engine(mariadb_url: str) -> Iterator[Engine]:
    engine = make_engine(mariadb_url, pool_size=1)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def delete_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(users.delete())


@contextmanager
def sent_with(engine: Engine, after: str, words: str) -> Iterator[None]:
    """Insert these words after the first statement with this beginning in everything sent, as a proxy might."""
    with Session(engine) as session:
        connection: Any = session._connection
    send = connection._execute_command

    def send_with_words(command: int, sql: str | bytes) -> None:
        parts = (sql if isinstance(sql, str) else sql.decode()).split(";")
        matches = [number for number, part in enumerate(parts) if part.startswith(after)]
        if matches:
            parts.insert(matches[0] + 1, words)
        send(command, ";".join(parts))

    connection._execute_command = send_with_words
    yield
    connection._execute_command = send


@pytest.mark.parametrize("words", ENDS.values(), ids=ENDS.keys())
def test_statements_after_the_end_of_a_transaction_are_rolled_back(engine: Engine, words: str):
    lost = Session(engine)
    connection = lost._connection
    lost.start()
    lost.later(ADD, rows=1, mail="ann")
    lost.later(text(words))
    for number in range(5):
        lost.later(ADD, rows=1, mail=f"bea {number}")
    with pytest.raises(TransactionLost):
        lost.commit()
    lost.rollback()

    assert not [mail for mail in emails(engine) if mail.startswith("bea")]
    with Session(engine) as session:
        assert session._connection is not connection, "a connection of unknown state is never reused"


@pytest.mark.parametrize("words", ["ROLLBACK", "DO 0"])
@pytest.mark.parametrize("after", ["SET autocommit=0", "SELECT users.email", "INSERT INTO users", "COMMIT"])
def test_an_inserted_statement_is_detected(engine: Engine, after: str, words: str):
    def add_two() -> None:
        with UnitOfWork(engine).records() as tx:
            tx.users._session.rows(EMAILS)
            tx.users._session.later(ADD, rows=1, mail="ann")
            tx.users._session.later(ADD, rows=1, mail="bea")

    with sent_with(engine, after, words), pytest.raises(Conflict):
        add_two()

    assert emails(engine) in ([], ["ann", "bea"] if after == "COMMIT" else [])


@pytest.mark.parametrize("words", ENDS.values(), ids=ENDS.keys())
def test_an_end_among_statements_sent_ahead_is_detected(engine: Engine, words: str):
    def add_three() -> None:
        with UnitOfWork(engine).records() as tx:
            session = tx.users._session
            for mail in ("ann", "bea", "cyd"):
                session.later(ADD, rows=1, mail=mail)
                session.flush_ahead()

    with sent_with(engine, "INSERT INTO users", words), pytest.raises(Conflict):
        add_three()

    assert emails(engine) == []


@pytest.mark.parametrize("end", [text("ROLLBACK"), text("COMMIT"), text("SET autocommit=1")], ids=str)
@pytest.mark.parametrize(
    "go_on",
    [
        lambda session: session.rows(EMAILS),
        lambda session: session.rows_of([(EMAILS, {}), (EMAILS, {})]),
        lambda session: list(session.rows_in_turn([(EMAILS, {}), (EMAILS, {})])),
        lambda session: session.run(ADD, mail="bea"),
        lambda session: session.insert(ADD, mail="bea"),
        lambda session: session.commit(),
        lambda session: session.commit(EMAILS),
    ],
    ids=["rows", "rows_of", "rows_in_turn", "run", "insert", "commit", "commit and look"],
)
def test_every_statement_after_the_end_of_a_transaction_is_a_conflict(
    engine: Engine, end: Any, go_on: Callable[[Session], object]
):
    session = Session(engine)
    session.start()
    for step in (
        lambda: session.run(end),
        lambda: go_on(session),
        lambda: session.run(ADD, mail="zoe"),
        session.commit,
    ):
        with pytest.raises(Conflict):
            step()
    session.rollback()

    assert emails(engine) == []


@pytest.mark.parametrize("kind", [1, 2], ids=["CHAIN", "RELEASE"])
def test_the_completion_type_of_the_server_is_overridden(mariadb: DatabaseServer, mariadb_url: str, kind: int):
    mariadb.execute(f"SET GLOBAL completion_type = {kind}")
    try:
        engine = make_engine(mariadb_url, pool_size=1)
        for mail in ("ann", "bea"):
            with UnitOfWork(engine).records() as tx:
                tx.users._session.run(ADD, mail=mail)
        assert emails(engine) == ["ann", "bea"]
        engine.dispose()
    finally:
        mariadb.execute("SET GLOBAL completion_type = 0")


def test_a_commit_that_leaves_a_transaction_open_is_an_error(engine: Engine):
    session = Session(engine)
    connection = session._connection
    session.start()
    session.run(ADD, mail="ann")
    session.run(text("SET completion_type = 1"))
    with pytest.raises(TransactionLost):
        session.commit()
    session.rollback()

    with Session(engine) as other:
        assert other._connection is not connection


def test_a_single_statement_without_autocommit_is_an_error(engine: Engine):
    """If autocommit has been switched off, a row would be acknowledged and never committed."""

    def put() -> None:
        with UnitOfWork(engine).statement() as tx:
            tx.users._session._connection.query("SET autocommit=0")
            tx.users._session.run(ADD, mail="ann")

    with pytest.raises(TransactionLost):
        put()
    assert emails(engine) == []


def test_a_transaction_that_was_left_open_is_not_continued(engine: Engine):
    session = Session(engine)
    session._connection.query("BEGIN")
    session.close()

    with UnitOfWork(engine).records() as tx:
        tx.users._session.run(ADD, mail="bea")
    assert emails(engine) == ["bea"]


def test_writes_are_not_gathered_outside_a_transaction(engine: Engine):
    with Session(engine) as session:
        session.later(ADD, rows=1, mail="ann")
        with pytest.raises(AssertionError):
            session.flush()


def test_accounts_whose_connections_begin_without_autocommit_work(mariadb: DatabaseServer, mariadb_url: str):
    url = make_url(mariadb_url)
    mariadb.execute(
        "CREATE OR REPLACE USER beginner@'127.0.0.1'" if _is_mariadb(mariadb) else "CREATE USER beginner@'127.0.0.1'"
    )
    mariadb.execute(f"GRANT SELECT, INSERT, DELETE ON `{url.database}`.* TO beginner@'127.0.0.1'")
    mariadb.execute("SET GLOBAL init_connect = 'SET autocommit=0'")
    try:
        engine = make_engine(url.set(username="beginner", password=None).render_as_string(hide_password=False))
        with UnitOfWork(engine).statement() as tx:
            tx.users._session.run(ADD, mail="ann")
        with UnitOfWork(engine).records() as tx:
            tx.users._session.run(ADD, mail="bea")
        engine.dispose()
    finally:
        mariadb.execute("SET GLOBAL init_connect = ''")
        mariadb.execute("DROP USER beginner@'127.0.0.1'")
    assert emails(make_engine(mariadb_url)) == ["ann", "bea"]


def _is_mariadb(server: DatabaseServer) -> bool:
    return "MariaDB" in server.execute("SELECT VERSION()")[0][0]


def test_catching_up_on_a_single_server_keeps_the_connection(engine: Engine):
    with Session(engine) as session:
        connection = session._connection
    UnitOfWork(engine).catch_up()
    with Session(engine) as session:
        assert session._connection is connection
