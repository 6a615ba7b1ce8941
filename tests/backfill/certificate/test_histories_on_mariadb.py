"""Histories of every form on MariaDB come over and are certified, as those in a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.samples import HISTORIES
from materialization.clock import system_clock
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.certificate.certifying import certified, sentences
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger
from tests.backfill.test_samples import load
from tests.services.databases import DatabaseServer

# The saves of a sample: those that come over, and those that are set aside.
SAVES = {"patches": (6, 1), "linked_lines": (4, 3), "branches": (6, 0), "hashes": (6, 1)}


@pytest.mark.parametrize("history", HISTORIES)
def test_a_sample_on_a_server_is_certified(
    mariadb: DatabaseServer, tmp_path: Path, empty_ledger: Path, history: str
) -> None:
    url = load(mariadb, history)
    with open_engine(copied_ledger(empty_ledger, tmp_path / "ledger.db")) as engine:
        backfill = Backfill(tmp_path, UnitOfWork(engine), system_clock)  # type: ignore[arg-type]
        backfill.url = url
        with open_source(url) as source:
            mapping = mapping_text(draft(read_catalog(source)))
        mapping = mapping.replace("[decisions]\n", '[decisions]\nL44 = "quarantine"\n', 1)
        mapping = mapping.replace('history = "branches"\n', 'history = "branches"\nbranches = "own_script"\n')
        backfill.run(mapping=mapping)

        certificate = certified(backfill)

    assert sentences(certificate) == []
    tables = [table for table in certificate.tables if table.becomes in ("versions", "lines")]
    assert [(table.migrated + table.merged, table.quarantined) for table in tables] == [SAVES[history]]
    mariadb.drop_database(url)
