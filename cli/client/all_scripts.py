"""All scripts of a ledger, read in pages."""

from __future__ import annotations

from collections.abc import Iterator

from repos.unit_of_work import RecordsTransaction

SCRIPTS_PER_PAGE = 1_000


def every_script(tx: RecordsTransaction) -> Iterator[int]:
    """The ids of all scripts that have a head: one whose row in `scripts` was lost is among them."""
    after = 0
    while page := tx.heads.ids(after=after, limit=SCRIPTS_PER_PAGE):
        yield from page
        after = page[-1]
