"""Writes sent ahead: their answers are read before the next statement, or the connection is never used again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Engine, literal, update

from domain.errors import Corrupt
from repos.database.driver_errors import DuplicateKey
from repos.database.engine import make_engine
from repos.database.session import Session
from repos.schema import upgrade
from repos.schema.core_tables import users
from repos.unit_of_work import UnitOfWork
from tests.repos.database.stored_users import ADD, EMAILS, emails

COLUMNS = ("email", "email_key", "created_at")
GO_ON: list[Callable[[Session], object]] = [
    lambda session: session.rows(EMAILS),
    lambda session: session.rows_of([(EMAILS, {}), (EMAILS, {})]),
    lambda session: session.run(ADD, mail="zoe"),
    lambda session: session.flush(),
    lambda session: session.commit(),
    lambda session: session.commit(EMAILS),
]


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine with one connection, so that the next session gets the same one if it is still usable."""
    engine = make_engine(database_url, pool_size=1)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def delete_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(users.delete())


def send_ahead(session: Session, *mails: str) -> None:
    for mail in mails:
        session.later(ADD, rows=1, mail=mail)
    session.flush_ahead()


def test_what_is_sent_ahead_is_committed_with_the_rest(engine: Engine):
    with UnitOfWork(engine).records() as tx:
        session = tx.users._session
        send_ahead(session, "ann", "bea")
        send_ahead(session)
        send_ahead(session, "cyd")
        session.later_insert(users, COLUMNS, [("dan", "dan", 1), ("eve", "eve", 1)])
        session.flush_ahead()
        session.later(ADD, rows=1, mail="fay")

    assert emails(engine) == ["ann", "bea", "cyd", "dan", "eve", "fay"]


def test_a_server_has_it_before_the_next_statement(engine: Engine):
    with UnitOfWork(engine).records() as tx:
        session = tx.users._session
        send_ahead(session, "ann", "bea")
        assert session.is_sqlite or [row[0] for row in session.rows(EMAILS)] == ["ann", "bea"]


@pytest.mark.parametrize("go_on", GO_ON)
def test_an_error_is_raised_by_the_next_exchange_at_the_latest(engine: Engine, go_on: Callable[[Session], object]):
    def write() -> None:
        with UnitOfWork(engine).records() as tx:
            send_ahead(tx.users._session, "ann", "bea", "ann")
            go_on(tx.users._session)

    with pytest.raises(DuplicateKey):
        write()
    assert emails(engine) == []


@pytest.mark.parametrize("go_on", GO_ON)
def test_nothing_is_committed_even_if_that_error_is_caught(engine: Engine, go_on: Callable[[Session], object]):
    """As by code that expects a duplicate of its own, and did not send these writes."""

    def write() -> None:
        with UnitOfWork(engine).records() as tx:
            send_ahead(tx.users._session, "ann", "bea", "ann")
            if not tx.users._session.is_sqlite:
                with suppress(DuplicateKey):
                    go_on(tx.users._session)

    with pytest.raises(DuplicateKey):
        write()
    assert emails(engine) == []


def test_a_write_that_matches_an_unexpected_number_of_rows_is_corrupt(engine: Engine):
    def write() -> None:
        with UnitOfWork(engine).records() as tx:
            tx.users._session.later(update(users).where(users.c.id == literal(-1)).values(email="x"), rows=1)
            send_ahead(tx.users._session, "ann")

    with pytest.raises(Corrupt):
        write()
    assert emails(engine) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_connection_with_unread_answers_is_not_used_again(engine: Engine, error: type[BaseException]):
    left: list[object] = []

    def write() -> None:
        with UnitOfWork(engine).records() as tx:
            left.append(tx.users._session._connection)
            send_ahead(tx.users._session, "ann")
            raise error

    with pytest.raises(error):
        write()

    assert emails(engine) == []
    with Session(engine) as session:
        assert session.is_sqlite or session._connection is not left[0]
