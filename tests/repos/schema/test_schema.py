"""The schema equals the result of the migrations on both databases, and a program refuses any other revision."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import DBAPIError

import repos.schema
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.line import Line
from domain.submissions.submission import Submission
from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.schema.core_tables import metadata
from repos.unit_of_work import UnitOfWork
from tests.services.databases import DatabaseServer


@pytest.fixture
def empty(request: pytest.FixtureRequest, database_url: str) -> Iterator[Engine]:
    """An empty database."""
    if database_url.startswith("sqlite"):
        engine = make_engine(f"sqlite:///{request.getfixturevalue('tmp_path')}/empty.db")
        yield engine
        engine.dispose()
        return
    server: DatabaseServer = request.getfixturevalue("mariadb")
    url = server.create_database()
    engine = make_engine(url)
    yield engine
    engine.dispose()
    server.drop_database(url)


def names(engine: Engine) -> set[str]:
    inspector = inspect(engine)
    return {*inspector.get_table_names(), *inspector.get_view_names()} - {"alembic_version"}


def declared() -> set[str]:
    """Every table and view the program declares."""
    for module in iter_modules(repos.schema.__path__, "repos.schema."):
        import_module(module.name)
    return {*metadata.tables, "script_log"}


def test_an_empty_database_is_upgraded_to_the_schema_of_the_program(empty: Engine):
    upgrade.upgrade(empty)

    assert names(empty) == declared()
    upgrade.require_current(empty)


def test_the_migrations_create_exactly_the_declared_schema(empty: Engine):
    declared()
    upgrade.upgrade(empty)

    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_a_second_upgrade_changes_nothing(empty: Engine):
    upgrade.upgrade(empty)
    upgrade.upgrade(empty)

    upgrade.require_current(empty)


def test_all_migrations_can_be_reverted_and_applied_again(empty: Engine):
    upgrade.upgrade(empty)
    upgrade.downgrade(empty, "base")

    assert names(empty) == set()
    assert upgrade.found_revision(empty) is None
    upgrade.upgrade(empty)
    upgrade.require_current(empty)


def create_script(engine: Engine, script_id: int) -> None:
    create = ScriptCreate(title="A script", lines=(Line("a", "action", "Rain."),))
    Ledger(UnitOfWork(engine)).submit(
        Submission(
            script_id=script_id, submission_id="s", author="user", actor="Ann", base_version=0, commands=(create,)
        )
    )


def test_heads_survive_migrations_of_the_health_check(empty: Engine):
    upgrade.upgrade(empty)
    create_script(empty, 1)
    create_script(empty, 2)
    with empty.begin() as connection:
        connection.execute(text("UPDATE script_heads SET health = 'backfilling' WHERE script_id = 2"))

    upgrade.downgrade(empty, "0007")
    with pytest.raises(DBAPIError), empty.begin() as connection:
        connection.execute(text("UPDATE script_heads SET health = 'backfilling'"))
    upgrade.upgrade(empty)

    with UnitOfWork(empty).reading() as tx:
        heads = [tx.heads.get(script_id) for script_id in (1, 2)]
    assert [(head.version, head.health) for head in heads if head] == [(1, "open"), (1, "open")]
    create_script(empty, 3)
    for broken in ("UPDATE script_heads SET health = 'unwell'", "DELETE FROM script_heads"):
        with pytest.raises(DBAPIError), empty.begin() as connection:
            connection.execute(text(broken))


def test_a_database_without_a_schema_is_outdated(empty: Engine):
    with pytest.raises(upgrade.SchemaOutdated) as caught:
        upgrade.require_current(empty)

    wanted = upgrade.wanted_revision()
    assert str(caught.value) == (
        f"The database is at schema nothing, this program needs {wanted}: run `scriptledger db upgrade`."
    )


def test_an_unknown_revision_is_too_new(empty: Engine):
    upgrade.upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(upgrade.SchemaTooNew) as caught:
        upgrade.require_current(empty)

    assert "is at schema 9999, which this program does not know" in str(caught.value)


def test_words_are_compared_byte_by_byte_and_texts_by_code_point(empty: Engine):
    """Whatever the server's default collation: ids that differ in case are different, and so are e and é."""
    upgrade.upgrade(empty)
    unit_of_work = UnitOfWork(empty)
    with unit_of_work.records() as tx:
        arrivals = [tx.inbox.put(1, name, b"{}", 1) for name in ("a", "A", "a.")]

    assert len({*arrivals} - {None}) == 3


def test_a_payload_is_stored_unchanged(empty: Engine):
    upgrade.upgrade(empty)
    unit_of_work = UnitOfWork(empty)
    payload = bytes(range(256)) * 10 + "é🎬\\'\"%;\n".encode()
    with unit_of_work.records() as tx:
        tx.inbox.put(1, "bytes", payload, 1)

    with unit_of_work.reading() as tx:
        assert tx.inbox.payload_of(1, "bytes") == payload


@pytest.mark.parametrize("title", ["plain", "%s %% %(x)s", "'; DROP TABLE users; --", "\\", "🎬" * 500, "tab\there"])
def test_a_title_is_stored_unchanged(empty: Engine, title: str):
    upgrade.upgrade(empty)
    unit_of_work = UnitOfWork(empty)
    create = ScriptCreate(title=title, lines=(Line("a", "action", title.replace("\t", " ")),))
    Ledger(unit_of_work).submit(
        Submission(script_id=1, submission_id="s", author="user", base_version=0, commands=(create,), actor="O'Neil %s")
    )

    with unit_of_work.reading() as tx:
        row = tx.scripts.get(1)
        (entry,) = tx.commands.read(1, upto=1)
    assert row
    assert (row.title, entry.actor) == (title, "O'Neil %s")


def test_passwords_move_to_their_table_and_back(empty: Engine):
    upgrade.upgrade(empty, "0024")
    hashes = {1: "scrypt$é🎬", 2: None, 3: "", 4: "x" * 500}
    with empty.begin() as connection:
        for user, hashed in hashes.items():
            connection.execute(
                text("INSERT INTO users (id, email, email_key, created_at, password) VALUES (:id, :id, :id, 1, :hash)"),
                {"id": user, "hash": hashed},
            )

    upgrade.upgrade(empty)
    assert "password" not in {column["name"] for column in inspect(empty).get_columns("users")}
    with UnitOfWork(empty).records() as tx:
        assert {user: tx.users.password(user) for user in hashes} == hashes
        tx.users.set_password(2, "new")
    upgrade.downgrade(empty, "0024")

    with empty.connect() as connection:
        found = connection.execute(text("SELECT id, password FROM users ORDER BY id")).all()
    assert dict(map(tuple, found)) == {**hashes, 2: "new"}
