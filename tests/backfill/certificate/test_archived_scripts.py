"""Archived scripts that have story elements, and are saved again: each later run is certified."""

from __future__ import annotations

from pathlib import Path

from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.samples import make_sample_file
from materialization.clock import system_clock
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.certificate.certifying import certified, in_source, sentences
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger


def test_an_archived_script_with_elements_may_be_saved_again(tmp_path: Path, empty_ledger: Path) -> None:
    make_sample_file(tmp_path / "legacy.db", 6)
    with open_engine(copied_ledger(empty_ledger, tmp_path / "ledger.db")) as engine:
        backfill = Backfill(tmp_path, UnitOfWork(engine), system_clock)  # type: ignore[arg-type]
        in_source(backfill, "UPDATE scripts SET deletedAt = '2022-02-07 09:00:00.000' WHERE id = 1")
        with open_source(backfill.url) as source:
            mapping = mapping_text(draft(read_catalog(source)))
        mapping = mapping.replace("[decisions]\n", '[decisions]\nL14 = "quarantine"\n', 1)
        backfill.run(mapping=mapping)
        assert sentences(certified(backfill)) == []
        in_source(
            backfill,
            "INSERT INTO script_versions (scriptId, versionNumber, content, createdAt) "
            "SELECT scriptId, 99, replace(content, 'a', 'o'), '2022-02-08 09:00:00.000' FROM script_versions "
            "WHERE scriptId = 1 ORDER BY versionNumber DESC LIMIT 1",
        )

        backfill.run(mapping=mapping)

        assert sentences(certified(backfill)) == []
