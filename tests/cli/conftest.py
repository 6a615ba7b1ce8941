"""Fixtures: a command line in an empty home, and one whose services are running."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.cli.edits import creation
from tests.cli.running import CommandLine
from workers.embedded.stack import Stack
from workers.settings import Settings

_numbers = count(1_000_000, -1)  # downwards: an import takes the id after the highest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def alone(home: Path) -> CommandLine:
    """A command line in an empty home: each command starts the services it needs."""
    return CommandLine(home)


@pytest.fixture(scope="session")
def scriptledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A command line in a home whose services run for all modules of this test process: starting them takes seconds."""
    home = tmp_path_factory.mktemp("served") / "home"
    with Stack(Settings.from_env({"SCRIPTLEDGER_HOME": str(home)})):
        yield CommandLine(home, warm=True)


@pytest.fixture
def ferry(scriptledger: CommandLine) -> int:
    """The id of a small script, new for each test."""
    script_id = next(_numbers)
    assert scriptledger.submit(creation(script_id)).status == 0
    return script_id
