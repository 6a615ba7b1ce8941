"""Several statements in one round trip, read one after the other: however it ends, nobody gets what was left unread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Engine, literal_column, select

from repos.database.engine import make_engine
from repos.database.session import Asked, Session


class StopHere(Exception):
    """What whoever looks at the rows may raise."""


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    """One connection, so that the next session gets the same, where it is still good."""
    engine = make_engine(database_url, pool_size=1)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Session:
    return Session(engine)


def asked(*numbers: int) -> list[Asked]:
    return [(select(literal_column(f"{number}")), {}) for number in numbers]


def connection_of(session: Session) -> object:
    return session._pooled.dbapi_connection


def answers(engine: Engine) -> object:
    """Which connection gives the next session a right answer."""
    with Session(engine) as after:
        assert after.rows(select(literal_column("42"))) == [(42,)]
        return connection_of(after)


def test_each_answer_comes_in_its_turn(engine: Engine, session: Session):
    with session:
        assert [rows for [rows] in session.rows_in_turn(asked(1, 2, 3))] == [(1,), (2,), (3,)]
        assert list(session.rows_in_turn([])) == []
        connection = connection_of(session)

    assert answers(engine) is connection


@pytest.mark.parametrize("taken", [0, 1, 2, 3])
def test_what_is_left_is_read_when_it_is_closed(engine: Engine, session: Session, taken: int):
    with session:
        with closing(session.rows_in_turn(asked(1, 2, 3))) as turns:
            for number in range(1, taken + 1):
                assert next(turns) == [(number,)]
        assert session._talking.in_step  # the driver would read what is left, but not say so
        assert session.rows(select(literal_column("7"))) == [(7,)]
        connection = connection_of(session)

    assert answers(engine) is connection


def test_an_error_of_whoever_looks_leaves_nothing_to_the_next(engine: Engine):
    def look() -> None:
        with Session(engine) as session:
            for rows in session.rows_in_turn(asked(1, 2, 3)):
                raise StopHere(str(rows))

    with pytest.raises(StopHere) as caught:
        look()
    answers(engine)
    assert caught.value.args == ("[(1,)]",)  # until here its frames, and what they read, are kept


def test_a_session_that_ends_in_the_middle_leaves_nothing_to_the_next(engine: Engine):
    with Session(engine) as session:
        turns = session.rows_in_turn(asked(1, 2, 3))
        assert next(turns) == [(1,)]
        connection = connection_of(session)
    # SQLite answers each when it is asked for.
    assert (answers(engine) is connection) == session.is_sqlite
    del turns


def test_an_error_of_the_server_comes_in_its_turn(engine: Engine):
    wrong = (select(literal_column("no_such_column")), {})

    def look() -> list[object]:
        seen: list[object] = []
        with Session(engine) as session, pytest.raises(Exception, match="no_such_column") as caught:
            seen += session.rows_in_turn([*asked(1), wrong, *asked(3)])
        assert caught.value.args
        return seen

    assert look() == [[(1,)]]
    answers(engine)
