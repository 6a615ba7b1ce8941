"""The options of a run, as its row stores them."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from backfill.mapping.model import PatchLayout

MIN_SHARE = 1
MAX_SHARE = 100


class RunOptions(Struct, frozen=True, kw_only=True):
    """How a run works. `share` is the percentage of time a worker may spend on it.

    `planned` are the domains whose items are all added, `rows` the rows of each source table when they were. `retries`
    is how often items were done again: the source may have been repaired before, so workers read all of it again.
    `patch_layouts` are decided once for the tables whose rules give none.
    """

    share: int = MAX_SHARE
    planned: list[str] = []
    rows: dict[str, int] = {}
    retries: int = 0
    patch_layouts: dict[str, PatchLayout] = {}

    def dump(self) -> bytes:
        """As the row stores them."""
        return msgspec.json.encode(self)


def load_options(data: bytes) -> RunOptions:
    """The options in a row."""
    return msgspec.json.decode(data, type=RunOptions)
