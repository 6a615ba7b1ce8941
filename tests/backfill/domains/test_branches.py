"""Branches become scripts of their own, if the mapping decides so: every save once, the commands with their saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backfill.domains.base import Counts
from repos.unit_of_work import UnitOfWork
from tests.backfill.domains.script_database import DAY, ScriptDatabase, add_script, everything_is_counted, lines
from tests.legacy.patch_maker import make_patches
from tests.materialization.writer import Clock


def divided(folder: Path, ledger: UnitOfWork, kind: str = "TEXT") -> ScriptDatabase:
    legacy = ScriptDatabase(folder, ledger, Clock())
    legacy.sql(f"ALTER TABLE script_versions ADD COLUMN branchId {kind}")
    legacy.change_rule("script_versions", history="branches", branches="own_script")
    return legacy


@pytest.fixture
def legacy(tmp_path: Path, ledger: UnitOfWork) -> ScriptDatabase:
    return divided(tmp_path, ledger)


def add_saves(legacy: ScriptDatabase, *saves: tuple[int, Any], script: int = 7) -> None:
    for number, branch in saves:
        row = (script * 100 + number, script, number, lines(f"Save {number}."), DAY.format(number), branch)
        legacy.add("script_versions", row)
        legacy.add("script_commands", (row[0], script, "save", json.dumps({"versionNumber": number}), "ai", row[4]))


def scripts(legacy: ScriptDatabase) -> dict[str, list[int | None]]:
    """The numbers of the saves of each script, by its title."""
    with legacy.unit_of_work.reading() as tx:
        rows = tx.scripts.read(after=0, limit=99)
    return {row.title: [number for number, _ in legacy.saves(row.id)] for row in rows}


def test_scripts_of_two_tables_have_branches(legacy: ScriptDatabase) -> None:
    legacy.sql("CREATE TABLE documents (id INTEGER PRIMARY KEY, userId INTEGER, title TEXT, content TEXT)")
    legacy.add("documents", (8, 1, "Other", None))
    add_script(legacy)
    add_saves(legacy, (1, "main"), (2, "other"))
    add_saves(legacy, (1, "main"), (2, "other"), script=8)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert {each.decision for each in legacy.findings() if each.code == "L43"} == {"report"}
    assert scripts(legacy) == {"The Ferry": [1], "The Ferry (other)": [2], "Other": [1], "Other (other)": [2]}
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_the_ids_of_branches_may_be_bytes(tmp_path: Path, ledger: UnitOfWork) -> None:
    legacy = divided(tmp_path, ledger, "BLOB")
    add_script(legacy)
    add_saves(legacy, (1, b"\x00\xff"), (2, b"\xfe"), (3, None), (4, b"\x00\xff"))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert scripts(legacy) == {"The Ferry": [1, 4], "The Ferry (fe)": [2], "The Ferry (unnamed)": [3]}
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_each_branch_is_a_script_with_its_saves(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    add_script(legacy, 8, title="Undivided")
    add_saves(legacy, (1, "main"), (2, "other"), (3, "main"), (4, None), (5, "other"))
    add_saves(legacy, (1, "main"), script=8)
    legacy.add("script_commands", (99, 7, "save", '{"versionNumber": 9}', "user", DAY.format(1)))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert counts["script_versions"] == Counts(migrated=6)
    assert counts["script_commands"] == Counts(merged=6, skipped=1)
    assert scripts(legacy) == {
        "The Ferry": [1, 3],
        "Undivided": [1],
        "The Ferry (other)": [2, 5],
        "The Ferry (unnamed)": [4],
    }
    assert legacy.differences() == []
    assert legacy.run() == counts


def test_a_branch_keeps_its_owner_its_writers_and_its_times(legacy: ScriptDatabase) -> None:
    add_script(legacy, deletedAt=DAY.format(9))
    add_saves(legacy, (1, "main"), (2, "other"), (3, "other"))

    legacy.run()

    with legacy.unit_of_work.reading() as tx:
        [branch] = [row for row in tx.scripts.read(after=0, limit=9) if row.id != 7]
        times = [save.saved_at for _, save in tx.legacy_versions.read(branch.id)]
    assert (branch.user_id, bool(branch.archived), branch.created_at) == (1, True, times[0])
    assert branch.id > 1_000_000
    assert {author for _, _, _, author, _ in legacy.origins(branch.id)[:2]} == {"ai"}


def test_the_branch_of_the_first_save_is_the_script_whatever_is_read_first(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    for key, number, branch in ((1, 3, "z"), (2, 2, "a"), (3, 1, "m")):
        legacy.add("script_versions", (key, 7, number, lines(f"Save {number}."), DAY.format(number), branch))

    legacy.run()

    assert scripts(legacy) == {"The Ferry": [1], "The Ferry (z)": [3], "The Ferry (a)": [2]}
    assert legacy.differences() == []


def test_a_new_save_of_a_branch_follows_in_another_run(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    add_saves(legacy, (1, "main"), (2, "other"))
    legacy.run()
    add_saves(legacy, (3, "other"), (4, "third"))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert scripts(legacy) == {"The Ferry": [1], "The Ferry (other)": [2, 3], "The Ferry (third)": [4]}
    assert legacy.differences() == []


@pytest.mark.parametrize(("kind", "branches"), [("INTEGER", (1, 2)), ("TEXT", ("é" * 300, "é" * 301))])
def test_branches_may_have_any_key(tmp_path: Path, ledger: UnitOfWork, kind: str, branches: tuple[Any, Any]) -> None:
    legacy = divided(tmp_path, ledger, kind)
    add_script(legacy)
    add_saves(legacy, (1, branches[0]), (2, branches[1]), (3, branches[1]))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert sorted(scripts(legacy).values()) == [[1], [2, 3]]
    assert legacy.differences() == []


def test_branches_of_a_script_that_is_set_aside_are_counted_once(legacy: ScriptDatabase) -> None:
    add_script(legacy, owner=99)
    add_saves(legacy, (1, "main"), (2, "other" * 90))

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    assert (counts["scripts"], counts["script_versions"]) == (Counts(quarantined=1), Counts(quarantined=2))
    assert legacy.differences() == []


def test_a_later_script_does_not_meet_the_number_of_a_branch(legacy: ScriptDatabase) -> None:
    add_script(legacy)
    add_saves(legacy, (1, "main"), (2, "other"))
    legacy.run()
    add_script(legacy, 8, title="Later")
    add_saves(legacy, (1, "main"), script=8)

    counts = legacy.run()

    assert counts["scripts"] == Counts(migrated=2)
    assert scripts(legacy)["Later"] == [1]


@pytest.mark.parametrize("own_script", [True, False])
def test_the_patches_of_each_branch_are_a_chain_of_their_own(
    tmp_path: Path, ledger: UnitOfWork, own_script: bool
) -> None:
    legacy = ScriptDatabase(tmp_path, ledger, Clock())
    legacy.sql(
        "ALTER TABLE script_versions ADD COLUMN branchId TEXT", "ALTER TABLE script_versions ADD COLUMN patch TEXT"
    )
    if own_script:
        legacy.change_rule("script_versions", branches="own_script")
    add_script(legacy)
    # The saves of a branch are numbered from 1, and made in turn with those of the other.
    for shift, branch in enumerate(("main", "other")):
        texts = [f"On {branch}.\n" + "Rain.\n" * (20 + save) + f"Save {save}.\n" for save in range(4)]
        for save, (text, patch) in enumerate(zip(texts, [None, *make_patches(texts)], strict=True), 1):
            row = (save * 2 + shift, 7, save, text if save == 1 else None, DAY.format(save * 2 + shift), branch, patch)
            legacy.add("script_versions", row)

    counts = legacy.run()

    assert everything_is_counted(legacy, counts)
    numbers = [1, 2, 3, 4]
    assert scripts(legacy) == {"The Ferry": numbers} | ({"The Ferry (other)": numbers} if own_script else {})
    assert counts["script_versions"] == (Counts(migrated=8) if own_script else Counts(migrated=4, quarantined=4))
    assert {row.code for row in legacy.quarantined()} == (set() if own_script else {"L43"})
    assert {each.code for each in legacy.findings()} & {"L43", "L44"} == {"L43"}
    assert legacy.differences() == []
    assert legacy.run() == counts
