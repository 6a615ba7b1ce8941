"""A source whose cells hold anything: every row comes over or is named, and nothing ends with an error of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from backfill.certificate.certify import certify
from backfill.checks.registry import CHECKS
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.run_context import run_context
from backfill.runs.scan.scan import Scan
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.hostile_cells import make
from tests.backfill.runs.backfill_setup import Backfill
from tests.materialization.writer import Clock

# The first ones each ended a run or a proof with an error, or a true certificate with a false difference.
SEEDS = (19, 38, 80, 1088, 5452, 5468, *range(2_000, 2_006))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_cell_comes_over_or_is_named(tmp_path: Path, ledger: UnitOfWork, seed: int) -> None:
    make(tmp_path / "legacy.db", seed)
    backfill = Backfill(tmp_path, ledger, Clock())
    with open_source(backfill.url) as source:
        catalog = read_catalog(source)
        drafted = draft(catalog)
        Scan(source, catalog, drafted.mapping).run()
    decisions = {code: "quarantine" for code, check in CHECKS.items() if check.decision == "block"}
    mapping = replace(drafted.mapping, decisions=decisions)

    backfill.run(mapping=mapping_text(drafted._replace(mapping=mapping)))

    with ledger.reading() as tx:
        [run] = tx.backfill_runs.read(limit=1)
        failed = tx.backfill_items.read(run.id, state="failed")
    with open_source(backfill.url) as source:
        certificate = certify(run_context(run, source, ledger, backfill.clock), run, lambda *_: None)
    assert ([item.error for item in failed], run.state) == ([], "finished")
    # What no decision sets aside has not come over either.
    undecided = {(each.table, each.key) for each in certificate.problems if each.check == "decisions"}
    assert [each for each in certificate.problems if (each.table, each.key) not in undecided] == []
