"""Log entries: the chain hash of a large command is that of the joined columns."""

from __future__ import annotations

import pytest

from domain.log.entry import MAX_JOINED_BYTES, LogEntry, chained, covered
from domain.script.hashing import GENESIS, chain_hash


@pytest.mark.parametrize("size", [0, 5, MAX_JOINED_BYTES, MAX_JOINED_BYTES + 1])
def test_the_chain_hash_is_that_of_the_joined_columns(size: int):
    entry = LogEntry(7, 12, "lines.insert", b"x" * size, "backfill", "é", 11, b"{}", "legacy.1", 0, -5, 1_000)

    assert chained(entry, GENESIS).chain_hash == chain_hash(GENESIS, covered(entry))
