"""The domain of rows without a home with us: whole tables, and single columns, kept as JSON by table and key."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from backfill.domains.base import BackfillContext, Counts, Difference, Domain, ItemWork, domain
from backfill.domains.flat.duplicates import repeated_keys
from backfill.kept_columns import columns_json, key_json
from backfill.mapping.flags import deletion_reader, has_deleted_lines
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.row_names import names as names_row
from backfill.translate.checkpoints import decode_key, encode_key
from backfill.translate.row_keys import key_columns, row_key
from backfill.translate.source_rows import KEY_REPEATED
from domain.counting import counted
from domain.errors import Rejected
from repos.backfill.quarantined_rows import QuarantinedRow
from repos.database.driver_errors import DriverError, DuplicateKey, blames_a_row
from repos.legacy.connection import Row
from repos.legacy.rows import LegacyRow, read_pages

TARGET = "legacy_rows"
ROWS_PER_TRANSACTION = 500
# Fields of histories from which texts are rebuilt: they do not follow from the texts in the spelling that they had.
RAW_FIELDS = {
    "versions": ("last_content", "patch", "hash", "branch"),
    "lines": ("next", "previous", "position", "created_at", "deleted_at", "deleted"),
}


class _Kept(NamedTuple):
    """A row as it is kept: its place in the table, its key and its columns as JSON, or why it is not kept."""

    place: Row
    key: str
    content: str
    set_aside: QuarantinedRow | None = None
    skipped: bool = False


@domain
class LegacyRows(Domain):
    """Rows and columns kept as JSON; one item a table."""

    name = "legacy_rows"

    def items(self, context: BackfillContext) -> Iterator[str]:
        for name, table in context.tables.items():
            if table.target == TARGET or kept_columns(table):
                yield name

    def migrate(self, work: ItemWork) -> bool:
        table = work.context.tables[work.name]
        for rows in _batches(work.context, table, decode_key(work.checkpoint)):
            _write(work, table, rows)
            if time.monotonic() >= work.deadline:
                return False
        return True

    def prove(self, context: BackfillContext, name: str) -> Iterator[Difference]:
        table, came = context.tables[name], 0
        for rows in _batches(context, table, None):
            with context.unit_of_work.reading() as tx:
                found = tx.legacy_rows.find(name, [row.key for row in rows])
            came += len(found)
            for row in rows:
                is_wanted = row.set_aside is None and not row.skipped
                if is_wanted and row.key not in found:
                    yield Difference(name, row.key, "the row is not kept")
                elif row.content and found.get(row.key, row.content) != row.content:
                    yield Difference(name, row.key, "the kept row differs")
                elif table.target == TARGET and not is_wanted and row.key in found:
                    yield Difference(name, row.key, "the row is kept, but is to be left out")
        with context.unit_of_work.reading() as tx:
            stored = tx.legacy_rows.count(name)
        if stored > came:
            yield Difference(
                name, "[]", f"the ledger keeps {counted(stored - came, 'row')} that the source no longer has"
            )


def _write(work: ItemWork, table: MappedTable, rows: Sequence[_Kept]) -> None:
    """Keep rows; if the database refuses them, each alone, so that its neighbours come over."""
    try:
        _write_together(work, table, rows)
    except (DuplicateKey, Rejected, *DriverError) as error:
        if not isinstance(error, DuplicateKey | Rejected) and not blames_a_row(error):
            raise
        if len(rows) == 1:
            reason = (
                "The row is too large for the database." if isinstance(error, Rejected) else "The database refuses it."
            )
            code = error.code if isinstance(error, Rejected) else "refused_by_database"
            row = _aside(table, rows[0].key, code, reason)._replace(length=len(rows[0].content.encode()))
            _write_together(work, table, [rows[0]._replace(set_aside=row)])
        else:
            half = len(rows) // 2
            _write(work, table, rows[:half])
            _write(work, table, rows[half:])


def _write_together(work: ItemWork, table: MappedTable, rows: Sequence[_Kept]) -> None:
    """Keep rows that are not kept yet or have changed, and record them, in one transaction."""
    kept = [row for row in rows if row.set_aside is None and not row.skipped]
    set_aside = [row.set_aside for row in rows if row.set_aside is not None]
    counts = Counts(migrated=len(kept), quarantined=len(set_aside), skipped=sum(row.skipped for row in rows))
    now = work.context.clock()
    with work.context.unit_of_work.records() as tx:
        work.record(tx, encode_key(rows[-1].place), {table.name: counts} if table.target == TARGET else {}, set_aside)
        # Columns that are all NULL are not kept, but may have had values when an earlier run kept them.
        known = kept if table.target == TARGET else rows
        found = tx.legacy_rows.find(table.name, [row.key for row in known])
        tx.legacy_rows.keep(table.name, [(row.key, row.content) for row in kept if row.key not in found], now)
        for row in known:
            if row.content and found.get(row.key, row.content) != row.content:
                tx.legacy_rows.change(table.name, row.key, row.content, now)
    work.committed()


def _batches(context: BackfillContext, table: MappedTable, after: Row | None) -> Iterator[list[_Kept]]:
    """The rows after a place, with their columns as JSON, in lists that fit a transaction."""
    kept = kept_columns(table)
    known_by = key_columns(table) if table.table.key or table.rule.key else ()
    # A deleted line is in no text, so that it is kept whole.
    whole = (
        [name for name in table.table.names if table.rule_of(name).drop is None] if has_deleted_lines(table) else kept
    )
    names = tuple(dict.fromkeys((*whole, *known_by)))
    is_deleted = deletion_reader(table, names) if has_deleted_lines(table) else None
    # Without a key a table is read from its beginning, and its rows are numbered.
    numbered = not table.table.key and not table.table.has_rowid
    is_repeated = repeated_keys(context, table) if known_by else None
    for page in read_pages(context.source, table.table, names, after=None if numbered else after):
        rows = [
            _row(
                table,
                row,
                names,
                whole if is_deleted is not None and is_deleted(row.values) else kept,
                known_by,
                is_repeated=is_repeated,
            )
            for row in page
            if not numbered or after is None or row.key[0] > after[0]
        ]
        for start in range(0, len(rows), ROWS_PER_TRANSACTION):
            yield rows[start : start + ROWS_PER_TRANSACTION]


def _row(  # noqa: PLR0913 - what is known of the table
    table: MappedTable,
    row: LegacyRow,
    names: Sequence[str],
    kept: Sequence[str],
    known_by: Sequence[str],
    *,
    is_repeated: Callable[[str], bool] | None,
) -> _Kept:
    values = dict(zip(names, row.values, strict=True))
    identity = tuple(values[name] for name in known_by) or row.key
    key = row_key(identity) if known_by else key_json(row.key)
    if is_repeated is not None and is_repeated(key):
        # A row that becomes something else is set aside by the domain of its table.
        aside = _aside(table, key, "L40", KEY_REPEATED) if table.target == TARGET else None
        return _Kept(row.key, key, "", set_aside=aside, skipped=aside is None)
    columns = {name: values[name] for name in kept}
    if table.target != TARGET:
        # The row itself comes over elsewhere.
        return _Kept(row.key, key, columns_json(columns), skipped=all(value is None for value in columns.values()))
    decision = _decision(table, identity)
    if decision == "quarantine":
        aside = _aside(table, key, "decided", "The mapping sets it aside.")
        return _Kept(row.key, key, "", set_aside=aside)
    return _Kept(row.key, key, columns_json(columns), skipped=decision == "skip")


def _aside(table: MappedTable, key: str, code: str, reason: str) -> QuarantinedRow:
    """A row to set aside; its key is not shown if it may be a secret, and no other column names it."""
    return QuarantinedRow(table.name, key, code, reason, label="" if table.has_secret_key else None)


def _decision(table: MappedTable, key: Row) -> str | None:
    return next((each.do for each in table.rule.decisions if names_row(each.key, key)), None)


def kept_columns(table: MappedTable) -> tuple[str, ...]:
    """The columns that are kept as JSON."""
    if table.target == TARGET:
        return tuple(name for name in table.table.names if table.rule_of(name).drop is None)
    return tuple(name for name in table.table.names if _is_kept(table, name))


def _is_kept(table: MappedTable, name: str) -> bool:
    """Whether a column is kept, also although it has a field, because the ledger does not give its value back."""
    rule, field = table.rule_of(name), table.fields.get(name, "")
    is_raw = field in RAW_FIELDS.get(table.target, ()) or (table.target == "versions" and field.startswith("metadata."))
    return rule.keep or rule.member is not None or is_raw
