"""The wheel, installed into an environment: it works in any directory, and leaves other Celery applications alone."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.running import ROOT
from workers.embedded.child_process import Child

pytestmark = [pytest.mark.services, pytest.mark.slow]

SOURCES = ("domain", "repos", "materialization", "backfill", "gates", "workers", "cli")
FILES = ("pyproject.toml", "README.md", "LICENSE", "celeryconfig.py")
START_SECONDS = 60
# Importing any of these would end a process of ours.
FOREIGN = ("celeryconfig.py", "workers/__init__.py", "domain/__init__.py", "repos/__init__.py", "cli/__init__.py")


class Installed(NamedTuple):
    """An environment with the wheel, and a folder with files of another application."""

    bin: Path
    wheel: Path
    foreign: Path

    def environ(self, **more: str) -> dict[str, str]:
        """The environment variables of a process; no path to this repository among them."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SCRIPTLEDGER_", "PYTHON"))}
        return {**kept, "SCRIPTLEDGER_HOME": str(self.foreign / "home"), **more}

    def run(self, *argv: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a program to its end."""
        return subprocess.run(
            [*map(str, argv)],
            cwd=cwd or self.foreign,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    python = Path(sys.executable)
    build = [str(python), "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=START_SECONDS)
    shutil.rmtree(source)
    [wheel] = folder.glob("*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--python", str(environment / "bin" / "python")]
    subprocess.run([*pip, "install", "--quiet", "--no-index", "--no-deps", str(wheel)], check=True)
    # The libraries of this environment, without what is installed in it by name.
    libraries = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    own = next((environment / "lib").glob("python*/site-packages"))
    own.joinpath("libraries.pth").write_text(f"{libraries}\n")
    foreign = folder / "another application"
    for name in FOREIGN:
        (foreign / name).parent.mkdir(parents=True, exist_ok=True)
        (foreign / name).write_text("raise SystemExit('a module of another application was imported')\n")
    return Installed(environment / "bin", wheel, foreign)


@contextmanager
def started(installed: Installed, *argv: str, ready: str, **environ: str) -> Iterator[Child]:
    """A process of the installed program, in the folder of another application, once it is ready."""
    log = installed.foreign.parent / f"{argv[0]}.log"
    # `env -C` changes the directory: a guardian starts the program in ours.
    child = Child(
        ["/usr/bin/env", "-C", installed.foreign, installed.bin / "scriptledger", *argv],
        log=log,
        environ=installed.environ(**environ),
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while ready not in log.read_text():
            assert child.running(), f"{argv[0]} ended:\n{child.last_words(20)}"
            assert time.monotonic() < deadline, f"{argv[0]} does not start:\n{child.last_words(20)}"
            time.sleep(0.05)
        yield child
    finally:
        child.stop()


def test_the_settings_of_celery_are_inside_a_package(installed: Installed):
    with zipfile.ZipFile(installed.wheel) as wheel:
        names = wheel.namelist()
    assert "workers/celeryconfig.py" in names
    assert "domain/py.typed" in names
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == set(SOURCES)


def test_another_celery_application_keeps_the_defaults(installed: Installed, tmp_path: Path):
    program = (
        "from celery import Celery, current_app as app; print(Celery('x').conf.task_default_queue, app.conf.broker_url)"
    )
    done = installed.run(installed.bin / "python", "-c", program, cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("celery None\n", 0), done.stderr


def test_commands_work_among_files_of_another_application(installed: Installed):
    done = installed.run(installed.bin / "scriptledger", "db", "upgrade")
    assert done.returncode == 0, done.stderr
    done = installed.run(installed.bin / "scriptledger", "kinds", "--json")
    assert done.returncode == 0, done.stderr
    assert '"lines.insert"' in done.stdout


def test_workers_and_beat_start_among_files_of_another_application(installed: Installed, redis_url: str):
    environ = {
        "SCRIPTLEDGER_BROKER_URL": redis_url,
        "SCRIPTLEDGER_DATABASE_URL": f"sqlite:///{installed.foreign.parent}/ledger.db",
        "SCRIPTLEDGER_LOG_LEVEL": "debug",  # ticks are logged at no other
    }
    done = subprocess.run(
        [installed.bin / "scriptledger", "db", "upgrade"],
        cwd=installed.foreign,
        env=installed.environ(**environ),
        check=False,
        timeout=START_SECONDS,
    )
    assert done.returncode == 0
    with (
        started(
            installed, "worker", "--role", "reconcile", "--role", "upkeep", ready="worker.ready", **environ
        ) as worker,
        started(installed, "beat", ready="beat.ready", **environ) as beat,
    ):
        # The schedule is ours: its ticks reach the worker.
        log = installed.foreign.parent / "worker.log"
        deadline = time.monotonic() + START_SECONDS
        while "scriptledger.reconcile" not in log.read_text():
            assert worker.running(), worker.last_words(20)
            assert beat.running(), beat.last_words(20)
            assert time.monotonic() < deadline, worker.last_words(20)
            time.sleep(0.05)


def test_flower_starts_among_files_of_another_application(installed: Installed, redis_url: str):
    environ = {"SCRIPTLEDGER_BROKER_URL": redis_url, "SCRIPTLEDGER_FLOWER_PASSWORD": "a-password-for-tests"}
    with started(installed, "flower", "--port", str(_free_port()), ready="flower.ready", **environ) as flower:
        assert flower.running()


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
