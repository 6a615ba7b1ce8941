"""All scripts of a ledger, read in pages."""

from __future__ import annotations

from collections.abc import Iterator

from repos.unit_of_work import RecordsTransaction

SCRIPTS_PER_PAGE = 1_000


def every_script(tx: RecordsTransaction) -> Iterator[int]:
    """The ids of all scripts."""
    after = 0
    while page := tx.scripts.read(after=after, limit=SCRIPTS_PER_PAGE):
        yield from (row.id for row in page)
        after = page[-1].id
