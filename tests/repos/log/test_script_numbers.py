"""Script numbers: given once, to one user or to a program, whoever asks for them and however many at once."""

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

# As docs/wire-format.md tells producers in other languages.
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


def test_a_number_is_for_whom_it_was_given_to(unit_of_work: UnitOfWork):
    mine, ours = new(unit_of_work, 7), new(unit_of_work)

    assert given(unit_of_work, mine) == (mine, 7)
    assert given(unit_of_work, ours) == (ours, None)
    assert given(unit_of_work, ours + 1) is None


def test_a_script_under_a_number_of_its_own_choice_is_never_given_out(engine: Engine, unit_of_work: UnitOfWork):
    first = new(unit_of_work)
    chosen = [first + 1, first + 2, first + 5]
    for number in chosen:
        assert create(unit_of_work, number) == "applied"

    numbers = [from_sql(engine), new(unit_of_work), from_sql(engine), new(unit_of_work)]

    assert set(numbers).isdisjoint(chosen)
    assert len({*numbers}) == 4


def test_a_number_stays_with_whom_it_was_given_to_when_its_script_comes(unit_of_work: UnitOfWork):
    number = new(unit_of_work, 7)

    assert create(unit_of_work, number) == "applied"

    assert given(unit_of_work, number) == (number, 7)


def test_scripts_from_before_are_passed_over(engine: Engine, unit_of_work: UnitOfWork):
    """Of a version that did not take their numbers out: some in a row, and then a gap."""
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


def test_an_application_and_others_at_once_get_numbers_of_their_own(engine: Engine, unit_of_work: UnitOfWork):
    ways = (lambda: new(unit_of_work), lambda: from_sql(engine), lambda: new(unit_of_work, 7))

    with ThreadPoolExecutor(6) as together:
        numbers = [done.result() for done in [together.submit(ways[each % 3]) for each in range(60)]]

    assert len({*numbers}) == 60
    assert all(create(unit_of_work, number) == "applied" for number in numbers[:6])


def test_an_upgrade_takes_out_the_numbers_of_the_scripts_there_are(tmp_path_factory: pytest.TempPathFactory):
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
    """Let the database count on from a number."""
    if connection.dialect.name == "sqlite":
        counted = {"name": "script_ids", "last": number - 1}
        connection.execute(text("UPDATE sqlite_sequence SET seq = :last WHERE name = :name"), counted)
    else:
        connection.execute(text(f"ALTER TABLE script_ids AUTO_INCREMENT = {number}"))
