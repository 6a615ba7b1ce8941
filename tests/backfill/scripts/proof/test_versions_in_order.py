"""Changes of versions are kept for the next save only as far as they are few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from backfill.scripts.proof import versions_in_order
from backfill.scripts.proof.versions_in_order import VersionsInOrder
from tests.backfill.scripts.legacy_history import Legacy, json_save
from tests.materialization.writer import Clock, close_databases, open_database


@pytest.fixture
def legacy(sqlite_url: str) -> Iterator[Legacy]:
    legacy = Legacy(open_database(sqlite_url), Clock(), [json_save(f"Take {number}.") for number in range(9)])
    legacy.run()
    yield legacy
    close_databases()


def test_changes_of_many_versions_are_not_kept(legacy: Legacy, monkeypatch: pytest.MonkeyPatch) -> None:
    with legacy.unit_of_work.reading() as tx:
        versions = VersionsInOrder(tx, legacy.script)
        assert list(versions.script_problems()) == []
        assert len(versions.take_changes() or ()) >= len(legacy.saves)

        monkeypatch.setattr(versions_in_order, "MAX_CHANGE_BYTES", 100)
        versions = VersionsInOrder(tx, legacy.script)
        assert list(versions.script_problems()) == []
        assert versions._changes == []
        assert (versions.take_changes(), versions.take_changes()) == (None, [])


def test_a_save_after_too_many_changes_is_compared_by_all_its_lines(
    legacy: Legacy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions_in_order, "MAX_CHANGE_BYTES", 0)

    assert legacy.proof().holds
    legacy.saves[4] = replace(legacy.saves[4], content=json_save("Too."))
    assert [each.origin.number for each in legacy.proof().differences] == [5]
