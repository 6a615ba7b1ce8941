"""Of each version of Python one interpreter that works is found, and the result of each is printed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters.find_interpreters import LOWEST, find_interpreters, probe

ROOT = Path(__file__).parents[2]


def program(folder: Path, name: str, text: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return str(file)


def saying(folder: Path, name: str, version: list[int], **facts: Any) -> str:
    """A program that says it is an interpreter."""
    known = {"level": "final", "implementation": "CPython", "without_lock": False} | facts
    answer = [version, known["level"], known["implementation"], known["without_lock"], str(folder / name)]
    return program(folder, name, f"echo '{json.dumps(answer)}'")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """A machine with nothing on it."""
    return {"PATH": f"{tmp_path}/bin:{tmp_path}/more", "HOME": str(tmp_path)}


def test_this_interpreter_is_found() -> None:
    found = find_interpreters(os.environ, [sys.executable])

    assert sys.version_info[:3] in [each.version for each in found]
    assert found == sorted(found)
    assert len({each.name for each in found}) == len(found)


def test_shims_that_lead_nowhere_are_passed_over(tmp_path: Path, environ: dict[str, str]) -> None:
    program(tmp_path / "bin", "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    behind = saying(tmp_path / "more", "python3.13", [3, 13, 2])

    assert [each.program for each in find_interpreters(environ)] == [behind]


def test_what_pyenv_has_is_found_the_latest_of_each_version(tmp_path: Path, environ: dict[str, str]) -> None:
    for name in ("3.11.9", "3.11.10", "3.10.4", "3.13.0"):
        saying(tmp_path / ".pyenv" / "versions" / name / "bin", "python", [int(part) for part in name.split(".")])

    assert [each.version for each in find_interpreters(environ)] == [(3, 11, 10), (3, 13, 0)]


def test_what_comes_first_counts(tmp_path: Path, environ: dict[str, str]) -> None:
    saying(tmp_path / ".pyenv" / "versions" / "3.12.9" / "bin", "python", [3, 12, 9])
    on_path = saying(tmp_path / "bin", "python3.12", [3, 12, 1])
    assert [each.program for each in find_interpreters(environ)] == [on_path]

    named = saying(tmp_path / "elsewhere", "mine", [3, 12, 3])
    assert [each.program for each in find_interpreters(environ, [named])] == [named]


@pytest.mark.parametrize(
    "facts",
    [
        {"version": [LOWEST[0], LOWEST[1] - 1, 9]},
        {"version": [2, 7, 18]},
        {"version": [3, 14, 0], "implementation": "PyPy"},
        {"version": [3, 14, 0], "without_lock": True},
        {"version": [3, 16, 0], "level": "alpha"},
    ],
)
def test_what_the_project_does_not_support_is_passed_over(
    tmp_path: Path, environ: dict[str, str], facts: dict[str, Any]
) -> None:
    saying(tmp_path / "bin", "python3", **facts)

    assert find_interpreters(environ) == []


def test_a_preview_counts_where_it_is_named(tmp_path: Path, environ: dict[str, str]) -> None:
    preview = saying(tmp_path / "elsewhere", "python3.16", [3, 16, 0], level="beta")

    assert [each.program for each in find_interpreters(environ, [preview])] == [preview]


@pytest.mark.parametrize(
    "text", ["exit 1", "echo", "echo '[]'", "echo '{}'", "echo nonsense", "echo '[1, 2, 3, 4, 5]'"]
)
def test_what_answers_otherwise_is_no_interpreter(tmp_path: Path, environ: dict[str, str], text: str) -> None:
    named = program(tmp_path / "bin", "python3", text)

    assert probe(named, environ) is None
    with pytest.raises(LookupError, match=r"is no CPython from 3\.11 on"):
        find_interpreters(environ, [named])


def test_an_environment_that_cannot_be_made_fails_the_run(tmp_path: Path) -> None:
    broken = saying(tmp_path, "python3.99", [3, 99, 0])

    ran = run_pythons("--ends", broken, path=tmp_path)

    assert ran.returncode == 1
    assert "Python 3.99  FAILED: its environment could not be made" in ran.stdout


def test_what_there_is_is_printed() -> None:
    ran = run_pythons("--list", sys.executable)

    assert ran.returncode == 0
    assert ".".join(map(str, sys.version_info[:3])) in ran.stdout


def test_what_was_named_must_be_there() -> None:
    ran = run_pythons("no-such-python")

    assert (ran.returncode, ran.stderr) == (2, "no-such-python is no CPython from 3.11 on that runs\n")


def run_pythons(*arguments: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYENV_ROOT": str(path or ""), "HOME": str(path or os.environ["HOME"])}
    if path is not None:
        # Only this interpreter's own version besides, which is left out, and what the set-up needs to begin.
        saying(path / "bin", "python3", [*sys.version_info[:3]])
        for tool in ("sh", "dirname"):
            (path / "bin" / tool).symlink_to(str(shutil.which(tool)))
        environ["PATH"] = f"{path}/bin"
    return subprocess.run(
        [sys.executable, "-m", "tests.interpreters.run", *arguments],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
