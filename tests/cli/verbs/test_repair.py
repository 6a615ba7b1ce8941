"""Repair by an operator: verify all, rebuild all, resume after a kill, and reopen quarantined scripts."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from materialization.integrity.rebuild_chunks import VERSIONS_PER_TRANSACTION
from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.cli.edits import creation_as_json
from tests.cli.running import COMMAND, ROOT, CommandLine
from tests.traces.long_history import build
from tests.traces.session import read_session

pytestmark = pytest.mark.slow

SHORT, LONG = 50, 5 * VERSIONS_PER_TRANSACTION


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two scripts, one with a long history."""
    file = tmp_path_factory.mktemp("written") / "ledger.db"
    engine = make_engine(f"sqlite:///{file}")
    upgrade(engine)
    session = read_session(ROOT / "tests" / "traces" / "sample_session.json")
    for script_id, versions in ((1, SHORT), (2, LONG)):
        build(UnitOfWork(engine), session, versions, script_id=script_id)
    engine.dispose()
    return file


@pytest.fixture
def home(written: Path, tmp_path: Path) -> CommandLine:
    """A home with a copy of it, without services."""
    (tmp_path / "home").mkdir()
    copyfile(written, tmp_path / "home" / "ledger.db")
    return CommandLine(tmp_path / "home", warm=True)


def query(home: CommandLine, statement: str) -> list[Any]:
    with closing(sqlite3.connect(home.home / "ledger.db", timeout=30)) as database:
        rows = database.execute(statement).fetchall()
        database.commit()
    return rows


def test_a_killed_rebuild_of_all_scripts_is_resumed(home: CommandLine):
    before = home("show", 2, "--json").json
    running = subprocess.Popen([*COMMAND, "rebuild", "--all"], cwd=ROOT, env=home.environ, stdout=subprocess.DEVNULL)
    while not query(home, "SELECT 1 FROM rebuilds WHERE script_id = 2 AND version_number > 0"):
        assert running.poll() is None
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert query(home, "SELECT generation FROM script_heads ORDER BY script_id") == [(2,), (1,)]
    ((version,),) = query(home, "SELECT version_number FROM rebuilds WHERE script_id = 2")
    assert 0 < version < LONG
    assert home("show", 2, "--json").json == before, "no reader sees half of it"
    assert home("verify", "--all").status == 0

    ran = home("rebuild", "--all", "--resume", "--json")

    assert ran.status == 0
    (done,) = ran.json["scripts"]
    assert (done["script_id"], done["generation"], done["versions"], done["differences"]) == (2, 2, LONG, 0)
    assert query(home, "SELECT generation, state FROM rebuilds WHERE script_id = 2") == [(2, "active")]
    assert home("show", 2, "--json").json == before
    assert home("verify", "--all").status == 0


def test_unused_generations_of_a_rebuild_are_removed(home: CommandLine):
    assert home("rebuild", "--all").out.count("0 differences.") == 2
    query(home, "UPDATE rebuilds SET finished_at = 1")

    ran = home("rebuild", "--all", "--prune", "--json")

    assert ran.json == {"scripts": [{"script_id": 1, "pruned": [1]}, {"script_id": 2, "pruned": [1]}]}
    assert query(home, "SELECT DISTINCT generation FROM script_versions") == [(2,)]


def test_damage_is_reported_and_repaired_and_does_not_stop_the_others(home: CommandLine):
    query(home, "UPDATE script_versions SET state_hash = zeroblob(16) WHERE script_id = 1 AND version_number = 20")

    ran = home("verify", "--all", "--json")
    assert ran.status == 5
    assert [(row["sound"], row["finding"] and row["finding"]["version"]) for row in ran.json["scripts"]] == [
        (False, 20),
        (True, None),
    ]
    refused = home("rebuild", "--all")
    assert refused.status == 5
    assert refused.out.startswith("Script 1 is not rebuilt: 1 of 50 versions")
    assert "Script 2 is rebuilt" in refused.out
    assert home("rebuild", 1, "--accept-differences").status == 0
    assert home("verify", "--all", "--resume").status == 0


def test_a_consistent_script_is_reopened(home: CommandLine):
    assert home("quarantine", "list").out == "Every script is in service.\n"
    query(home, "UPDATE script_versions SET line_count = 99 WHERE script_id = 1 AND version_number = 20")
    query(home, "UPDATE script_heads SET health = 'quarantined' WHERE script_id = 1")
    query(
        home, "INSERT INTO quarantines (script_id, found_by, reason, quarantined_at) VALUES (1, 'drain', 'a hole', 7)"
    )

    listed = home("quarantine", "list", "--json")
    assert (listed.status, listed.json["scripts"][0]["reason"]) == (5, "a hole")
    stays = home("quarantine", "reopen", 1)
    assert stays.status == 5
    assert "stays quarantined" in stays.err
    assert "version 20" in stays.err
    assert home("rebuild", 1, "--accept-differences").status == 0

    assert home("quarantine", "reopen", 1, "--actor", "Ann").out == "Script 1 is back in service.\n"
    assert home("quarantine", "list").status == 0
    shown = home("quarantine", "show", 1).out
    assert shown.startswith("Script 1 is in service.\n")
    assert "reopened by Ann, verified" in shown
    assert home("quarantine", "show", 1, "--json").json["quarantines"][0]["verified"] is True
    assert home("quarantine", "reopen", 1).status == 1
    assert home("quarantine", "reopen", 9).status == 1


def test_a_script_can_be_reopened_without_verification(home: CommandLine):
    query(home, "UPDATE script_heads SET health = 'quarantined' WHERE script_id = 1")

    assert home("quarantine", "reopen", 1, "--unverified").out == "Script 1 is back in service, unverified.\n"
    assert query(home, "SELECT health FROM script_heads WHERE script_id = 1") == [("open",)]


def test_a_script_being_backfilled_is_listed_and_shown_as_such(home: CommandLine):
    query(home, "UPDATE script_heads SET health = 'backfilling' WHERE script_id = 2")

    listed = home("quarantine", "list")
    assert (listed.status, listed.out) == (
        0,
        "No script is quarantined.\nBeing backfilled: 2. They take only submissions of the backfill.\n",
    )
    assert home("quarantine", "list", "--json").json == {"scripts": [], "backfilling": [2]}
    assert home("quarantine", "show", 2).out == "Script 2 is being backfilled, and takes nothing else.\n"


def test_reading_skips_a_damaged_keyframe_and_reports_a_gap(home: CommandLine):
    before = home("show", 2, "--version", LONG - 1, "--json").json
    query(home, "UPDATE script_keyframes SET state = x'00' WHERE script_id = 2")

    read = home("show", 2, "--version", LONG - 1, "--json")
    assert read.json == before
    assert "keyframe_passed_over" in read.err
    query(home, "DELETE FROM script_versions WHERE script_id = 2 AND version_number = 2600")
    ran = home("show", 2, "--version", LONG - 1)
    assert ran.status == 5
    assert "version 2600 is missing" in ran.err
    assert home("show", 2, "--version", 2_599).status == 0


@pytest.mark.parametrize("args", [("rebuild",), ("rebuild", 1, "--all"), ("verify",), ("verify", 1, "--all")])
def test_the_scripts_must_be_given(home: CommandLine, args: tuple[object, ...]):
    assert home(*args).status == 2


def test_a_submission_is_pending_while_its_script_is_quarantined(home: CommandLine):
    query(home, "UPDATE script_heads SET health = 'quarantined' WHERE script_id = 1")
    ran = home("submit", given=creation_as_json(1))

    assert ran.status == 5
    assert home("quarantine", "show", 1, "--json").json["health"] == "quarantined"
