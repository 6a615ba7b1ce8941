"""Chat logs whose keys do not run in the order of time, or with a mistyped time: what is merged, what a scan names."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from backfill.domains.base import Counts
from backfill.mapping.draft import draft
from backfill.runs.scan.scan import Scan
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.flat_backfill import FlatBackfill, insert_rows, legacy_file
from tests.backfill.domains.legacy_chat import EXCHANGES, HISTORY, OWNERS, add_message, at, run

MINUTES = 60
WINDOW = 5


@pytest.fixture
def backfill(tmp_path: Path, ledger: UnitOfWork, monkeypatch: pytest.MonkeyPatch) -> FlatBackfill:
    monkeypatch.setattr("backfill.checks.chat.WINDOW_ROWS", WINDOW)
    monkeypatch.setattr("backfill.domains.chat_logs.log_rows.WINDOW_ROWS", WINDOW)
    return FlatBackfill(legacy_file(tmp_path / "legacy.db", OWNERS + HISTORY + EXCHANGES), ledger)


def questions(backfill: FlatBackfill, keys: list[int]) -> None:
    """A question a minute in both logs, with these keys in the second one."""
    for minute, key in enumerate(keys, 1):
        row = {"user_id": 1, "script_id": 10}
        insert_rows(
            backfill.url,
            "chat_history",
            [row | {"id": minute, "type": "user", "content": f"question {minute}", "timestamp": at(minute)}],
        )
        insert_rows(
            backfill.url,
            "chat_messages",
            [row | {"id": key, "user_prompt": f"question {minute}", "created_at": at(minute)}],
        )


def notes(backfill: FlatBackfill) -> list[str]:
    """The notes of a scan on each row that another log has too."""
    with open_source(backfill.url) as source:
        catalog = read_catalog(source)
        found = Scan(source, catalog, draft(catalog).mapping).run().findings.kept()
    return [each.note for each in found if each.code == "L34"]


@pytest.mark.parametrize("seed", [None, 1, 2, 77])
def test_a_scan_says_which_rows_are_merged_and_which_may_come_over_twice(
    backfill: FlatBackfill, monkeypatch: pytest.MonkeyPatch, seed: int | None
):
    monkeypatch.setattr("backfill.domains.chat_logs.overlaps.MIN_REMEMBERED", 0)
    keys = list(range(1, MINUTES + 1))
    if seed is not None:
        Random(seed).shuffle(keys)
    questions(backfill, keys)

    found = notes(backfill)
    merged = found.count("merged into the other log")
    twice = found.count("may come over twice: the keys of `chat_messages` do not run in the order of time")

    assert merged + twice == MINUTES
    assert (twice == 0) == (seed is None)
    counts = sum(run(backfill).values(), Counts())
    assert counts.rows == 2 * MINUTES
    assert counts.merged >= merged
    assert backfill.differences("chat") == []


@pytest.mark.parametrize("table", ["chat_history", "chat_messages"])
def test_a_mistyped_year_keeps_no_later_row_from_its_twin(backfill: FlatBackfill, table: str):
    questions(backfill, list(range(2, MINUTES + 2)))
    if table == "chat_history":
        add_message(backfill, -1, "user", "of the future", timestamp="2099-01-01 00:00:00")
    else:
        late = {"id": 1, "user_id": 1, "script_id": 10, "user_prompt": "of the future", "created_at": "2099-01-01"}
        insert_rows(backfill.url, "chat_messages", [late])

    assert run(backfill)["chat_messages"].merged == MINUTES
    assert backfill.differences("chat") == []
