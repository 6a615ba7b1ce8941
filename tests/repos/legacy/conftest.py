"""Legacy sources for tests: a schema on MariaDB with an account that has SELECT on it alone, and an SQLite file."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests.services.databases import DatabaseServer

MakeSource = Callable[..., str]


@pytest.fixture
def make_server_source(mariadb: DatabaseServer) -> Iterator[MakeSource]:
    """Makes a schema from statements and returns its URL, for an account that may only select."""
    made: list[tuple[str, str]] = []

    def make(*statements: str, grant: str = "SELECT ON `{schema}`.*") -> str:
        url = mariadb.create_database(f"legacy_{secrets.token_hex(6)}")
        schema, account = str(make_url(url).database), f"reader_{secrets.token_hex(4)}"
        made.append((url, account))
        with mariadb.connect(database=schema, sql_mode="") as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        mariadb.execute(f"CREATE USER `{account}`@'%' IDENTIFIED BY 'pass-word'")
        mariadb.execute(f"GRANT {grant.format(schema=schema)} TO `{account}`@'%'")
        return make_url(url).set(username=account, password="pass-word").render_as_string(hide_password=False)

    yield make
    for url, account in made:
        mariadb.execute(f"DROP USER IF EXISTS `{account}`@'%'")
        mariadb.drop_database(url)


@pytest.fixture
def make_file_source(tmp_path: Path) -> MakeSource:
    """Makes an SQLite file from statements and returns its URL."""

    def make(*statements: str) -> str:
        file = tmp_path / f"legacy_{secrets.token_hex(6)}.db"
        with closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        return f"sqlite:///{file}"

    return make


@pytest.fixture(params=["file", pytest.param("server", marks=pytest.mark.services)])
def make_source(request: pytest.FixtureRequest) -> MakeSource:
    """Both in turn."""
    return request.getfixturevalue(f"make_{request.param}_source")
