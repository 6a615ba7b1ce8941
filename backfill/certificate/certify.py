"""The pass that certifies a run: the source read once, every item proved, every script verified, every row counted.

A pass is whole or it is none: it keeps no state, so nothing can resume it. Its verdict replaces that of earlier passes,
and a pass that fails makes earlier certificates void.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from backfill.certificate.document import Certificate, Segment, TableLaw
from backfill.certificate.law import reasons_of, tables_of, undecided_rows, views_of
from backfill.certificate.problems import Problems
from backfill.certificate.source_pass import ReadTable, read_table
from backfill.domains.base import BackfillContext, Difference
from backfill.domains.registry import DOMAINS
from backfill.runs.progress import row_counts
from domain.errors import Conflict
from materialization.integrity.audit import audit
from repos.backfill.items import BackfillItem
from repos.backfill.runs import BackfillRunRow
from repos.database.driver_errors import DriverError
from repos.legacy.errors import SourceError
from repos.legacy.scan_rows import TableState, table_state
from repos.unit_of_work import RecordsTransaction, UnitOfWork

PAGE = 1_000
MAX_VOID = 512
# Without source or ledger there is no verdict.
UNAVAILABLE = (Conflict, SourceError, *DriverError)

# Called with what is read or compared, and a number of rows, items or scripts of it.
Progress = Callable[[str, int], object]


def certify(context: BackfillContext, run: BackfillRunRow, progress: Progress) -> Certificate:
    """Make a whole pass over a run, and store its verdict.

    Raises:
        SourceError: the source was lost; there is no verdict.
        Conflict: the ledger is unavailable; there is no verdict.
    """
    begun_at = context.clock()
    problems = Problems(context.hash_key, {table.name for table in context.tables.values() if table.has_secret_key})
    before = _states(context)
    read = {}
    for name, table in context.tables.items():
        read[name] = read_table(context, table, problems, lambda rows, name=name: progress(name, rows))  # type: ignore[misc]
    _check_run(context, run, problems)
    with context.unit_of_work.reading() as tx:
        counts, set_aside = row_counts(tx, run), tx.quarantined_rows.counts(run.id)
    tables = list(tables_of(context, read, counts, problems))
    reasons = reasons_of(context, set_aside, problems)
    undecided_rows(context, problems)
    _prove(context, problems, progress)
    _verify(context.unit_of_work, problems, progress)
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


def load_certificate(data: bytes) -> Certificate:
    """A stored certificate."""
    return msgspec.json.decode(data, type=Certificate)


def _check_run(context: BackfillContext, run: BackfillRunRow, problems: Problems) -> None:
    problems.compared("run")
    if run.state != "finished":
        problems.add("run", f"the run is {run.state}, and not finished")
    for item in _items(context, state="failed"):
        problems.add("run", f"an item of {item.domain} has failed", key=item.name)


def _prove(context: BackfillContext, problems: Problems, progress: Progress) -> None:
    for item in _items(context):
        problems.compared("proof")
        try:
            for table, key, sentence in _differences(context, item):
                problems.add("proof", sentence, table, key)
        except UNAVAILABLE:
            raise
        except Exception as error:  # whatever it is, this item is not proved
            # Its sentence may quote a value of a row.
            problems.add("proof", f"{item.domain} cannot be read again: {type(error).__name__}", key=item.name)
        progress(f"proof of {item.domain}", 1)


def _differences(context: BackfillContext, item: BackfillItem) -> Iterator[Difference]:
    yield from DOMAINS[item.domain].prove(context, item.name)


def _verify(unit_of_work: UnitOfWork, problems: Problems, progress: Progress) -> None:
    after = 0
    while True:
        with unit_of_work.reading() as tx:
            scripts = [row.id for row in tx.scripts.read(after=after, limit=PAGE)]
        for script in scripts:
            problems.compared("ledger")
            try:
                found = audit(unit_of_work, script).finding
                version = None if found is None else found.version
            except UNAVAILABLE:
                raise
            except Exception:  # whatever it is, this script is not verified
                version = 0
            if version is not None:
                sentence = f"script {script} is inconsistent at version {version}: see `scriptledger verify {script}`"
                problems.add("ledger", sentence)
            progress("verification", 1)
        if not scripts:
            return
        after = scripts[-1]


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


def _items(context: BackfillContext, **options: Any) -> Iterator[BackfillItem]:
    after = 0
    while True:
        with context.unit_of_work.reading() as tx:
            page = tx.backfill_items.read(context.run_id, after=after, limit=PAGE, **options)
        if not page:
            return
        yield from page
        after = page[-1].id
