"""A database with every defect of its generation comes over: each row has the fate that the decision on it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from backfill.checks.registry import CHECKS
from backfill.mapping.decode import decode
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.scan.scan import Scan
from backfill.scanning.finding import Finding
from materialization.clock import system_clock
from repos.database.engine import open_engine
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.certificate.certifying import certified, latest, sentences
from tests.backfill.runs.backfill_setup import Backfill, copied_ledger
from tests.legacy.clean_rows import Size
from tests.legacy.database import in_file
from tests.legacy.schemas import SCHEMAS

# They are about the whole source.
OF_THE_SOURCE = ("L13", "L20")
QUARANTINED = "".join(
    f'{code} = "quarantine"\n'
    for code, check in CHECKS.items()
    if check.decision == "block" and code not in OF_THE_SOURCE
)


def stored_key(shown: str) -> str:
    """The key of a finding as quarantined rows name it."""
    parts = [int(part) if part.isdigit() and len(part) < 16 else part for part in shown.split("/")]
    return json.dumps(parts, separators=(",", ":"))


def is_latest_text(finding: Finding, schema: str) -> bool:
    """Whether a finding is in the text of a script itself, which nothing needs where there are versions."""
    names = [table.name for table in SCHEMAS[schema]]
    return finding.table == "scripts" and finding.column == "content" and "script_versions" in names


@pytest.mark.slow
@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_row_has_the_fate_that_was_decided(schema: str, tmp_path: Path, empty_ledger: Path) -> None:
    legacy = in_file(tmp_path / "legacy.db", schema, Size(8))
    with open_source(legacy.url) as source:
        catalog = read_catalog(source)
        text = mapping_text(draft(catalog)).replace("[decisions]\n", f"[decisions]\n{QUARANTINED}", 1)
        findings = Scan(source, catalog, decode(text)).run().findings.kept()
    with open_engine(copied_ledger(empty_ledger, tmp_path / "ledger.db")) as engine:
        backfill = Backfill(tmp_path, UnitOfWork(engine), system_clock)  # type: ignore[arg-type]

        backfill.run(mapping=text)

        run = latest(backfill)
        with backfill.unit_of_work.reading() as tx:
            aside = {(each.row.source_table, each.row.source_key) for each in tx.quarantined_rows.read(run.id)}
        certificate = certified(backfill)
    assert (run.state, sentences(certificate)) == ("finished", [])
    assert all(table.holds for table in certificate.tables)
    named = [each for each in findings if each.key is not None and not is_latest_text(each, schema)]
    wanted = {(each.table, stored_key(str(each.key))) for each in named if each.decision == "quarantine"}
    assert {
        place: each.code for each in named if (place := (each.table, stored_key(str(each.key)))) in wanted - aside
    } == {}
    others = [each for each in named if (each.table, stored_key(str(each.key))) not in wanted]
    assert [each for each in others if (each.table, stored_key(str(each.key))) in aside] == []
