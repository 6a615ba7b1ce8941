"""Texts that versions point at by their hash: each row is a part of the versions that name it, or set aside."""

from __future__ import annotations

import time
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

from backfill.content.content_hash import digits, has_hash, is_checked
from backfill.domains.base import BackfillContext, Counts, ItemWork
from backfill.domains.flat.duplicates import fingerprint, remembered
from backfill.domains.flat.references import script_owners
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.key_index import KeyIndex, number_of
from backfill.translate.checkpoints import decode_key, encode_key
from backfill.translate.row_keys import row_key
from backfill.translate.source_rows import decision
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.legacy.rows import read_pages

TARGET = "contents"
NO_VERSION = "No version of a script points at this text."
OTHER_HASH = "The text has another hash than the one that it is stored under."


SEVERAL = "Other texts are stored under the same id."


def migrate_texts(work: ItemWork, table: MappedTable) -> bool:
    """Count the rows of a table of texts; returns whether all were looked at."""
    context, after = work.context, decode_key(work.checkpoint)
    named, ambiguous = _named(context), _ambiguous(context)
    described = table.table
    # Without a key a table is read from its beginning, and its rows are numbered.
    numbered = not described.key and not described.has_rowid
    columns = [str(table.column("hash")), str(table.column("content")), *table.key_columns]
    for page in read_pages(context.source, described, columns, after=None if numbered else after):
        aside, merged, skipped = [], 0, 0
        rows = page if not numbered or after is None else [row for row in page if row.key > after]
        for row in rows:
            value, content, *key = row.values
            problem = _problem(value, content, named, ambiguous)
            if problem is None:
                merged += 1
            elif decision(context.mapping, table, problem[0], tuple(key))[0] == "skip":
                skipped += 1
            else:
                aside.append(QuarantinedRow(table.name, row_key(key), *problem, table.column("hash")))
        if not rows:
            continue
        with context.unit_of_work.records() as tx:
            counts = {table.name: Counts(merged=merged, quarantined=len(aside), skipped=skipped)}
            work.record(tx, encode_key(rows[-1].key), counts, aside)
        work.committed()
        if time.monotonic() >= work.deadline:
            return False
    return True


def _problem(value: object, content: object, named: KeyIndex, ambiguous: frozenset[int]) -> tuple[str, str] | None:
    """The code and the reason for which a text is not a part of any version."""
    if value is None or number_of(digits(value)) not in named:
        return "L05", NO_VERSION
    if is_checked(value):
        return None if has_hash(value, _bytes(content)) else ("L44", OTHER_HASH)
    return ("L44", SEVERAL) if number_of(value) in ambiguous else None


def _bytes(content: object) -> bytes:
    return content if isinstance(content, bytes) else str(content or "").encode(errors="surrogateescape")


def _ambiguous(context: BackfillContext) -> frozenset[int]:
    """The ids under which different texts are stored, where nothing in the source forbids that."""
    tables = context.tables_for(TARGET)
    if len(tables) == 1 and (str(tables[0].column("hash")),) in (tables[0].table.key, *tables[0].table.unique_keys):
        return frozenset()
    return remembered(context, "ids of texts", lambda: _different(context, tables))


def _different(context: BackfillContext, tables: Sequence[MappedTable]) -> frozenset[int]:
    found = KeyIndex()
    for table in tables:
        names = [str(table.column("hash")), str(table.column("content"))]
        for page in read_pages(context.source, table.table, names):
            for value, content in (row.values for row in page):
                if value is not None and content is not None and not is_checked(value):
                    found.add(number_of(value), fingerprint(sha256(_bytes(content)).hexdigest()))
    texts = zip(found.keys(), found.values(), strict=True)
    return frozenset(one[0] for one, other in pairwise(texts) if one[0] == other[0] and one[1] != other[1])


def _named(context: BackfillContext) -> KeyIndex:
    """The hashes that versions of existing scripts name, in eight bytes each."""
    scripts, named = script_owners(context), KeyIndex()
    for table in context.tables_for("versions"):
        column = table.column("hash")
        if column is None or table.rule.history != "hashes":
            continue
        for page in read_pages(context.source, table.table, [str(table.column("script_id")), column]):
            for row in page:
                script, value = row.values[:2]
                if value is not None and script in scripts:
                    named.add(number_of(digits(value)))
    return named
