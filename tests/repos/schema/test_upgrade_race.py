"""Several processes upgrade one database at once: one does it, the others wait, and none fails."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from repos.database.engine import make_engine, open_engine
from repos.schema import upgrade

ROOT = Path(__file__).parents[3]
UPGRADE = """
import sys
from repos.database.engine import make_engine
from repos.schema import upgrade
engine = make_engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
upgrade.upgrade_if_outdated(engine)
upgrade.require_current(engine)
"""


def test_an_upgrade_of_a_file_holds_the_lock_from_its_checks_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another upgrade would begin, and this one give up after seconds."""
    file, migrate = tmp_path / "ledger.db", command.upgrade

    def migrate_locked(config: Config, revision: str) -> None:
        with (
            closing(sqlite3.connect(file, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")
        migrate(config, revision)

    monkeypatch.setattr(command, "upgrade", migrate_locked)
    with open_engine(f"sqlite:///{file}") as engine:
        upgrade.upgrade(engine)
        upgrade.require_current(engine)


@pytest.mark.slow
def test_four_concurrent_upgrades_all_succeed(database_url: str) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, database_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:
        assert racer.stdout
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("\n")
        racer.stdin.flush()

    ended = [racer.communicate(timeout=120)[1] for racer in racers]

    assert [(racer.returncode, errors) for racer, errors in zip(racers, ended, strict=True)] == [(0, "")] * 4
    engine = make_engine(database_url)
    upgrade.require_current(engine)
    engine.dispose()
