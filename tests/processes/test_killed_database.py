"""A database that is killed and started again, with every commit on disk, costs time and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.processes.environment import Site, assert_one_true_history
from tests.services.mariadb import MariaDB

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.usefixtures("celery_setup")]


@pytest.fixture(scope="module")
def durable_mariadb() -> Iterator[MariaDB]:
    """One that may be killed."""
    with MariaDB(durable=True) as server:
        yield server


@pytest.fixture(scope="module")
def ledger_url(durable_mariadb: MariaDB) -> str:
    return durable_mariadb.create_database()


def test_a_database_killed_and_restarted_loses_nothing_and_doubles_nothing(site: Site, durable_mariadb: MariaDB):
    writing = site.begin(pace=0.2)
    for kill in range(3):
        writing.wait_for(acknowledged=30 + 50 * kill)
        durable_mariadb.kill()
        durable_mariadb.restart()

    assert_one_true_history(writing)
