"""An empty database for tests of upgrades."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from repos.database.engine import make_engine
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
