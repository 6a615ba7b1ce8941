"""What replays need: a session of our own, and a database in memory, where a commit waits for no disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.places import make_home
from tests.traces.session import Session, read_session


@pytest.fixture
def fast_sqlite_url() -> Iterator[str]:
    """The URL of an SQLite database that does not exist yet, in memory where there is room."""
    home = make_home(durable=False)
    yield f"sqlite:///{home}/ledger.db"
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def sample() -> Session:
    """A scene as somebody types it: slips, pasted blocks, a scene moved, a character renamed, a text reformatted."""
    return read_session(Path(__file__).with_name("sample_session.json"))
