"""A scan that was interrupted continues with the same result, and only with its own state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backfill.mapping.draft import draft
from backfill.runs.scan.scan_state import OtherScan, ScanState, UnreadableState, load_state
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from tests.legacy.clean_rows import Size
from tests.legacy.database import in_file
from tests.legacy.scanning import places, scan


class Interrupt(Exception):
    """As Ctrl-C."""


def test_an_interrupted_scan_continues_with_the_same_result(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("backfill.runs.scan.scan.KEEP_SECONDS", 0.0)
    monkeypatch.setattr("repos.legacy.scan_rows.BATCH_BYTES", 2_000)
    legacy = in_file(tmp_path / "legacy.db", "fifth", Size(30, versions=6))
    whole = scan(legacy)
    kept: list[bytes] = []
    read = 0

    def interrupt(table: str, rows: int) -> None:
        nonlocal read
        read += rows if table == "script_versions" else 0
        if read > 120:
            raise Interrupt

    with pytest.raises(Interrupt):
        scan(legacy, progress=interrupt, keep=lambda state: kept.append(state.dump()))
    with open_source(legacy.url) as source:
        state = load_state(kept[-1], draft(read_catalog(source)).mapping)
    seen: dict[str, int] = {}
    resumed = scan(legacy, resume=state, progress=lambda table, rows: seen.update({table: seen.get(table, 0) + rows}))

    assert seen["script_versions"] < 200
    assert resumed.findings.counts() == whole.findings.counts()
    assert places(resumed) == places(whole)
    assert resumed.saves_by_day == whole.saves_by_day
    assert sorted(resumed.losses) == sorted(whole.losses)


def test_a_state_of_another_scan_is_refused(tmp_path: Path) -> None:
    mappings = []
    for schema in ("fifth", "sixth"):
        with open_source(in_file(tmp_path / schema, schema, Size(8), defects=False).url) as source:
            mappings.append(draft(read_catalog(source)).mapping)
    state = ScanState.new(mappings[0], b"key")

    assert load_state(state.dump(), mappings[0]).hash_key == b"key"
    with pytest.raises(OtherScan):
        load_state(state.dump(), mappings[1])
    for data in (b"", b"nonsense", state.dump()[:-3], b"\x93" * 5_000):
        with pytest.raises(UnreadableState):
            load_state(data, mappings[0])
