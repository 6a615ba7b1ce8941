"""What the verbs of upkeep tell is so: the lag of readers, and scripts that are taken out of service."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest

from repos.database.engine import make_engine
from repos.schema.upgrade import upgrade
from repos.unit_of_work import UnitOfWork
from tests.cli.running import ROOT, CommandLine
from tests.traces.long_history import build
from tests.traces.session import read_session

pytestmark = pytest.mark.slow

VERSIONS = 9


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two scripts of nine versions."""
    file = tmp_path_factory.mktemp("written") / "ledger.db"
    engine = make_engine(f"sqlite:///{file}")
    upgrade(engine)
    session = read_session(ROOT / "tests" / "traces" / "sample_session.json")
    for script_id in (1, 2):
        build(UnitOfWork(engine), session, VERSIONS, script_id=script_id)
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


def test_the_lag_is_of_now_and_bounds_the_exit_status(home: CommandLine):
    query(home, "UPDATE script_commands SET recorded_at = recorded_at - 300 * 1000000 WHERE script_id = 2")

    before = home("materialize", "status", "--json", "--max-lag", 299)
    assert (before.json["lag"]["scripts"], before.json["lag"]["versions"]) == (2, VERSIONS)
    assert before.json["lag"]["seconds"] >= 300
    assert before.status == 1
    assert "a worker of the role materialization is running, and a beat" in before.err
    assert home("materialize", "status", "--max-lag", 86_400).status == 0
    assert home("materialize", "status", 2, "--max-lag", 299).status == 1
    query(home, "UPDATE script_heads SET health = 'quarantined' WHERE script_id = 2")
    assert home("materialize", "status", 2, "--max-lag", 299).status == 0, "no worker may bring it up to date"
    query(home, "UPDATE script_heads SET health = 'open' WHERE script_id = 2")

    assert home("materialize", "run").out == "Run 1: 2 scripts due, 2 done, 0 failed.\n"

    after = home("materialize", "status", "--max-lag", 0)
    assert after.status == 0
    assert after.out.startswith("Readers see the head of every script in service.\n")
    assert home("materialize", "status", 2, "--max-lag", 0).status == 0
    query(home, "UPDATE projection_heads SET generation = generation + 1 WHERE script_id = 1")
    rebuilt = home("materialize", "status", "--max-lag", 0)
    assert (rebuilt.status, rebuilt.out.splitlines()[0]) == (
        0,
        "Readers see the head of every script in service; 1 script was rebuilt since, and is written again next.",
    )
    query(home, "UPDATE projection_heads SET generation = generation - 1 WHERE script_id = 1")
    assert home("materialize", "run").out == "Nothing was due.\n"


def test_scripts_of_a_stalled_run_are_taken_again_or_named(home: CommandLine):
    home("materialize", "run")
    query(home, "UPDATE projection_heads SET version_number = 3")
    query(home, "UPDATE materialization_runs SET finished_at = NULL, done = 0")
    query(home, "UPDATE materialization_items SET state = 'running', expires_at = 1 WHERE script_id = 1")
    query(home, "UPDATE materialization_items SET state = 'running', expires_at = 1 << 62 WHERE script_id = 2")

    assert home("materialize", "run").out == (
        "1 script of earlier runs was taken again.\n"
        "Readers are behind for 1 script: other workers have them, or they were edited since.\n"
    )
    assert home("materialize", "status").out.startswith("Readers are behind for 1 script, by 6 versions at most, the")


def test_a_tampered_script_is_taken_out_of_service_and_comes_back(home: CommandLine):
    query(home, "UPDATE script_versions SET line_count = 99 WHERE script_id = 1 AND version_number = 5")
    assert home("verify", 1).status == 5
    assert home("quarantine", "list").status == 0, "verify alone changes nothing"

    ran = home("verify", "--all", "--quarantine")

    assert ran.status == 5
    assert ran.out.startswith(
        "Script 1 is inconsistent at version 5, and quarantined: it takes no edits: version 5 has "
    )
    assert (
        "`scriptledger rebuild 1 --accept-differences` derives it again, then `scriptledger quarantine reopen 1`"
        in (" ".join(ran.out.split()))
    )
    assert "Script 2 is consistent" in ran.out
    assert home("quarantine", "list", "--json").json["scripts"][0]["found_by"] == "verify"
    refused = home("materialize", "run", 1)
    assert (refused.status, "is quarantined" in refused.err) == (5, True)
    stays = home("quarantine", "reopen", 1)
    assert stays.status == 5
    assert "derives it again" in stays.err
    assert home("rebuild", 1, "--accept-differences").status == 0
    assert "`scriptledger quarantine reopen 1` takes it back" in " ".join(home("verify", 1).out.split())
    assert home("quarantine", "reopen", 1).out == "Script 1 is back in service.\n"
    assert home("verify", 1, "--json").json["scripts"][0]["quarantined"] is False


def test_a_lost_row_of_a_script_is_found_and_written_again(home: CommandLine):
    before = home("scripts", "--json").json
    query(home, "DELETE FROM scripts WHERE id = 2")

    ran = home("verify", "--all", "--quarantine", "--json")
    assert [(row["script_id"], row["finding"] and row["finding"]["repair"]) for row in ran.json["scripts"]] == [
        (1, None),
        (2, "project"),
    ]
    assert "`scriptledger materialize run 2 --from-scratch` writes that again" in " ".join(
        home("verify", 2).out.split()
    )
    assert home("materialize", "run", "--from-scratch").status == 2
    assert home("materialize", "run", 2, "--from-scratch").status == 0

    assert home("verify", "--all").status == 0
    assert home("scripts", "--json").json == before
