"""A backfill run as a document, and as text: its domains, its tables, and what is left to decide."""

from __future__ import annotations

from collections.abc import Iterator

from backfill.certificate.law import title_of, undecided_count
from backfill.domains.base import Counts
from backfill.mapping.decode import decode
from backfill.runs.process_lease import ended_process
from backfill.runs.progress import DomainState, domain_of, domain_states, idle_seconds, row_counts
from backfill.runs.run_options import load_options
from backfill.runs.shown_keys import shown_key, shown_row
from cli.json_documents.backfill import BackfillDomain, BackfillFailure, BackfillReason, BackfillStatus, BackfillTable
from cli.terminal import screen
from materialization.clock import system_clock
from repos.backfill.quarantined_rows import QuarantineCount
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import RecordsTransaction

MAX_FAILURES = 100
MAX_REASONS = 30


def status_document(tx: RecordsTransaction, run: BackfillRunRow, *, dry_run: bool = False) -> BackfillStatus:
    """The document of a run."""
    options = load_options(run.options)
    failures = tx.backfill_items.read(run.id, state="failed", limit=MAX_FAILURES)
    counts = tx.quarantined_rows.counts(run.id)
    return BackfillStatus(
        run=run.id,
        source=run.source,
        state=run.state,
        held_by=run.held_by,
        share=options.share,
        opened_at=screen.iso(run.opened_at),
        finished_at=screen.iso_or_none(run.finished_at),
        dry_run=dry_run,
        domains=[_domain(state) for state in domain_states(tx, run)],
        tables=_tables(tx, run, options.rows),
        quarantined=sum(count.rows for count in counts),
        undecided=undecided_count(tx, run.id, decode(run.mapping), counts),
        reasons=[_reason(tx, run, count) for count in counts],
        failures=[
            BackfillFailure(item.id, item.domain, shown_key(item.name, run.hash_key), item.error or "")
            for item in failures
        ],
        ended_process=ended_process(tx, run, system_clock()),
        idle_seconds=idle_seconds(tx, run, system_clock()),
    )


def print_status(document: BackfillStatus) -> None:
    """Print a run for people."""
    held = f", held: {document.held_by.rstrip('.')}" if document.held_by else ""
    if document.ended_process:
        held = ", but its process has ended"
    what = "Dry run" if document.dry_run else f"Run {document.run}"
    screen.print_text(f"{what} from {document.source}: {document.state}{held}.")
    moving = [domain for domain in document.domains if domain.items]
    if moving:
        columns = ("domain", "items", "done", "failed", "outstanding", "")
        screen.print_text("", screen.table(columns, map(_domain_cells, moving), right=columns[1:5]))
    tables = [table for table in document.tables if table.rows or table.migrated]
    if tables:
        counts = ("rows", "migrated", "merged", "quarantined", "skipped", "left")
        screen.print_text("", screen.table(("table", *counts), map(_table_cells, tables), right=counts))
    if document.reasons:
        reasons = [_reason_cells(reason) for reason in document.reasons[:MAX_REASONS]]
        named = ("quarantined", "code", "rows", "first", "what")
        screen.print_text("", screen.table(named, reasons, right=("rows",)))
    screen.print_text(*_sentences(document))


def unaccounted(document: BackfillStatus) -> list[str]:
    """The tables whose rows were not counted once each, of the domains that this program brings over."""
    known = {domain.domain for domain in document.domains}
    return [table.table for table in document.tables if table.left and table.domain in known]


def _domain(state: DomainState) -> BackfillDomain:
    return BackfillDomain(
        domain=state.name,
        items=state.items,
        done=state.done,
        failed=state.failed,
        outstanding=state.outstanding,
        problem=state.problem,
        waits_for=list(state.waits_for),
    )


def _reason(tx: RecordsTransaction, run: BackfillRunRow, count: QuarantineCount) -> BackfillReason:
    first = tx.quarantined_rows.get(count.first)
    key = "" if first is None else shown_row(first.row, run.hash_key)
    return BackfillReason(count.source_table, count.code, title_of(count.code), count.rows, key)


def _reason_cells(reason: BackfillReason) -> tuple[str, ...]:
    return (reason.table, reason.code, f"{reason.rows:,}", reason.key, reason.title)


def _tables(tx: RecordsTransaction, run: BackfillRunRow, rows: dict[str, int]) -> list[BackfillTable]:
    mapping, counts = decode(run.mapping), row_counts(tx, run)
    tables = []
    for name in sorted(counts):
        found = counts.get(name, Counts())
        tables.append(
            BackfillTable(
                table=name,
                domain=domain_of(mapping, name),
                rows=rows.get(name, 0),
                migrated=found.migrated,
                merged=found.merged,
                quarantined=found.quarantined,
                skipped=found.skipped,
                left=rows.get(name, 0) - found.rows,
            )
        )
    return tables


def _domain_cells(domain: BackfillDomain) -> tuple[str, ...]:
    waits = f"waits for {', '.join(domain.waits_for)}" if domain.waits_for and domain.done < domain.items else ""
    numbers = (domain.items, domain.done, domain.failed, domain.outstanding)
    return (domain.domain, *(f"{number:,}" for number in numbers), domain.problem or waits)


def _table_cells(table: BackfillTable) -> tuple[str, ...]:
    numbers = (table.rows, table.migrated, table.merged, table.quarantined, table.skipped, table.left)
    return (table.table, *(f"{number:,}" for number in numbers))


def _sentences(document: BackfillStatus) -> Iterator[str]:
    if document.state == "finished" and (tables := unaccounted(document)):
        yield (
            f"Rows of {', '.join(tables)} are not accounted for: the source was written to in the meantime, or they "
            "were left out. Run it again."
        )
    if document.ended_process:
        host, _, number = document.ended_process.rpartition(" ")
        yield (
            f"Nothing works on it: process {number} of {host}, which had its workers, has ended. The same "
            "`scriptledger backfill run` continues it; `scriptledger backfill cancel` ends it."
        )
    elif document.idle_seconds is not None:
        yield (
            f"No worker has taken an item for {screen.counted(document.idle_seconds, 'second')}: start one with "
            "`scriptledger worker --role backfill`. If one runs, `scriptledger backfill status --watch` sends it "
            "what a killed worker had."
        )
    if document.state == "paused":
        with_another = "`scriptledger backfill run --mapping FILE` with another mapping"
        yield f"It is paused: `scriptledger backfill resume` lets it go on, and {with_another}."
    for failure in document.failures[:10]:
        yield f"Item {failure.item} ({failure.domain} {failure.name}) failed: {failure.error}."
    if document.failures:
        yield "`scriptledger backfill retry --failed` does failed items again, once their cause is repaired."
    if document.quarantined and not document.dry_run:
        rows = "row is" if document.quarantined == 1 else "rows are"
        yield f"{document.quarantined:,} {rows} quarantined: `scriptledger backfill quarantine list` shows why."
        if document.undecided and document.state == "finished":
            rows = "1 of them is" if document.undecided == 1 else f"{document.undecided:,} of them are"
            yield (
                f"{rows} not decided: repair the cause, or write the decision that `scriptledger backfill quarantine "
                "show` names, if it names one, in the mapping. Until then nothing is certified."
            )
    elif document.quarantined:
        rows = screen.counted(document.quarantined, "row")
        yield f"{rows} would be quarantined: decide about them in the mapping, or leave it at that."
