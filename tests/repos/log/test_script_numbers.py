"""Script ids: each is assigned once, to one user or to a program, also under concurrent requests."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, Engine, text

from domain.commands.kinds.script_create import ScriptCreate
from domain.submissions.submission import MAX_SCRIPT_ID, Submission
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.log.scripts import MAX_TAKEN_ID, GivenNumber
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork

# As docs/wire-format.md documents it for producers in other languages.
FROM_SQL = "INSERT INTO script_ids (user_id) VALUES (NULL)"


@pytest.fixture(scope="module")
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, pool_size=8)
    upgrade.upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def unit_of_work(engine: Engine) -> UnitOfWork:
    return UnitOfWork(engine)


def create(unit_of_work: UnitOfWork, script_id: int) -> str:
    submission = Submission(
        script_id=script_id,
        submission_id="create",
        author="user",
        base_version=0,
        commands=(ScriptCreate(title="A script"),),
    )
    return Ledger(unit_of_work).submit(submission).outcome


def new(unit_of_work: UnitOfWork, user_id: int | None = None) -> int:
    with unit_of_work.records() as tx:
        return tx.scripts.new_id(user_id)


def given(unit_of_work: UnitOfWork, script_id: int) -> GivenNumber | None:
    with unit_of_work.reading() as tx:
        return tx.script_ids.given(script_id)


def from_sql(engine: Engine) -> int:
    last = "SELECT LAST_INSERT_ID()" if engine.dialect.name != "sqlite" else "SELECT last_insert_rowid()"
    with engine.begin() as connection:
        connection.execute(text(FROM_SQL))
        return int(connection.execute(text(last)).scalar_one())


def test_a_number_is_assigned_to_a_user_or_to_a_program(unit_of_work: UnitOfWork):
    mine, ours = new(unit_of_work, 7), new(unit_of_work)

    assert given(unit_of_work, mine) == (mine, 7)
    assert given(unit_of_work, ours) == (ours, None)
    assert given(unit_of_work, ours + 1) is None


def test_a_number_that_a_script_was_created_with_is_never_assigned(engine: Engine, unit_of_work: UnitOfWork):
    first = new(unit_of_work)
    chosen = [first + 1, first + 2, first + 5]
    for number in chosen:
        assert create(unit_of_work, number) == "applied"

    numbers = [from_sql(engine), new(unit_of_work), from_sql(engine), new(unit_of_work)]

    assert set(numbers).isdisjoint(chosen)
    assert len({*numbers}) == 4


def test_creating_the_script_of_a_number_keeps_its_assignment(unit_of_work: UnitOfWork):
    number = new(unit_of_work, 7)

    assert create(unit_of_work, number) == "applied"

    assert given(unit_of_work, number) == (number, 7)


def test_numbers_of_older_scripts_are_skipped(engine: Engine, unit_of_work: UnitOfWork):
    """Scripts of a version that did not mark their numbers as used: some in a row, and then a gap."""
    first = new(unit_of_work)
    for number in (first + 1, first + 2, first + 3):
        create(unit_of_work, number)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM script_ids WHERE id > :first"), {"first": first})
        start_again_at(connection, first + 1)

    assert [new(unit_of_work), new(unit_of_work)] == [first + 4, first + 5]


def test_no_script_uses_up_the_numbers(unit_of_work: UnitOfWork):
    before = new(unit_of_work)
    assert create(unit_of_work, MAX_SCRIPT_ID) == "applied"
    assert create(unit_of_work, MAX_TAKEN_ID + 1) == "applied"

    assert new(unit_of_work) < before + 10


def test_concurrent_requests_get_different_numbers(engine: Engine, unit_of_work: UnitOfWork):
    ways = (lambda: new(unit_of_work), lambda: from_sql(engine), lambda: new(unit_of_work, 7))

    with ThreadPoolExecutor(6) as together:
        numbers = [done.result() for done in [together.submit(ways[number % 3]) for number in range(60)]]

    assert len({*numbers}) == 60
    assert all(create(unit_of_work, number) == "applied" for number in numbers[:6])


def test_an_upgrade_marks_the_numbers_of_existing_scripts_as_used(tmp_path_factory: pytest.TempPathFactory):
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('numbers')}/ledger.db")
    upgrade.upgrade(engine)
    unit_of_work = UnitOfWork(engine)
    create(unit_of_work, 3)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM script_ids"))
        start_again_at(connection, 1)
    upgrade.downgrade(engine, "0012")

    upgrade.upgrade(engine)

    assert given(unit_of_work, 3) == (3, None)
    assert new(unit_of_work) == 4
    engine.dispose()


def start_again_at(connection: Connection, number: int) -> None:
    """Make `number` the next one the database assigns."""
    if connection.dialect.name == "sqlite":
        counted = {"name": "script_ids", "last": number - 1}
        connection.execute(text("UPDATE sqlite_sequence SET seq = :last WHERE name = :name"), counted)
    else:
        connection.execute(text(f"ALTER TABLE script_ids AUTO_INCREMENT = {number}"))
