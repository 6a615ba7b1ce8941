"""SQLite tables: no temporary table for a write, no row stored twice, and the migration to such tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.history.state_at import state_at
from materialization.integrity.verify import verify
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork

LINE = Line("a", "action", "Rain.")
WRITTEN = ("script_commands", "script_versions", "submissions")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path}/ledger.db")
    yield engine
    engine.dispose()


def write(engine: Engine, script_id: int) -> None:
    """A script of two versions, and a submission that is refused."""
    ledger = Ledger(UnitOfWork(engine))
    create = ScriptCreate(title="A script", lines=(LINE,))
    edit = LineEdit(line="a", text="Snow.", expect=expect_hash(LINE))
    for number, command in enumerate((create, edit, edit)):
        submission = Submission(
            script_id=script_id,
            submission_id=f"s{number}",
            author="user",
            base_version=min(number, 1),
            commands=(command,),
        )
        ledger.submit(submission)


def refuses(engine: Engine, statement: str) -> bool:
    with engine.connect() as connection, pytest.raises(IntegrityError) as caught:
        connection.execute(text(statement))
    return "constraint failed" in str(caught.value).lower()


@pytest.mark.parametrize("table", [*WRITTEN, "script_heads"])
def test_a_write_opens_no_temporary_table(engine: Engine, table: str):
    """A check with IN and three words opens one for every row, which is a twentieth of a command's cost."""
    upgrade.upgrade(engine)
    with engine.connect() as connection:
        columns = connection.exec_driver_sql(f"SELECT count(*) FROM pragma_table_info('{table}')").scalar() or 0
        marks = ",".join(["0"] * columns)
        program = connection.exec_driver_sql(f"EXPLAIN INSERT INTO {table} VALUES ({marks})").all()
    codes = {row[1] for row in program}

    assert "Insert" in codes or "IdxInsert" in codes
    assert not codes & {"OpenEphemeral", "Program"}


def test_tables_of_the_log_have_no_rowid(engine: Engine):
    upgrade.upgrade(engine)
    with engine.connect() as connection:
        tables = connection.exec_driver_sql("SELECT name FROM pragma_table_list WHERE wr = 1").scalars().all()

    assert {*WRITTEN} <= {*tables}


def test_a_database_keeps_its_content_through_the_migration(engine: Engine):
    upgrade.upgrade(engine)
    for script_id in (2, 1):
        write(engine, script_id)
    with UnitOfWork(engine).reading() as tx:
        before = [(state_at(tx, number), tx.submissions.get(number, "s2")) for number in (1, 2)]

    upgrade.downgrade(engine, "0011")
    upgrade.upgrade(engine)
    with UnitOfWork(engine).reading() as tx:
        after = [(state_at(tx, number), tx.submissions.get(number, "s2")) for number in (1, 2)]
    assert after == before
    write(engine, 3)
    with UnitOfWork(engine).reading() as tx:
        assert [verify(tx, number).finding for number in (1, 2, 3)] == [None] * 3


@pytest.fixture(scope="module", params=["0011", "head"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database of the old schema, and one upgraded from it."""
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp(request.param)}/ledger.db")
    upgrade.upgrade(engine)
    write(engine, 1)
    upgrade.downgrade(engine, "0011")
    upgrade.upgrade(engine, request.param)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE script_heads SET health = 'unwell'",
        "UPDATE script_commands SET author = 'robot'",
        "UPDATE script_commands SET version_number = 0 WHERE version_number = 1",
        "UPDATE submissions SET outcome = 'perhaps'",
        "INSERT INTO submissions SELECT * FROM submissions",
        "UPDATE script_versions SET version_number = 9",
        "DELETE FROM script_heads",
        "DELETE FROM script_commands WHERE version_number = 1",
    ],
)
def test_the_constraints_are_the_same_after_the_migration(written: Engine, broken: str):
    assert refuses(written, broken)
