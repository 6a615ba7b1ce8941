"""Database servers for tests, private or named in the environment: they create and drop databases."""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from typing import Any

import pymysql
from sqlalchemy import URL, make_url


class DatabaseServer(ABC):
    """A MariaDB or MySQL server whose account may create databases."""

    @abstractmethod
    def server_url(self) -> URL:
        """The URL of the server, without a database."""

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of one of its databases."""
        return self.server_url().set(database=database).render_as_string(hide_password=False)

    def create_database(self, name: str | None = None) -> str:
        """Create an empty database, under a new name unless one is given, and return its URL."""
        name = name or f"ledger_test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Drop the database with this URL."""
        self.execute(f"DROP DATABASE IF EXISTS `{make_url(url).database}`")

    def connect(self, **options: Any) -> pymysql.Connection[Any]:
        """A bare autocommitting connection; `options` are PyMySQL's and override the URL's."""
        url = self.server_url()
        url_options: dict[str, Any] = {**url.translate_connect_args(username="user"), **url.query}
        return pymysql.connect(**{"autocommit": True, **url_options, **options})

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own and return its rows."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())
