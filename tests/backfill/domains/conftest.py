"""Closes the ledgers that tests opened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.materialization.writer import close_databases


@pytest.fixture(autouse=True)
def closed_ledgers() -> Iterator[None]:
    yield
    close_databases()
