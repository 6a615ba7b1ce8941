"""The options of a run, as its row stores them."""

from __future__ import annotations

import msgspec
from msgspec import Struct

MIN_SHARE = 1
MAX_SHARE = 100


class RunOptions(Struct, frozen=True, kw_only=True):
    """How a run works. `share` is the percentage of time a worker may spend on it.

    `planned` are the domains whose items are all added, `rows` the rows of each source table when they were.
    """

    share: int = MAX_SHARE
    planned: list[str] = []
    rows: dict[str, int] = {}

    def dump(self) -> bytes:
        """As the row stores them."""
        return msgspec.json.encode(self)


def load_options(data: bytes) -> RunOptions:
    """The options in a row."""
    return msgspec.json.decode(data, type=RunOptions)
