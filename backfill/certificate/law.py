"""The conservation law: source rows = migrated + merged + quarantined + skipped + dropped, per table and per column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from backfill.certificate.document import ColumnFate, Fate, LeftView, QuarantineReason, TableLaw
from backfill.certificate.problems import Problems
from backfill.certificate.source_pass import ReadTable
from backfill.checks.registry import CHECKS
from backfill.domains.base import BackfillContext, Counts
from backfill.kept_columns import key_values
from backfill.mapping.flags import has_deleted_lines
from backfill.mapping.model import ColumnRule, Mapping, TableRule
from backfill.mapping.row_names import names
from domain.counting import counted
from repos.backfill.quarantined_rows import QuarantineCount, QuarantinedRow
from repos.legacy.catalog import Table
from repos.legacy.errors import SourceError
from repos.legacy.rows import count_rows
from repos.unit_of_work import RecordsTransaction

BY_MAPPING = "by the mapping"
BY_DEFAULT = "by the default of the code"
# The mapping brings rows with this finding over where it can, and of these it cannot.
DELETED_LINES = "Lines that are marked as deleted are in no text: they are skipped, and kept as JSON."
NO_WAY = "because such a row cannot come over"


def tables_of(
    context: BackfillContext, read: dict[str, ReadTable], counts: dict[str, Counts], problems: Problems
) -> Iterator[TableLaw]:
    """The law of each table of the mapping but views that it drops; where it does not hold, a problem."""
    for name, rule in context.mapping.tables.items():
        table = context.catalog.tables[name]
        if _is_left_view(table, rule):
            continue
        law = _law(context, table, rule, read.get(name), counts.get(name, Counts()))
        problems.compared("rows", law.rows)
        if not law.holds:
            known = law.migrated + law.merged + law.quarantined + law.skipped + law.dropped
            problems.add("rows", f"the source has {law.rows:,} rows, of which {known:,} are accounted for", name)
        yield law


def views_of(context: BackfillContext) -> list[LeftView]:
    """The views that the mapping drops."""
    rules = context.mapping.tables
    left = (name for name, rule in rules.items() if _is_left_view(context.catalog.tables[name], rule))
    return [LeftView(name, rules[name].drop or "") for name in left]


def _is_left_view(table: Table, rule: TableRule) -> bool:
    return table.is_view and rule.becomes is None


def reasons_of(
    context: BackfillContext, counts: list[QuarantineCount], quarantined: dict[str, int], problems: Problems
) -> list[QuarantineReason]:
    """The quarantined rows by reason; a problem if a table has more, by the count of its items, than are named."""
    reasons = []
    named = Counter[str]()
    for table, code, rows, _ in counts:
        named[table] += rows
        decided = decided_by(context.mapping, table, code)
        reasons.append(QuarantineReason(table, code, title_of(code), rows, decided))
        problems.compared("decisions", rows)
    for name, rows in quarantined.items():
        if named[name] < rows:
            problems.add("decisions", f"of {counted(rows, 'quarantined row')} {named[name]:,} are listed", name)
    return reasons


def title_of(code: str) -> str:
    """What a code means, in a few words."""
    known = CHECKS.get(code)
    return known.title if known is not None else code.replace("_", " ")


def undecided_rows(context: BackfillContext, problems: Problems) -> None:
    """Name each quarantined row that nothing decides."""
    with context.unit_of_work.reading() as tx:
        for row in _undecided(tx, context.run_id, context.mapping):
            named = f"the row ({row.label})" if row.label else "the row"
            sentence = f"{named} is quarantined for {row.code}, and nothing decides this"
            problems.add("decisions", sentence, row.source_table, row.named_key)


def undecided_count(tx: RecordsTransaction, run_id: int, mapping: Mapping, counts: list[QuarantineCount]) -> int:
    """How many quarantined rows nothing decides."""
    decided = [(table, code) for table, code, _, _ in counts if decided_by(mapping, table, code)]
    if all(_decision_of(mapping, code) for _, code in decided):
        return sum(rows for table, code, rows, _ in counts if (table, code) not in decided)
    # Some are decided row by row, and others with the same code are not.
    return sum(1 for _ in _undecided(tx, run_id, mapping))


def _undecided(tx: RecordsTransaction, run_id: int, mapping: Mapping) -> Iterator[QuarantinedRow]:
    after = 0
    while page := tx.quarantined_rows.read(run_id, after=after, limit=1_000):
        for stored in page:
            row = stored.row
            if not decided_by(mapping, row.source_table, row.code, row.named_key):
                yield row
        after = page[-1].id


def decided_by(mapping: Mapping, table: str, code: str, key: str = "") -> str:
    """What decides that rows with a finding are set aside; empty if nothing does."""
    rule = mapping.tables.get(table)
    of_rows = [each for each in rule.decisions if each.code == code] if rule is not None else []
    if any(each.do == "quarantine" and (not key or _is_key(key, each.key)) for each in of_rows):
        return BY_MAPPING
    return _decision_of(mapping, code)


def _decision_of(mapping: Mapping, code: str) -> str:
    """What decides about all rows with a finding; empty if nothing does."""
    decision = mapping.decision(code)
    if decision == "quarantine" or code == "decided":
        return BY_MAPPING
    known = CHECKS.get(code)
    if decision == "block" or known is None or known.decision == "block":
        return ""
    return BY_DEFAULT if decision is None else NO_WAY


def _is_key(key: str, decided: tuple[str | int, ...]) -> bool:
    return names(decided, tuple(key_values(key)))


def _law(context: BackfillContext, table: Table, rule: TableRule, read: ReadTable | None, counts: Counts) -> TableLaw:
    if rule.becomes is None:
        rows = _count(context, table)
        all_of_it = ColumnCounts(dropped=rows)
        columns = [_column(name, ColumnRule(drop=rule.drop), all_of_it, read) for name in table.names]
        return TableLaw(table.name, "", rule.drop or "", rows, 0, 0, 0, 0, rows, columns, [])
    rows = read.rows if read is not None else 0
    came = ColumnCounts(counts.migrated, counts.merged, counts.quarantined, counts.skipped)
    columns = []
    for name in table.names:
        column = rule.columns.get(name, ColumnRule())
        columns.append(_column(name, column, ColumnCounts(dropped=rows) if column.drop is not None else came, read))
    return TableLaw(
        name=table.name,
        becomes=rule.becomes,
        reason=DELETED_LINES if counts.skipped and has_deleted_lines(context.tables[table.name]) else "",
        rows=rows,
        migrated=counts.migrated,
        merged=counts.merged,
        quarantined=counts.quarantined,
        skipped=counts.skipped,
        dropped=0,
        columns=columns,
        segments=read.segments if read is not None else [],
    )


class ColumnCounts(Counts, omit_defaults=True):
    """The rows of a table as one of its columns sees them."""

    dropped: int = 0


def _column(name: str, rule: ColumnRule, rows: ColumnCounts, read: ReadTable | None) -> ColumnFate:
    fate: Fate = "dropped" if rule.drop is not None else "kept" if rule.to is None else "field"
    empty: Counter[str] = Counter()
    return ColumnFate(
        name=name,
        fate=fate,
        to=rule.to or ("legacy_rows" if fate == "kept" else ""),
        reason=rule.drop or "",
        migrated=rows.migrated,
        merged=rows.merged,
        quarantined=rows.quarantined,
        skipped=rows.skipped,
        dropped=rows.dropped,
        nulls=(read.nulls if read else empty)[name],
        repaired=(read.repaired if read else empty)[name],
    )


def _count(context: BackfillContext, table: Table) -> int:
    try:
        return count_rows(context.source, table)
    except SourceError as error:
        if error.code == "source_lost":
            raise
        return 0  # a view that cannot be read: nothing of it is taken
