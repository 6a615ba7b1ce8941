"""The pass that certifies a run: the source read once, every item proved, every script verified, every row counted.

A pass is whole or it is none: it keeps no state, so nothing can resume it. Its verdict replaces that of earlier passes,
and a pass that fails makes earlier certificates void.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec

from backfill.certificate.document import Certificate, Segment, TableLaw
from backfill.certificate.earlier_mappings import check_earlier_mappings
from backfill.certificate.law import reasons_of, tables_of, undecided_rows, views_of
from backfill.certificate.problems import Problems
from backfill.certificate.proof_processes import Proof, ProofProcesses, proving, secret_tables
from backfill.certificate.proof_tasks import PAGE, Progress, items_of
from backfill.certificate.source_pass import ReadTable, read_table
from backfill.domains.base import BackfillContext
from backfill.runs.progress import row_counts
from repos.backfill.runs import BackfillRunRow
from repos.legacy.scan_rows import TableState, table_state
from repos.unit_of_work import RecordsTransaction

MAX_VOID = 512


def certify(
    context: BackfillContext, run: BackfillRunRow, progress: Progress, processes: ProofProcesses | None = None
) -> Certificate:
    """Make a whole pass over a run, and store its verdict; without `processes` in this process alone.

    Raises:
        ProofProcessLost: one of the processes was ended from outside; there is no verdict.
        SourceError: the source was lost; there is no verdict.
        Conflict: the ledger is unavailable; there is no verdict.
    """
    begun_at = context.clock()
    problems = Problems(context.hash_key, secret_tables(context))
    before = _states(context)
    read = {}
    with proving(context, run, processes, progress) as proof:
        for name, table in context.tables.items():
            read[name] = read_table(context, table, problems, partial(_read_on, name, progress, proof))
        _check_run(context, run, problems)
        with context.unit_of_work.reading() as tx:
            counts, set_aside = row_counts(tx, run), tx.quarantined_rows.counts(run.id)
        tables = list(tables_of(context, read, counts, problems))
        reasons = reasons_of(context, set_aside, {table.name: table.quarantined for table in tables}, problems)
        undecided_rows(context, problems)
        proof.finish(problems)
    check_earlier_mappings(context, run, problems)
    _check_source(context, before, read, problems)
    certificate = Certificate(
        run=run.id,
        source=context.source.name,
        certified=problems.count == 0,
        begun_at=begun_at,
        ended_at=context.clock(),
        checks=problems.results(),
        problems=problems.kept,
        problem_count=problems.count,
        tables=tables,
        quarantined=reasons,
        views=views_of(context),
    )
    _store(context, certificate)
    return certificate


def _read_on(table: str, progress: Progress, proof: Proof, rows: int) -> None:
    progress(table, rows)
    proof.advance()


def load_certificate(data: bytes) -> Certificate:
    """A stored certificate."""
    return msgspec.json.decode(data, type=Certificate)


def _check_run(context: BackfillContext, run: BackfillRunRow, problems: Problems) -> None:
    problems.compared("run")
    if run.state != "finished":
        problems.add("run", f"the run is {run.state}, and not finished")
    for item in items_of(context, state="failed"):
        problems.add("run", f"an item of {item.domain} has failed", key=item.name)


def _check_source(
    context: BackfillContext, before: dict[str, TableState], read: dict[str, ReadTable], problems: Problems
) -> None:
    after = _states(context)
    for name, state in after.items():
        problems.compared("source")
        if state != before[name] or state.rows != read[name].rows:
            problems.add("source", "the table was written to during this pass", name)
    for certificate in _earlier(context):
        for law in certificate.tables:
            if law.name in read and (moved := _moved(law, read[law.name].segments)):
                sentence = f"the table was written to since the certificate of run {certificate.run}, in {moved}"
                problems.add("source", sentence, law.name)


def _moved(law: TableLaw, segments: list[Segment]) -> str:
    """The first rows that differ from those of a certificate; empty if none do."""
    for old, new in zip(law.segments, segments, strict=False):
        if old != new:
            return f"the rows {new.first} to {new.last}"
    return "" if len(law.segments) == len(segments) else "its last rows"


def _earlier(context: BackfillContext) -> Iterator[Certificate]:
    """Valid certificates of this source, under the key of this run."""
    with context.unit_of_work.reading() as tx:
        run = tx.backfill_runs.get(context.run_id)
    if run is not None and run.certificate is not None and run.void is None:
        yield load_certificate(run.certificate)


def _store(context: BackfillContext, certificate: Certificate) -> None:
    with context.unit_of_work.records() as tx:
        if certificate.certified:
            _void(tx, f"the certificate of run {certificate.run} replaces it")
            tx.backfill_runs.certify(certificate.run, msgspec.json.encode(certificate), now=certificate.ended_at)
            return
        first = certificate.problems[0]
        where = " ".join(part for part in (first.table, first.key) if part)
        reason = f"{where}: {first.sentence}" if where else first.sentence
        more = f" (and {certificate.problem_count - 1} more)" if certificate.problem_count > 1 else ""
        _void(tx, f"{reason[: MAX_VOID - len(more)]}{more}")


def _void(tx: RecordsTransaction, reason: str) -> None:
    """Make every valid certificate void."""
    for run in tx.backfill_runs.read(limit=PAGE):
        if run.certificate is not None and run.void is None:
            tx.backfill_runs.make_void(run.id, reason)


def _states(context: BackfillContext) -> dict[str, TableState]:
    return {name: table_state(context.source, table.table) for name, table in context.tables.items()}
