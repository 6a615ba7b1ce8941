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

    assert home("materialize", "run").out == "Run 1: 2 scripts due, 2 done, 0 failed.\n"

    after = home("materialize", "status", "--max-lag", 0)
    assert after.status == 0
    assert after.out.startswith("Readers see the head of every script in service.\n")
    assert home("materialize", "status", 2, "--max-lag", 0).status == 0
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
