"""The view of the log: a database without it is whole, and an upgrade creates it again."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, make_url, text

from repos.database.engine import open_engine
from repos.schema import log_view_repair, upgrade
from repos.schema.contents import contents_of
from repos.schema.upgrade_checks.upgradable import UnfinishedSchema
from tests.repos.schema.refused_upgrades import mend, refusal, run
from tests.services.databases import DatabaseServer


@pytest.mark.parametrize("revision", ["0001", "0009", "head"])
def test_a_missing_view_is_created_again(empty: Engine, revision: str):
    upgrade.upgrade(empty, revision)
    with empty.connect() as connection:
        columns = contents_of(connection).views["script_log"]
    run(empty, "DROP VIEW script_log")

    upgrade.require_fit(empty)
    assert log_view_repair.is_missing(empty)
    upgrade.upgrade_if_outdated(empty)

    assert not log_view_repair.is_missing(empty)
    with empty.connect() as connection:
        assert contents_of(connection).views == {"script_log": columns}


def test_a_view_that_cannot_be_read_is_replaced(empty: Engine):
    upgrade.upgrade(empty)
    broken = {
        "sqlite": ["DROP VIEW script_log", "CREATE VIEW script_log AS SELECT * FROM gone"],
        "mysql": ["CREATE OR REPLACE DEFINER = 'gone'@'nowhere' VIEW script_log AS SELECT * FROM script_commands"],
    }
    run(empty, *broken["sqlite" if empty.dialect.name == "sqlite" else "mysql"])

    upgrade.require_fit(empty)
    assert log_view_repair.is_missing(empty)
    upgrade.upgrade_if_outdated(empty)

    with empty.connect() as connection:
        assert connection.execute(text("SELECT payload, cause, delta FROM script_log")).all() == []


def test_a_table_with_the_name_of_the_view_is_refused_and_kept(empty: Engine):
    upgrade.upgrade(empty)
    run(empty, "DROP VIEW script_log", "CREATE TABLE script_log (id INT)")

    assert "but lacks script_log." in refusal(empty, UnfinishedSchema)
    upgrade.upgrade_if_outdated(empty)
    assert log_view_repair.is_missing(empty)


def test_a_lost_revision_is_recorded_again_without_the_view(empty: Engine):
    upgrade.upgrade(empty, "0009")
    run(empty, "DROP TABLE alembic_version", "DROP VIEW script_log")

    mend(empty, refusal(empty, UnfinishedSchema))
    assert upgrade.found_revision(empty) == "0009"
    upgrade.upgrade(empty)
    assert not log_view_repair.is_missing(empty)


def test_an_account_that_may_create_no_view_is_not_refused(mariadb: DatabaseServer):
    url = mariadb.create_database()
    name = url.rpartition("/")[2].partition("?")[0]
    with open_engine(url) as engine:
        upgrade.upgrade(engine)
        run(engine, "DROP VIEW script_log")
    mariadb.execute("CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY 'secret'")
    mariadb.execute(f"GRANT SELECT ON `{name}`.* TO 'reader'@'%'")
    reader = make_url(url).set(username="reader", password="secret").render_as_string(hide_password=False)

    with open_engine(reader) as engine:
        assert upgrade.upgrade_if_outdated(engine).before == upgrade.wanted_revision()
        assert log_view_repair.is_missing(engine)

    mariadb.execute("DROP USER 'reader'@'%'")
    mariadb.drop_database(url)


def test_an_account_that_may_not_read_the_log_does_not_find_the_view_missing(mariadb: DatabaseServer):
    url = mariadb.create_database()
    name = url.rpartition("/")[2].partition("?")[0]
    with open_engine(url) as engine:
        upgrade.upgrade(engine)
    mariadb.execute("CREATE USER IF NOT EXISTS 'sender'@'%' IDENTIFIED BY 'secret'")
    mariadb.execute(f"GRANT SELECT ON `{name}`.script_log TO 'sender'@'%'")
    sender = make_url(url).set(username="sender", password="secret").render_as_string(hide_password=False)

    with open_engine(sender) as engine:
        assert not log_view_repair.is_missing(engine)

    mariadb.execute("DROP USER 'sender'@'%'")
    mariadb.drop_database(url)


def test_the_view_does_not_depend_on_the_account_that_created_it(mariadb: DatabaseServer):
    url = mariadb.create_database()
    name = url.rpartition("/")[2].partition("?")[0]
    mariadb.execute("CREATE USER 'migrator'@'%' IDENTIFIED BY 'secret'")
    mariadb.execute(f"GRANT ALL ON `{name}`.* TO 'migrator'@'%'")
    migrator = make_url(url).set(username="migrator", password="secret").render_as_string(hide_password=False)
    with open_engine(migrator) as engine:
        upgrade.upgrade(engine)
    mariadb.execute("DROP USER 'migrator'@'%'")

    with open_engine(url) as engine:
        assert not log_view_repair.is_missing(engine)
        run(engine, "DROP VIEW script_log")
        upgrade.upgrade_if_outdated(engine)
        with engine.connect() as connection:
            definition = connection.execute(text("SHOW CREATE VIEW script_log")).all()[0][1]
    assert "SQL SECURITY INVOKER" in definition

    mariadb.drop_database(url)
