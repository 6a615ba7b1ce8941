"""Child process tests: a service ends on request, and when its owner dies."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.services.processes import Program, survivors
from workers.embedded.child_process import Child

OWNER = """
import psutil, sys, time
from pathlib import Path
from workers.embedded.child_process import Child
child = Child(["/bin/sleep", "60"], log=Path(sys.argv[1], "log"), sweep=Path(sys.argv[2]))
while len(psutil.Process().children(recursive=True)) < 2:
    time.sleep(0.01)
print("ready", flush=True)
time.sleep(60)
"""

pytestmark = pytest.mark.slow

STUBBORN = "trap '' TERM; echo deaf; while :; do sleep 0.1; done"


def service_of(child: Child) -> psutil.Process:
    guardian = psutil.Process(child._guardian.pid)
    deadline = time.monotonic() + 5
    while not (services := guardian.children()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return services[0]


@pytest.fixture
def sleeper(tmp_path: Path):
    child = Child(["/bin/sleep", "60"], log=tmp_path / "log")
    yield child
    child.kill()


@pytest.mark.parametrize("way", ["stop", "kill"])
def test_the_service_is_gone_after_stop_and_kill_return(sleeper: Child, way: str):
    service = service_of(sleeper)

    getattr(sleeper, way)()

    assert not service.is_running()
    assert not sleeper.running()


def test_stopping_twice_does_nothing(sleeper: Child):
    sleeper.stop()
    sleeper.stop()
    sleeper.kill()


def test_a_service_that_ignores_sigterm_is_killed(tmp_path: Path):
    child = Child(["/bin/sh", "-c", STUBBORN], log=tmp_path / "log")
    while "deaf" not in child.last_words():
        time.sleep(0.01)

    child.stop(timeout=0.2)

    assert not child.running()


def test_a_missing_program_is_named_in_the_log(tmp_path: Path):
    child = Child(["/no/such/program"], log=tmp_path / "log")
    assert child.wait(10) == 127
    assert "/no/such/program" in child.last_words()


@pytest.mark.parametrize(("ends", "status"), [("exit 3", 3), ("kill -9 $$", 128 + 9)])
def test_the_exit_status_is_the_service_s(tmp_path: Path, ends: str, status: int):
    assert Child(["/bin/sh", "-c", ends], log=tmp_path / "log").wait(10) == status


def test_children_of_a_service_end_with_it(tmp_path: Path):
    left = tmp_path / "left"
    child = Child(["/bin/sh", "-c", f"sleep 60 & echo $! > {left}"], log=tmp_path / "log")
    child.wait(10)

    pid = int(left.read_text())
    assert not survivors([process for process in psutil.process_iter() if process.pid == pid])


def test_a_service_survives_the_thread_that_started_it(tmp_path: Path):
    started: list[Child] = []
    thread = threading.Thread(target=lambda: started.append(Child(["/bin/sleep", "60"], log=tmp_path / "log")))
    thread.start()
    thread.join()
    service_of(started[0])
    time.sleep(0.1)

    assert started[0].running()
    started[0].stop()


def test_a_fork_of_the_owner_cannot_end_the_service(sleeper: Child):
    service = service_of(sleeper)
    fork = os.fork()
    if fork == 0:
        sleeper.stop()
        os._exit(0)
    os.waitpid(fork, 0)

    assert service.is_running()


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_service_survives_its_owner(tmp_path: Path, end: signal.Signals):
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    owner = Program(OWNER, tmp_path, sweep)
    owner.ready()
    assert len(owner.offspring) == 2

    owner.end(end)

    assert not survivors(owner.offspring)
    assert not sweep.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux signals a child when its parent dies")
def test_no_service_survives_its_guardian(sleeper: Child):
    service = service_of(sleeper)

    os.kill(sleeper._guardian.pid, signal.SIGKILL)

    assert not survivors([service])
