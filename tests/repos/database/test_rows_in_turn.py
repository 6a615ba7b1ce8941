"""Several statements in one round trip, read one after the other: an unread answer never reaches the next session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine, literal_column, select

from repos.database.engine import make_engine
from repos.database.session import Query, Session


class StopHere(Exception):
    """An exception raised by the reader of the rows."""


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    """An engine with one connection, so that the next session gets the same one if it is still usable."""
    engine = make_engine(database_url, pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session(engine)


def selects(*numbers: int) -> list[Query]:
    return [(select(literal_column(f"{number}")), {}) for number in numbers]


def connection_of(session: Session) -> object:
    return session._pooled.dbapi_connection


def answers(engine: Engine) -> object:
    """The connection of the next session, which gets the correct answer."""
    with Session(engine) as after:
        assert after.rows(select(literal_column("42"))) == [(42,)]
        return connection_of(after)


def test_answers_come_in_the_order_of_the_statements(engine: Engine, session: Session):
    with session:
        assert [rows for [rows] in session.rows_in_turn(selects(1, 2, 3))] == [(1,), (2,), (3,)]
        assert list(session.rows_in_turn([])) == []
        connection = connection_of(session)

    assert answers(engine) is connection


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
def test_unread_answers_are_read_when_the_generator_is_closed(engine: Engine, session: Session, taken: int):
    with session:
        with closing(session.rows_in_turn(selects(1, 2, 3))) as turns:
            for number in range(1, taken + 1):
                assert next(turns) == [(number,)]
        assert session._talking.in_step  # the driver would read the rest without reporting it
        assert session.rows(select(literal_column("7"))) == [(7,)]
        connection = connection_of(session)

    assert answers(engine) is connection


def test_an_exception_of_the_reader_leaves_no_answer_to_the_next_session(engine: Engine):
    def read() -> None:
        with Session(engine) as session:
            for rows in session.rows_in_turn(selects(1, 2, 3)):
                raise StopHere(str(rows))

    with pytest.raises(StopHere) as caught:
        read()
    answers(engine)
    assert caught.value.args == ("[(1,)]",)  # keeps the frames of the exception, and their rows, alive until here


def test_a_session_that_ends_in_the_middle_leaves_no_answer_to_the_next_session(engine: Engine):
    with Session(engine) as session:
        turns = session.rows_in_turn(selects(1, 2, 3))
        assert next(turns) == [(1,)]
        connection = connection_of(session)
    # SQLite runs each statement when its rows are requested.
    assert (answers(engine) is connection) == session.is_sqlite
    del turns


def test_an_error_of_the_server_is_raised_in_the_order_of_the_statements(engine: Engine):
    wrong = (select(literal_column("no_such_column")), {})

    def read() -> list[object]:
        seen: list[object] = []
        with Session(engine) as session, pytest.raises(Exception, match="no_such_column") as caught:
            seen += session.rows_in_turn([*selects(1), wrong, *selects(3)])
        assert caught.value.args
        return seen

    assert read() == [[(1,)]]
    answers(engine)
