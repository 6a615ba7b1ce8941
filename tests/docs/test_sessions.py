"""The sessions in README and Getting started, run for real."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cli.running import ROOT
from tests.docs.console import agrees, commands, run
from tests.docs.warm_program import warm_program
from workers.embedded.stack import Stack
from workers.settings import Settings

pytestmark = pytest.mark.slow

README = (ROOT / "README.md").read_text()
MAKE = re.compile(r"make (\w+)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like the project to a reader who follows a page."""
    shutil.copytree(ROOT / "cli" / "samples", tmp_path / "cli" / "samples")
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text("")
    program = programs / "scriptledger"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli.main "$@"\n')
    program.chmod(0o755)
    return tmp_path


@pytest.fixture
def environ(folder: Path) -> Mapping[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SCRIPTLEDGER_")}
    return {**ours, "PATH": f"{folder}/.venv/bin:{ours['PATH']}", "PYTHONPATH": str(ROOT)}


@pytest.fixture
def dev(folder: Path) -> Iterator[None]:
    """The services, as `scriptledger dev` would run them in another terminal."""
    with Stack(Settings.from_env({"SCRIPTLEDGER_HOME": str(folder / ".scriptledger")})):
        yield


@pytest.mark.usefixtures("dev")
def test_every_command_of_the_readme_prints_what_it_shows(folder: Path, environ: Mapping[str, str]):
    follow("README.md", folder, environ)


@pytest.mark.usefixtures("dev")
def test_every_command_of_getting_started_prints_what_it_shows(folder: Path, environ: Mapping[str, str]):
    with warm_program(folder / ".venv" / "bin" / "scriptledger"):
        follow("docs/getting-started.md", folder, environ)


def follow(page: str, folder: Path, environ: Mapping[str, str]) -> None:
    """Run the commands of a page, and compare their output."""
    for command in commands((ROOT / page).read_text()):
        if MAKE.match(command.text):
            continue
        status, printed = run(command, folder, environ)
        assert status == command.status, printed
        if command.output:
            assert agrees(command.output, printed), "\n".join(printed)


def test_the_readme_shows_what_the_demo_prints(folder: Path, environ: Mapping[str, str]):
    shown = re.search(r"```text\n(.*?)```", README, re.DOTALL)
    assert shown is not None
    (command,) = commands("```console\n$ scriptledger demo\n```\n")

    status, printed = run(command, folder, environ)

    assert status == 0
    assert agrees(tuple(shown[1].splitlines()), printed), "\n".join(printed)


def test_the_make_targets_in_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text()
    named = {match[1] for match in MAKE.finditer(README)}
    assert {"demo", "test"} <= named
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def test_the_readme_shows_how_to_run_it_by_its_25th_line():
    assert "$ make demo" in "\n".join(README.splitlines()[:25])
