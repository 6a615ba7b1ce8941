"""What tests may ask for: a server, a fresh database or broker on it, and the real data."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings

from tests import distribution
from tests.browser.chromium import Chromium, find_chromium
from tests.requirements import failed_instead, in_ci, leave_out
from tests.services.databases import DatabaseServer
from tests.services.mariadb import MariaDB
from tests.services.named import NamedDatabaseServer, NamedRedisServer
from tests.services.places import ServerMissingError, keep_temporary_directories_in_memory
from tests.services.redis_server import RedisServer
from workers.imports import without_garbage_collection

MARKERS = (
    "services: needs MariaDB or Redis (set by itself on every test that uses one of their fixtures)",
    "slow: starts processes or takes more than a moment; not in `make check`",
    "full: the whole of something large; only in `make traces`",
)

# Property tests look at the same examples every time, however busy the machine; HYPOTHESIS_PROFILE=explore looks
# further, with others each time.
settings.register_profile(
    "ledger",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=25,
    stateful_step_count=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile(
    "explore", settings.get_profile("ledger"), derandomize=False, max_examples=1_000, stateful_step_count=80
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ledger"))


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what it runs in the background deaf to Ctrl-C, and nohup to the end of the terminal; every process
    # of the tests would inherit that.
    for signum, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(signum) is signal.SIG_IGN:
            signal.signal(signum, usual)
    # Without a bytecode cache every process of the tests compiles what it imports, and each pytest worker every test.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    keep_temporary_directories_in_memory()
    config.pluginmanager.register(distribution)
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if {"mariadb", "redis_server"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.services)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    with without_garbage_collection():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    return failed_instead(report) if in_ci() else report


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """A MariaDB of this test process, or the server of SCRIPTLEDGER_TEST_DATABASE_URL."""
    if url := os.environ.get("SCRIPTLEDGER_TEST_DATABASE_URL"):
        server = NamedDatabaseServer(url)
        yield server
        server.discard()
        return
    with failing_in_one_sentence(), MariaDB() as private:
        yield private


@pytest.fixture(scope="module")
def mariadb_url(mariadb: DatabaseServer) -> Iterator[str]:
    """The URL of an empty MariaDB database, new for each test module."""
    url = mariadb.create_database()
    yield url
    mariadb.drop_database(url)


@pytest.fixture(scope="module")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an SQLite database that does not exist yet, new for each test module."""
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/ledger.db"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mariadb", marks=pytest.mark.services)])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both of these in turn: what uses it is tested on SQLite and on MariaDB."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def redis_server(worker_number: int) -> Iterator[RedisServer | NamedRedisServer]:
    """A Redis of this test process, or the server of SCRIPTLEDGER_TEST_BROKER_URL."""
    if url := os.environ.get("SCRIPTLEDGER_TEST_BROKER_URL"):
        yield NamedRedisServer(url, share=worker_number)
        return
    with failing_in_one_sentence(), RedisServer() as private:
        yield private


@pytest.fixture(scope="module")
def redis_url(redis_server: RedisServer | NamedRedisServer) -> str:
    """The URL of an empty Redis database; emptied for each test module."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.flushdb()
    return redis_server.url


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Chromium:
    """A browser without a window, which `make test` installs where it may."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium is installed (Debian: chromium)")
    return Chromium(program, tmp_path_factory.mktemp("chromium"))


@pytest.fixture(scope="session")
def worker_number() -> int:
    """Which of the parallel test processes this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@pytest.fixture(scope="session")
def screenplays(pytestconfig: pytest.Config) -> Path:
    """The folder of real screenplays."""
    return real_data(pytestconfig) / "screenplays"


@pytest.fixture(scope="session")
def traces(pytestconfig: pytest.Config) -> Path:
    """The folder of recorded editing sessions."""
    return real_data(pytestconfig) / "traces"


def real_data(config: pytest.Config) -> Path:
    folder = Path(os.environ.get("SCRIPTLEDGER_DATA") or config.rootpath.parent / "shared" / "data")
    if not folder.is_dir():
        leave_out(f"no real data at {folder}; name its folder in SCRIPTLEDGER_DATA")
    return folder


@contextmanager
def failing_in_one_sentence() -> Iterator[None]:
    try:
        yield
    except ServerMissingError as missing:
        pytest.fail(str(missing), pytrace=False)
