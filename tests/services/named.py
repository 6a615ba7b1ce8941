"""Servers named in the environment, used instead of private ones."""

from __future__ import annotations

from urllib.parse import urlsplit

from sqlalchemy import URL, make_url

from tests.services.databases import DatabaseServer


class NamedDatabaseServer(DatabaseServer):
    """The server of SCRIPTLEDGER_TEST_DATABASE_URL; databases created on it are dropped at the end."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="mysql+pymysql", database=None)
        self._url = self._url.update_query_dict({"charset": "utf8mb4"})
        self._created: list[str] = []

    def server_url(self) -> URL:
        return self._url

    def create_database(self, name: str | None = None) -> str:
        self._created.append(super().create_database(name))
        return self._created[-1]

    def discard(self) -> None:
        """Drop every database created here."""
        for url in self._created:
            self.drop_database(url)


class NamedRedisServer:
    """The server of SCRIPTLEDGER_TEST_BROKER_URL; the tests empty the numbered database they use.

    `share` is added to the number in the URL, so that parallel test processes use different databases.
    """

    def __init__(self, url: str, share: int = 0) -> None:
        parts = urlsplit(url)
        number = int(parts.path.strip("/") or 0) + share
        self.url = parts._replace(path=f"/{number}").geturl()
