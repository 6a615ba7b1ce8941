"""Each guard removed from a copy of the program: the test that is named for it fails there, and only passes with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.services.databases import DatabaseServer

pytestmark = [pytest.mark.services, pytest.mark.slow]

COPIED = ("domain", "repos", "materialization", "backfill", "workers", "tests", "celeryconfig.py", "pyproject.toml")


class Mutation(NamedTuple):
    """A guard, as the text of a file without which there is none, and the test that must see it."""

    guard: str
    file: str
    text: str
    instead: str
    seen_by: str


MUTATIONS = (
    Mutation(
        guard="the unique key of submissions",
        file="repos/migrations/versions/0001_the_log_and_what_it_needs.py",
        text='        sa.PrimaryKeyConstraint("script_id", "submission_id", name=op.f("pk_submissions")),\n',
        instead="",
        seen_by="test_the_key_of_submissions_gives_a_submission_one_answer",
    ),
    Mutation(
        guard="the head lock",
        file="repos/log/head_lock_statements.py",
        text="        .with_for_update(skip_locked=skip_locked)\n",
        instead="",
        seen_by="test_the_head_lock_keeps_a_second_worker_from_doing_the_same_work",
    ),
    Mutation(
        guard="the one transaction",
        file="repos/database/session.py",
        text='self._cursor.execute(f"SET autocommit=0;{first}")',
        # And no check whether there is one.
        instead='globals()["require"] = lambda *_: None; self._cursor.execute(f"DO 0;{first}")',
        seen_by="test_the_one_transaction_takes_back_what_a_lost_worker_had_written",
    ),
    Mutation(
        guard="the reconciler",
        file="workers/scheduling/reconciler.py",
        text="            if not self._bell.ring(history.script_id",
        instead="            continue\n            if not self._bell.ring(history.script_id",
        seen_by="test_the_reconciler_rings_for_what_no_worker_took",
    ),
    Mutation(
        guard="the rollback of the whole transaction on 1205",
        file="repos/database/session.py",
        text="            self.rollback()\n",
        # What the next BEGIN did by itself, before transactions began with SET autocommit=0.
        instead='            self._connection.query("COMMIT")\n            self.abandon()\n',
        seen_by="test_a_lock_wait_timeout_takes_back_the_whole_transaction",
    ),
)


def copy(root: Path, to: Path) -> None:
    """The program and its tests, without what running them left."""
    for name in COPIED:
        if (root / name).is_dir():
            shutil.copytree(root / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, to / name)


def remove_guard(mutation: Mutation, tree: Path) -> None:
    """Take the guard out of a copy."""
    file = tree / mutation.file
    source = file.read_text()
    assert source.count(mutation.text) == 1, f"{mutation.guard} is not where it was in {mutation.file}"
    file.write_text(source.replace(mutation.text, mutation.instead))


def outcome(tree: Path, server: DatabaseServer, only: str = "") -> dict[str, str]:
    """How each test of the guards, or `only` this one, ends in a copy."""
    url = server.server_url().render_as_string(hide_password=False)
    options = ["-q", "-rA", "--tb=line", "-p", "no:cacheprovider", "--timeout=100", "-k", only]
    # Without the other plugins, which take seconds to import in every process.
    command = [sys.executable, "-m", "pytest", "-p", "pytest_timeout", *options, "tests/faults/test_guards.py"]
    environ = {**os.environ, "SCRIPTLEDGER_TEST_DATABASE_URL": url, "PYTHONPATH": str(tree)}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # The end of a run that hangs is for its own timeout, which also ends what it started.
    done = subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, check=False)
    ended = [line.split() for line in done.stdout.splitlines() if line.startswith(("PASSED ", "FAILED "))]
    return {words[1].rpartition("::")[2]: words[0] for words in ended}


@pytest.fixture(scope="module")
def outcomes(
    mariadb: DatabaseServer, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, str]]:
    """How the tests end with each guard removed, and with none."""

    def run(mutation: Mutation | None) -> tuple[str, dict[str, str]]:
        tree = tmp_path_factory.mktemp("tree", numbered=True)
        copy(pytestconfig.rootpath, tree)
        if mutation is not None:
            remove_guard(mutation, tree)
            return mutation.guard, outcome(tree, mariadb, mutation.seen_by)
        return "", outcome(tree, mariadb)

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(run, (None, *MUTATIONS)))


def test_with_every_guard_all_pass(outcomes: dict[str, dict[str, str]]):
    assert outcomes[""] == {mutation.seen_by: "PASSED" for mutation in MUTATIONS}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.guard)
def test_without_a_guard_its_test_fails(outcomes: dict[str, dict[str, str]], mutation: Mutation):
    assert outcomes[mutation.guard][mutation.seen_by] == "FAILED"
