"""The rows of `legacy_versions` of a script in order: in large pages, or small ones where they have bytes of saves."""

from __future__ import annotations

from collections.abc import Iterator

from repos.backfill.legacy_versions import START, LegacyVersion
from repos.unit_of_work import RecordsTransaction

# Rows of legacy_versions that are read at a time; and those of which some have the bytes of a save.
PAGE = 1_000
PAGE_WITH_BYTES = 50


def migrated_versions(tx: RecordsTransaction, script_id: int) -> Iterator[LegacyVersion]:
    """The saves of a script that came over, with their bytes."""
    after = START
    while page := tx.legacy_versions.read_without_bytes(script_id, after=after, limit=PAGE):
        last = page[-1].place
        if not any(each.has_bytes for each in page):
            yield from (each.save for each in page)
            after = last
        while after < last:
            with_bytes = tx.legacy_versions.read(script_id, after=after, limit=PAGE_WITH_BYTES)
            if not with_bytes:
                return
            after = with_bytes[-1][0]
            for _, save in with_bytes:
                yield save
