"""The database account of a producer: the grants in docs/wire-format.md suffice and permit nothing else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest
from sqlalchemy import make_url

from materialization.write_path.submit import Ledger
from repos.database.engine import make_engine
from repos.schema import upgrade
from repos.unit_of_work import UnitOfWork
from tests.services.databases import DatabaseServer

GRANTS = (
    "INSERT (script_id, submission_id, payload, enqueued_at, user_id) ON {}.submission_inbox",
    "INSERT (user_id) ON {}.script_ids",
    "SELECT ON {}.submissions",
)
CLOSED = (
    "SELECT * FROM script_commands",
    "SELECT * FROM script_versions",
    "SELECT * FROM submission_inbox",
    "SELECT * FROM sessions",
    "SELECT * FROM users",
    "SELECT * FROM script_ids",
    "UPDATE submissions SET outcome = 'refused'",
    "UPDATE submission_inbox SET user_id = NULL",
    "UPDATE script_ids SET user_id = 1",
    "DELETE FROM script_commands",
    "DELETE FROM submission_inbox",
    # The next number follows the highest: with the largest taken, no producer can insert any more.
    "INSERT INTO submission_inbox (id, script_id, submission_id, payload, enqueued_at)"
    " VALUES (9223372036854775807, 1, 's', 'p', 1)",
    "INSERT INTO submission_inbox (script_id, submission_id, payload, attempts) VALUES (1, 's', 'p', 9)",
    "INSERT INTO script_ids (id) VALUES (9223372036854775807)",
    "INSERT INTO submissions (script_id, submission_id) VALUES (1, 'forged')",
    "INSERT INTO script_commands (script_id, version_number) VALUES (1, 2)",
    "INSERT INTO users (email) VALUES ('m@x.example')",
)
ACCESS_DENIED = (1142, 1143)


@pytest.fixture(scope="module")
def unit_of_work(mariadb_url: str) -> Iterator[UnitOfWork]:
    engine = make_engine(mariadb_url)
    upgrade.upgrade(engine)
    yield UnitOfWork(engine)
    engine.dispose()


@pytest.fixture
def producer(
    mariadb: DatabaseServer,
    mariadb_url: str,
    unit_of_work: UnitOfWork,  # noqa: ARG001 - creates the tables
) -> Iterator[pymysql.Connection[Any]]:
    """A connection of an account with the grants a producer needs."""
    database = make_url(mariadb_url).database or ""
    name, password = f"p{secrets.token_hex(4)}", secrets.token_hex(8)
    mariadb.execute(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'")
    for grant in GRANTS:
        mariadb.execute(f"GRANT {grant.format(f'`{database}`')} TO '{name}'@'%'")
    with mariadb.connect(user=name, password=password, database=database) as connection:
        yield connection
    mariadb.execute(f"DROP USER '{name}'@'%'")


def test_a_producer_gets_a_number_creates_a_script_and_reads_the_answer(
    producer: pymysql.Connection[Any], unit_of_work: UnitOfWork
):
    with producer.cursor() as cursor:
        cursor.execute("INSERT INTO script_ids (user_id) VALUES (NULL)")
        cursor.execute("SELECT LAST_INSERT_ID()")
        [(number,)] = cursor.fetchall()
        create = {"kind": "script.create", "title": "A script"}
        named = {"script_id": number, "submission_id": "c", "author": "user", "base_version": 0, "commands": [create]}
        cursor.execute(
            "INSERT INTO submission_inbox (script_id, submission_id, payload, enqueued_at) VALUES (%s, %s, %s, %s)",
            (number, "c", json.dumps(named).encode(), 1),
        )

    Ledger(unit_of_work).drain(number)

    with producer.cursor() as cursor:
        cursor.execute("SELECT outcome FROM submissions WHERE script_id = %s AND submission_id = 'c'", (number,))
        assert cursor.fetchall() == (("applied",),)


@pytest.mark.parametrize("statement", CLOSED)
def test_a_producer_is_denied_everything_else(producer: pymysql.Connection[Any], statement: str):
    with producer.cursor() as cursor, pytest.raises(pymysql.err.OperationalError) as caught:
        cursor.execute(statement)

    assert caught.value.args[0] in ACCESS_DENIED
