"""Shared fixtures for replays: a session of our own, and an in-memory database whose commits do not wait for a disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.places import make_home
from tests.traces.session import Session, read_session


@pytest.fixture
def fast_sqlite_url() -> Iterator[str]:
    """The URL of a new SQLite database, in memory if there is room."""
    home = make_home(durable=False)
    yield f"sqlite:///{home}/ledger.db"
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def sample() -> Session:
    """A scene as a writer types it: slips, pasted blocks, a scene moved, a character renamed, a text reformatted."""
    return read_session(Path(__file__).with_name("sample_session.json"))
