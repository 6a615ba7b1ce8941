"""TiDB is refused by every verb in one sentence, and nothing is written to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from repos.database.engine import make_engine
from repos.database.session import Session
from repos.database.supported_servers import UnsupportedServer
from repos.schema import upgrade
from tests.cli.running import CommandLine
from tests.services.mariadb import MariaDB

pytestmark = pytest.mark.services

VERBS = [
    ("db", "upgrade"),
    ("db", "current"),
    ("scripts",),
    ("verify", "--all"),
    ("worker", "--role", "commands"),
    ("worker", "--role", "reconcile", "--beat"),
]


class NamedTiDB(MariaDB):
    """A MariaDB whose greeting names TiDB."""

    def options(self) -> list[str]:
        return [*super().options(), "--version=8.0.11-TiDB-v8.5.6"]


@pytest.fixture(scope="module")
def tidb() -> Iterator[NamedTiDB]:
    with NamedTiDB() as server:
        yield server


@pytest.fixture
def engine(tidb: NamedTiDB) -> Iterator[Engine]:
    engine = make_engine(tidb.create_database())
    yield engine
    engine.dispose()


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_refuses_it(tidb: NamedTiDB, redis_url: str, tmp_path: Path, verb: tuple[str, ...]):
    url = tidb.create_database()
    cli = CommandLine(tmp_path, warm=True, SCRIPTLEDGER_DATABASE_URL=url, SCRIPTLEDGER_BROKER_URL=redis_url)

    done = cli(*verb)

    assert done.status == 4
    assert done.err.startswith("scriptledger: The database server is TiDB (8.0.11-TiDB-v8.5.6), which takes no lock")
    assert len(done.err.strip().splitlines()) == 1
    database = url.rpartition("/")[2].partition("?")[0]
    assert not tidb.execute(f"SELECT 1 FROM information_schema.tables WHERE table_schema = '{database}'")


def test_its_code_is_stable(tidb: NamedTiDB, tmp_path: Path):
    cli = CommandLine(tmp_path, warm=True, SCRIPTLEDGER_DATABASE_URL=tidb.create_database())
    assert cli("scripts", "--json").json["error"]["code"] == "unsupported_database"


def test_no_session_is_opened_on_it(engine: Engine):
    with pytest.raises(UnsupportedServer):
        Session(engine)
    with pytest.raises(UnsupportedServer):
        upgrade.upgrade(engine)


def test_mariadb_and_mysql_are_accepted(mariadb_url: str):
    engine = make_engine(mariadb_url)
    Session(engine).close()
    engine.dispose()
