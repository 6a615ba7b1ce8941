"""A proof in several processes: the same certificate, the same errors, and no process that stays."""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import psutil
import pytest

from backfill.certificate.certify import certify
from backfill.certificate.document import Certificate
from backfill.certificate.proof_processes import ProofProcesses, ProofProcessLost, suitable_processes
from backfill.runs.run_context import run_context
from domain.errors import Conflict
from repos.database.driver_errors import DatabaseUnreachable, DuplicateKey
from repos.legacy.connection import open_source
from repos.legacy.errors import SourceError
from tests.backfill.certificate.certifying import copied_move, in_ledger, in_source, latest
from tests.backfill.certificate.test_whole_move import moved
from tests.backfill.runs.backfill_setup import Backfill
from tests.cli.running import CommandLine, offspring, press_ctrl_c, wait_until
from workers.process.visible_logs import log_to_standard_error

# One of each kind: a row, a version, a place in the log, a row of the map, what is shown, what is derived.
IN_LEDGER = """
UPDATE users SET email = 'other@ferry.example' WHERE id = 1;
UPDATE script_versions SET delta = x'00' WHERE script_id = 1 AND version_number = 4;
DELETE FROM legacy_versions WHERE id = 2;
UPDATE scripts SET title = 'Another' WHERE id = 3;
DELETE FROM legacy_rows WHERE source_table = 'users';
"""
IN_SOURCE = "UPDATE script_commands SET author = 'ai' WHERE id = 1; DELETE FROM story_elements WHERE id = 1"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, empty_ledger: Path) -> Path:
    """A folder with generation 6, brought over."""
    folder = tmp_path_factory.mktemp("moved")
    for _ in moved(folder, empty_ledger, 6):
        pass
    return folder


@pytest.fixture
def backfill(template: Path, tmp_path: Path) -> Iterator[Backfill]:
    with copied_move(template, tmp_path, fixed_clock) as backfill:
        yield backfill


def fixed_clock() -> int:
    return 1_800_000_000_000_000


def certified_in(
    number: int, backfill: Backfill, legacy_url: str = "", prepare: Callable[[], object] = log_to_standard_error
) -> tuple[Certificate, dict[str, int]]:
    """The verdict of a proof in so many processes, and its progress."""
    advanced: dict[str, int] = {}

    def advance(what: str, count: int) -> None:
        advanced[what] = advanced.get(what, 0) + count

    ledger = f"sqlite:///{backfill.file.with_name('ledger.db')}"
    processes = ProofProcesses(number, legacy_url or backfill.url, ledger, prepare)
    run = latest(backfill)
    with open_source(backfill.url) as source:
        context = run_context(run, source, backfill.unit_of_work, backfill.clock)
        return certify(context, run, advance, processes), advanced


@pytest.mark.slow
def test_three_processes_find_the_same_in_the_same_order_as_one(backfill: Backfill) -> None:
    in_ledger(backfill, IN_LEDGER)
    in_source(backfill, IN_SOURCE)

    (by_one, one_by_one), (by_three, together) = (certified_in(number, backfill) for number in (1, 3))

    assert {"proof", "ledger"} <= {each.check for each in by_one.problems}
    assert msgspec.json.encode(by_three) == msgspec.json.encode(by_one)
    assert together == one_by_one
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_an_error_of_a_process_is_that_of_one_alone(backfill: Backfill, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as raised:
        certified_in(2, backfill, f"sqlite:///{tmp_path}/none.db")

    assert raised.value.code == "source_unknown"
    assert multiprocessing.active_children() == []


@pytest.mark.slow
def test_the_end_of_a_process_is_named_and_leaves_no_verdict(
    backfill: Backfill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backfill.certificate.certify._check_run", lambda *_: kill_one())

    begun = time.monotonic()
    with pytest.raises(ProofProcessLost, match="fewer --processes"):
        certified_in(2, backfill, prepare=partial(time.sleep, 600))

    assert time.monotonic() - begun < 60  # it does not wait for what the other one does
    assert latest(backfill).certificate is None
    assert multiprocessing.active_children() == []


def kill_one() -> None:
    """As a system without memory does."""
    multiprocessing.active_children()[0].kill()


@pytest.mark.slow
def test_ctrl_c_and_a_killed_command_leave_no_process(backfill: Backfill) -> None:
    command_line = CommandLine(
        backfill.file.parent, SCRIPTLEDGER_DATABASE_URL=f"sqlite:///{backfill.file.with_name('ledger.db')}"
    )
    for stopped_by, status in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        command = command_line.start("backfill", "certify", backfill.url, "--processes", "2")
        started: list[psutil.Process] = []
        wait_until(lambda: bool(started.extend(offspring(command)) or len(set(started)) > 2))  # noqa: B023 - used at once
        if stopped_by == signal.SIGINT:
            press_ctrl_c(command)
        else:
            command.kill()
        out = command.communicate(timeout=30)[0]

        assert command.returncode == status
        # Of a killed command, Python itself reports semaphores, and processes that had not begun yet.
        assert stopped_by == signal.SIGKILL or out == ""
        wait_until(lambda: not any(map(psutil.Process.is_running, started)))  # noqa: B023 - used at once
        assert latest(backfill).certificate is None


@pytest.mark.parametrize(
    "error",
    [SourceError("source_lost", "It was lost."), Conflict("busy"), DuplicateKey("key"), DatabaseUnreachable("x")],
)
def test_errors_survive_the_way_from_another_process(error: Exception) -> None:
    passed_on = pickle.loads(pickle.dumps(error))

    assert (type(passed_on), str(passed_on)) == (type(error), str(error))
    assert getattr(passed_on, "code", None) == getattr(error, "code", None)


def test_a_small_source_is_proved_in_one_process() -> None:
    assert suitable_processes(0) == suitable_processes(4_999) == 1
    assert 1 <= suitable_processes(10**9) <= 8
