"""Chunks of rebuilds so small that a short history has several."""

from __future__ import annotations

import pytest

from materialization.integrity import rebuild as rebuild_module
from materialization.integrity import rebuild_chunks
from repos.database import packed_pages
from repos.log import commands


@pytest.fixture(params=["row by row", "ahead"])
def small_pieces(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Chunks too short to be read ahead in pages, or with read-ahead already for a few rows."""
    if request.param == "ahead":
        monkeypatch.setattr(packed_pages, "MIN_PACKED_ROWS", 1)
        monkeypatch.setattr(commands, "COMMANDS_PER_PAGE", 16)
    monkeypatch.setattr(rebuild_chunks, "VERSIONS_PER_TRANSACTION", 50)
    monkeypatch.setattr(rebuild_module, "VERSIONS_PER_TRANSACTION", 50)
    monkeypatch.setattr(rebuild_module, "LOCKED_TAIL_VERSIONS", 50)
