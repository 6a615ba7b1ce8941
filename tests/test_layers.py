"""The import contracts of pyproject.toml: a planted violation of each makes `lint-imports` fail and names it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PACKAGES = ("domain", "repos", "materialization", "backfill", "gates", "workers", "cli")


class Violation(NamedTuple):
    """An import that a contract forbids: planted in `file`, it must be reported under the contract's name."""

    contract: str
    file: str
    line: str


VIOLATIONS = (
    Violation("Data flows one way", "domain/errors.py", "import repos.unit_of_work"),
    Violation("No circle", "domain/script/line.py", "import domain.script.state"),
    Violation("Celery lives in workers", "materialization/access.py", "import celery"),
    Violation("SQL lives in repos", "workers/settings.py", "import sqlalchemy"),
    Violation("gates know", "gates/database/drift.py", "import materialization.access"),
    Violation("Inside gates.static_scan", "gates/static_scan/sql/sql_words.py", "import gates.static_scan.inventory"),
    Violation("Inside domain", "domain/script/line.py", "import domain.commands.base"),
    Violation("Inside repos", "repos/database/session.py", "import repos.log.heads"),
    Violation(
        "Inside materialization", "materialization/history/state_at.py", "import materialization.write_path.submit"
    ),
    Violation("Inside backfill", "backfill/content/shape.py", "import backfill.runs.scan"),
    Violation("Inside workers", "workers/messaging/bell.py", "import workers.producers.producer"),
    Violation("Inside cli", "cli/terminal/screen.py", "import cli.client.database"),
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages and of the contracts."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """`lint-imports` in a copy."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_every_contract_has_a_violation():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    names = [contract["name"] for contract in contracts]
    assert [[name.startswith(violation.contract) for name in names].count(True) for violation in VIOLATIONS] == [
        1
    ] * len(VIOLATIONS)
    assert len(names) == len(VIOLATIONS)


def test_the_tree_keeps_every_contract(tree: Path):
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda violation: violation.contract)
def test_a_planted_violation_is_reported(tree: Path, violation: Violation):
    file = tree / violation.file
    file.write_text(f"{file.read_text()}\n{violation.line}\n")
    done = lint(tree)
    assert done.returncode == 1, done.stdout
    assert violation.contract in " ".join(done.stdout.split()).partition("Broken contracts")[2]
