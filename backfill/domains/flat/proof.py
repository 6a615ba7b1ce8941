"""The proof of a flat table: what each source row has to be in the ledger, compared with what is there.

Rows are compared in segments by one keyed hash for each side; a segment that differs is halved, down to the rows.
Nothing is compared by a server, whose collation takes different texts for the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from backfill.domains.base import Difference
from backfill.domains.flat.flat_table import FlatRow, FlatTable, Position, batches
from backfill.domains.flat.merged_rows import prove_merged
from backfill.translate.row_keys import row_hash
from domain.counting import counted
from repos.unit_of_work import RecordsTransaction

SEGMENT_ROWS = 1_024
MISSING = "the row did not come over"
UNEXPECTED = "the row came over, but is to be set aside"


def prove(flat: FlatTable, fields: Sequence[str]) -> Iterator[Difference]:
    """Compare a table with the ledger."""
    table, came = flat.table.name, 0
    for rows in batches(flat, Position()):
        for start in range(0, len(rows), SEGMENT_ROWS):
            with flat.context.unit_of_work.reading() as tx:
                wanted, found, keys = _segment(flat, tx, rows[start : start + SEGMENT_ROWS])
            came += sum(record is not None for record in wanted)
            for place in differing(flat.context.hash_key, wanted, found):
                yield Difference(table, keys[place], _problem(fields, wanted[place], found[place]))
    with flat.context.unit_of_work.reading() as tx:
        merged, differences = prove_merged(flat, tx, flat.merges())
        yield from differences
        came += merged
        stored = tx.legacy_keys.count(table)
    if stored > came:
        yield Difference(table, "[]", f"{counted(stored - came, 'row')} came over that the source no longer has")


def differing(hash_key: bytes, wanted: Sequence[Any], found: Sequence[Any]) -> Iterator[int]:
    """The places at which two lists of the same length differ, found by the hashes of their parts."""

    def differ(start: int, end: int) -> Iterator[int]:
        if segment_hash(hash_key, wanted[start:end]) == segment_hash(hash_key, found[start:end]):
            return
        if end - start == 1:
            yield start
            return
        middle = (start + end) // 2
        yield from differ(start, middle)
        yield from differ(middle, end)

    if wanted:
        yield from differ(0, len(wanted))


def segment_hash(hash_key: bytes, rows: Sequence[Any]) -> bytes:
    """The keyed SHA-256 of rows, which differs if two rows are exchanged or changed alike."""
    try:
        data = msgspec.msgpack.encode(rows)
    except UnicodeEncodeError:
        data = b"".join(row_hash(hash_key, row or ()) for row in rows)
    return hmac.digest(hash_key, data, "sha256")


def _segment(flat: FlatTable, tx: RecordsTransaction, rows: list[FlatRow]) -> tuple[list[Any], list[Any], list[str]]:
    """What has to be there, what is there, and the keys; None is a row that is not there."""
    rows = flat.resolve(tx, [row for row in rows if not row.account.merged])
    known = tx.legacy_keys.find(flat.table.name, [row.key for row in rows])
    ids = {row.key: known[row.key].our_id for row in rows if row.key in known}
    there = flat.stored(tx, ids.values())
    wanted, found = [], []
    for row in rows:
        our_id = ids.get(row.key)
        record = row.account.record
        # A row that was given an id of ours has no other to be compared with.
        wanted.append(None if record is None else record if record.id else record._replace(id=our_id or 0))
        stored = None if our_id is None else there.get(our_id)
        if stored is None and our_id is not None and record is not None and known[row.key].row_hash == row.hash:
            # It came over as it is, and was deleted since because its time is over.
            stored = wanted[-1] if flat.may_be_pruned(record) else None
        found.append(stored)
    return wanted, found, [row.key for row in rows]


def _problem(fields: Sequence[str], wanted: Any, found: Any) -> str:
    if found is None:
        return MISSING
    if wanted is None:
        return UNEXPECTED
    differ = [name for name, one, other in zip(fields, wanted, found, strict=True) if one != other]
    return f"other {', '.join(differ)}"
