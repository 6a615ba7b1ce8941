"""Sessions: every answer is read, every row counted, and a connection of unknown state is never reused."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

import pytest
from pymysql import OperationalError
from sqlalchemy import Engine, insert, literal, select, text, update

from domain.accounts import EmailTaken
from domain.errors import Conflict, Corrupt
from repos.database.driver_errors import DuplicateKey, TooLargeForDatabase, blames_a_row
from repos.database.engine import make_engine, open_engine
from repos.database.packet_text import MAX_VALUE_BYTES, ROOM_IN_A_PACKET
from repos.database.session import Session
from repos.schema import upgrade
from repos.schema.core_tables import rejected_submissions, submission_inbox, users
from repos.unit_of_work import UnitOfWork
from tests.repos.database.stored_users import ADD, EMAILS, emails
from tests.services.databases import DatabaseServer

COLUMNS = ("script_id", "submission_id", "code", "message", "payload", "rejected_at")


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=1)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture(autouse=True)
def delete_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(users.delete())
        connection.execute(rejected_submissions.delete())


def test_a_write_that_matches_an_unexpected_number_of_rows_is_corrupt(engine: Engine):
    def write() -> None:
        with UnitOfWork(engine).records() as tx:
            tx.users._session.later(ADD, rows=1, mail="ann")
            tx.users._session.later(update(users).where(users.c.id == literal(-1)).values(email="x"), rows=1)
            tx.users._session.later(ADD, rows=1, mail="bea")

    with pytest.raises(Corrupt):
        write()
    assert emails(engine) == []


def test_an_error_in_a_later_statement_rolls_back_the_earlier_ones(engine: Engine):
    """For statements sent together, the error of a later one appears only when its result is read."""

    def write() -> None:
        with UnitOfWork(engine).records() as tx:
            for mail in ("ann", "bea", "ann", "zoe"):
                tx.users._session.later(ADD, rows=1, mail=mail)

    with pytest.raises(DuplicateKey):
        write()
    assert emails(engine) == []


def test_a_duplicate_key_does_not_end_the_transaction(engine: Engine):
    with UnitOfWork(engine).records() as tx:
        tx.users.add("ann@x", 1)
        with pytest.raises(EmailTaken):
            tx.users.add("Ann@x", 1)
        tx.users.add("bea@x", 1)

    assert emails(engine) == ["ann@x", "bea@x"]


def test_a_dropped_session_commits_nothing(engine: Engine):
    dropped = Session(engine)
    dropped.start()
    dropped.run(ADD, mail="ann")
    del dropped
    gc.collect()

    with UnitOfWork(engine).records() as tx:
        tx.users.add("bea@x", 1)
    assert emails(engine) == ["bea@x"]


def test_an_exception_between_request_and_answer_closes_the_connection(engine: Engine):
    """A time limit may strike there: the next session would read the answer to this session's request."""
    one = Session(engine)
    connection = one._pooled.dbapi_connection
    one.start()
    with pytest.raises(TimeoutError), one._talking:
        raise TimeoutError
    one.rollback()

    with UnitOfWork(engine).reading() as tx:
        assert tx.users._session._pooled.dbapi_connection is not connection
        assert tx.users.find("ann") is None


def test_after_a_conflict_every_statement_raises_it(engine: Engine):
    lost = Session(engine)
    lost.start()
    lost.run(ADD, mail="ann")
    lost._talking.lost = Conflict("raised by an earlier statement")
    for go_on in (lost.commit, lambda: lost.run(ADD, mail="bea"), lambda: lost.rows(EMAILS)):
        with pytest.raises(Conflict, match="raised by an earlier statement"):
            go_on()
    lost.rollback()

    assert emails(engine) == []


def test_reading_leaves_no_transaction_open(engine: Engine):
    with UnitOfWork(engine).reading() as tx:
        tx.users.get(1)
        connection = tx.users._session._pooled.dbapi_connection
    assert connection
    if engine.dialect.name == "sqlite":
        assert not connection.in_transaction
    else:
        assert connection.get_autocommit()


def test_a_transaction_of_sqlalchemy_can_be_rolled_back(engine: Engine):
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO users (email, email_key, created_at) VALUES ('x', 'x', 1)"))
        connection.rollback()

    assert emails(engine) == []


def test_many_rows_are_sent_in_statements_of_bounded_size(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    rows = [(1, f"s{number}", "code", "message", bytes(3_000), number) for number in range(40)]
    with UnitOfWork(engine).records() as tx:
        writer = tx.rejected._session
        monkeypatch.setattr(writer._text, "max_bytes", 20_000)
        writer.later_insert(rejected_submissions, COLUMNS, rows)
        assert max(write.rows for write in writer._writes) == 3

    with UnitOfWork(engine).reading() as tx:
        assert [row.submission_id for row in tx.rejected.read(limit=1_000)] == [f"s{number}" for number in range(40)]


@pytest.mark.parametrize("rows", [1, 249, 250, 251, 252, 300, 70_000])
def test_numbers_in_answers_are_right_at_any_size(engine: Engine, rows: int):
    """In a server's answer a number below 251 is one byte; a larger one carries its own length."""
    change = update(rejected_submissions).values(rejected_at=rejected_submissions.c.rejected_at + literal(1))
    with UnitOfWork(engine).records() as tx:
        talk = tx.users._session
        talk.later_insert(rejected_submissions, COLUMNS, [(1, f"s{n}", "c", "m", b"p", 1) for n in range(rows)])
        talk.flush()
        assert talk.run(change) == rows
        number = talk.insert(ADD, mail="ann")
        assert talk.rows(select(users.c.id)) == [(number,)]
        talk.run(update(users).values(id=literal(rows)))
        assert (
            talk.insert(ADD, mail="bea") == talk.rows(select(users.c.id).where(users.c.email == literal("bea")))[0][0]
        )


def test_large_values_are_stored_among_small_ones(engine: Engine):
    """To a server, a large value is sent in a packet of its own."""
    sizes = (3, MAX_VALUE_BYTES, MAX_VALUE_BYTES + 1, 0, 5 << 20, 7)
    values = [bytes([number]) * size for number, size in enumerate(sizes)]
    with UnitOfWork(engine).records() as tx:
        talk = tx.rejected._session
        for number, value in enumerate(values):
            talk.later_insert(rejected_submissions, COLUMNS, [(1, f"it's {number}", "c", "é", value, number)])
            talk.later(ADD, rows=1, mail=f"mail{number}")

    with UnitOfWork(engine).reading() as tx:
        payloads = rejected_submissions.c.payload
        rows = tx.rejected._session.rows(select(payloads).order_by(rejected_submissions.c.rejected_at))
    assert [row[0] for row in rows] == values
    assert emails(engine) == [f"mail{number}" for number in range(len(sizes))]


def test_a_large_value_is_sent_without_a_copy_of_it(mariadb_url: str):
    with open_engine(mariadb_url) as engine:
        upgrade.upgrade(engine)
        with UnitOfWork(engine).records() as tx:
            talk = tx.rejected._session
            talk.later_insert(rejected_submissions, COLUMNS, [(1, "large", "c", "m", bytes(5 << 20), 1)])
            tracemalloc.start()
            talk.flush()
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

    assert peak < MAX_VALUE_BYTES


def test_a_statement_that_the_server_cannot_take_is_refused_before_it_is_sent(mariadb_url: str):
    with open_engine(mariadb_url) as engine:
        upgrade.upgrade(engine)
        with UnitOfWork(engine).records() as tx:
            talk = tx.rejected._session
            talk.later_insert(rejected_submissions, COLUMNS, [(1, "larger", "c", "m", bytes(talk.room.to_read), 1)])
            with pytest.raises(OperationalError, match="max_allowed_packet"):
                talk.flush()
            talk._writes.clear()
            tx.users.add("ann@x", 1)

        assert emails(engine) == ["ann@x"]


def test_more_parameters_than_sqlite_accepts_are_sent_in_several_statements(engine: Engine):
    rows = [(1, f"s{number}", "code", "message", b"", number) for number in range(7_000)]
    with UnitOfWork(engine).records() as tx:
        tx.rejected._session.later_insert(rejected_submissions, COLUMNS, rows)

    with UnitOfWork(engine).reading() as tx:
        assert len(tx.rejected.read(limit=10_000)) == 7_000


def test_the_largest_row_fits_and_one_byte_more_is_refused(mariadb: DatabaseServer, mariadb_url: str):
    engine = make_engine(mariadb_url)
    upgrade.upgrade(engine)
    unit_of_work = UnitOfWork(engine)
    packet = mariadb.execute("SELECT @@max_allowed_packet")[0][0]
    limit = (packet - ROOM_IN_A_PACKET) // 2
    with unit_of_work.records() as tx:
        script_id = tx.scripts.new_id()
        assert tx.inbox.put(script_id, "largest", bytes(limit), 1)
        with pytest.raises(TooLargeForDatabase) as caught:
            tx.inbox.put(script_id, "larger", bytes(limit + 1), 1)
    with unit_of_work.reading() as tx:
        assert tx.inbox.payload_of(script_id, "largest") == bytes(limit)
    engine.dispose()

    assert caught.value.code == "too_large_for_database"
    assert caught.value.facts == {"what": "submission", "size": limit + 1, "limit": limit}


@pytest.mark.parametrize(
    ("statement", "blamed"),
    [
        (insert(submission_inbox).values(script_id=1, submission_id="x", payload=None, enqueued_at=1), True),
        (select(literal(1)).where(text("no_such_column = 1")), False),
    ],
    ids=["a row", "a statement"],
)
def test_a_row_is_blamed_only_for_its_content(engine: Engine, statement: object, blamed: bool):
    def run() -> None:
        with UnitOfWork(engine).records() as tx:
            tx.users._session.run(statement)  # type: ignore[arg-type]

    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the driver calls it
        run()
    assert blames_a_row(caught.value) is blamed
