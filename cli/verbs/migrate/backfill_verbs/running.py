"""`backfill run`: begin the run of a legacy database, or continue it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import typer

from backfill.certificate.earlier_mappings import changed_rules
from backfill.domains.base import BackfillContext
from backfill.mapping.fit import problems
from backfill.mapping.model import Mapping
from backfill.runs.control import resume
from backfill.runs.feeding import Fed
from backfill.runs.local_run import run_here, scratch_ledger
from backfill.runs.opening import open_run, plan, take_over
from backfill.runs.process_lease import ProcessLease
from backfill.runs.run_context import is_same_source, run_context
from backfill.runs.run_options import MAX_SHARE, MIN_SHARE
from backfill.runs.scan.scan import Scan
from cli.client import backfill as client
from cli.client import database
from cli.client.legacy import LegacyUrl, mapping_text_of, opened_source, usable_mapping
from cli.rendering.migration.backfill import print_status, status_document, unaccounted
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson
from domain.counting import counted
from materialization.clock import system_clock
from repos.backfill.runs import ENDED, BackfillRunRow, RunState
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import Source
from repos.unit_of_work import UnitOfWork
from workers.settings import Settings, without_password

MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "-m",
        metavar="FILE",
        help="The mapping file; a run that goes on knows its own.",
        show_default=False,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Do everything, but into a scratch ledger, which is in TMPDIR and removed.")
]
InProcess = Annotated[bool, typer.Option("--in-process", help="Work in this process, without a broker or workers.")]
Share = Annotated[
    int | None,
    typer.Option(
        metavar="PERCENT",
        min=MIN_SHARE,
        max=MAX_SHARE,
        help="The percentage of time each worker may spend on it; by default all.",
        show_default=False,
    ),
]
NoScan = Annotated[bool, typer.Option("--no-scan", help="Do not scan first: the source was scanned already.")]
IntoUsed = Annotated[
    bool, typer.Option("--into-used-ledger", help="The ledger may have users and scripts that no backfill brought.")
]


def run(
    url: LegacyUrl,
    mapping: MappingOption = None,
    dry_run: DryRun = False,
    in_process: InProcess = False,
    share: Share = None,
    no_scan: NoScan = False,
    into_used_ledger: IntoUsed = False,
    as_json: AsJson = False,
) -> None:
    """Bring a legacy database over, or continue.

    The run is planned, and its items are done by workers of the role backfill, or in this process. Ctrl-C ends only
    this display if the workers are separate; otherwise the same command continues the run. People's edits come first.
    Exit status 1 if items failed or rows have to be decided.
    """
    url = client.absolute(url)
    with opened_source(url) as source:
        rules = None if mapping is None else _fitting(mapping, source)
        text = None if mapping is None else mapping_text_of(mapping)
        if dry_run:
            _dry_run(source, _required(text), rules, scan=not no_scan, as_json=as_json)
            return
        chosen = database.settings()
        if is_same_source(without_password(chosen.database_url), source.name):
            raise Ending(Exit.USAGE, f"The ledger and the legacy database are the same: {source.name}.", code="same")
        options = _Options(text, rules, share, scan=not no_scan, into_used=into_used_ledger)
        if in_process:
            with client.ledger_here(chosen) as unit_of_work, interruptible(unit_of_work, here=True):
                context = _opened(unit_of_work, source, options, here=True)
                with client.shown_progress(unit_of_work) as show:
                    fed: Fed | None = run_here(context, show)
                _end(unit_of_work, fed, as_json=as_json)
            return
        with (
            client.ledger_with_workers(chosen, url) as served,
            interruptible(served.unit_of_work, here=chosen.embedded_broker),
        ):
            context = _opened(served.unit_of_work, source, options, here=served.are_ours)
            lease = ProcessLease(served.unit_of_work, context.run_id, system_clock) if served.are_ours else None
            fed = _watched(served, context.run_id, lease)
            _end(served.unit_of_work, fed, as_json=as_json)


def _watched(served: client.Served, run_id: int, lease: ProcessLease | None) -> Fed | None:
    """Feed the run and show its progress; the lease says that its workers are those of this process."""

    def turn() -> Fed | None:
        if lease is not None:
            lease.renew()
        return served.feeder.feed(run_id)

    fed = client.watch(turn, served.unit_of_work, served.tend)
    if lease is not None:
        lease.remove()
    return fed


class _Options:
    """What a run is opened with."""

    def __init__(self, text: str | None, rules: Mapping | None, share: int | None, *, scan: bool, into_used: bool):
        self.text = text
        self.rules = rules
        self.share = share
        self.scan = scan
        self.into_used = into_used


def _opened(unit_of_work: UnitOfWork, source: Source, options: _Options, *, here: bool) -> BackfillContext:
    """The planned run; a new one only if nothing has to be decided before. `here`: all workers are of this process."""
    with unit_of_work.reading() as tx:
        active = tx.backfill_runs.active()
    if active is None:
        _required(options.text)
        if options.scan and options.rules is not None:
            _scan(source, options.rules, ProcessLease(unit_of_work, None, system_clock))
    row, is_new = open_run(
        unit_of_work,
        source,
        options.text or (active.mapping if active else ""),
        share=options.share,
        into_used=options.into_used,
        clock=system_clock,
    )
    context = run_context(row, source, unit_of_work, system_clock)
    if here:
        take_over(unit_of_work, row.id)
    # It is this process that plans; what workers of their own do afterwards needs no process of this kind.
    lease = ProcessLease(unit_of_work, row.id, system_clock)
    lease.renew()
    _plan(context, lease)
    if not here:
        lease.remove()
    if row.state == "paused":
        resume(unit_of_work, system_clock())
    screen.warn(f"Run {row.id} {'begins' if is_new else 'goes on'}.")
    with unit_of_work.reading() as tx:
        changed = changed_rules(tx, row)
    if changed:
        screen.warn(
            f"The mapping of {', '.join(sorted(changed))} changed since an earlier run. Rows that came over stay as "
            "they are, except those that change in the source; `scriptledger backfill certify` names each that the "
            "new mapping would write otherwise. To bring them over by it, empty the ledger and run again."
        )
    return context


def _plan(context: BackfillContext, lease: ProcessLease | None = None) -> None:
    with screen.waiting("Planning") as show:
        added: dict[str, int] = {}

        def count(domain: str, items: int) -> None:
            if lease is not None:
                lease.renew()
            added[domain] = added.get(domain, 0) + items
            show(f"Planning {domain}: {counted(added[domain], 'item')}")

        plan(context, count)


def _scan(source: Source, rules: Mapping, lease: ProcessLease | None = None) -> None:
    """Scan before the first write; the lease lets others name this process in the meantime."""
    if lease is not None:
        lease.renew()
    try:
        with screen.rated_progress() as bars:
            bar = bars.add_task("Scanning", total=None)

            def count(_table: str, rows: int) -> None:
                if lease is not None:
                    lease.renew()
                bars.advance(bar, rows)

            scanned = Scan(source, read_catalog(source), rules, progress=count).run()
    finally:
        if lease is not None:
            lease.remove()
    if blocking := scanned.findings.blocking:
        raise Ending(
            Exit.REFUSED,
            f"Nothing was written: {', '.join(blocking)} must be decided first. `scriptledger legacy scan` shows what "
            "was found; decide it in the mapping.",
            code="undecided_findings",
        )


def _dry_run(source: Source, text: str, rules: Mapping | None, *, scan: bool, as_json: bool) -> None:
    if scan and rules is not None:
        _scan(source, rules)
    # Of the folder of the scratch ledger, for what is wrong with its disk.
    settings = Settings(database_url=f"sqlite:///{Path(gettempdir(), 'ledger.db')}")
    with scratch_ledger() as scratch, database.explained(settings):
        row, _ = open_run(scratch, source, text, share=None, clock=system_clock)
        context = run_context(row, source, scratch, system_clock)
        _plan(context)
        with client.shown_progress(scratch) as show:
            fed = run_here(context, show)
        _end(scratch, fed, as_json=as_json, dry_run=True)


def _end(unit_of_work: UnitOfWork, fed: Fed | None, *, as_json: bool, dry_run: bool = False) -> None:
    """Print the run; exit status 1 unless it is finished."""
    if fed is None:
        return
    with unit_of_work.reading() as tx:
        row = tx.backfill_runs.get(fed.run.id) or fed.run
        document = status_document(tx, row, dry_run=dry_run)
    if as_json:
        screen.print_json(document)
    else:
        print_status(document)
    whole = row.state == "finished" and not unaccounted(document) and not document.undecided
    raise typer.Exit(Exit.DONE if whole else Exit.REFUSED)


@contextmanager
def interruptible(unit_of_work: UnitOfWork, *, here: bool) -> Iterator[None]:
    """After Ctrl-C, say what goes on."""
    before = _last_run(unit_of_work)
    try:
        yield
    except KeyboardInterrupt:
        last = _last_run(unit_of_work)
        state = None if last is None or (last.active is None and last == before) else last.state
        raise Ending(Exit.INTERRUPTED, after_interrupt(state, here=here)) from None


def _last_run(unit_of_work: UnitOfWork) -> BackfillRunRow | None:
    with unit_of_work.reading() as tx:
        return next(iter(tx.backfill_runs.read(limit=1)), None)


def after_interrupt(state: RunState | None, *, here: bool) -> str:
    """What Ctrl-C left: the state of the run, if one began or goes on. `here`: its workers end with this process."""
    if state is None:
        return "Interrupted before a run began: nothing was written."
    if state in ENDED:
        return f"Interrupted after the run was {state}: `scriptledger backfill status` shows it."
    then = (
        "the same command continues it"
        if here or state == "planning"
        else "the workers go on; `scriptledger backfill status --watch` shows how, `backfill pause` stops them"
    )
    return f"Interrupted, but nothing is lost: {then}."


def _fitting(file: Path, source: Source) -> Mapping:
    rules = usable_mapping(file)
    if found := problems(rules, read_catalog(source)):
        where = f"{found[0].where}: " if found[0].where else ""
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Ending(
            Exit.REFUSED,
            f"{file} does not fit {source.name}: {where}{found[0].sentence}{more} "
            "`scriptledger legacy map --check` lists every problem.",
            code="mapping_does_not_fit",
        )
    return rules


def _required(text: str | None) -> str:
    if text is None:
        raise Ending(
            Exit.USAGE, "A new run needs --mapping FILE: `scriptledger legacy map` drafts one.", code="no_mapping"
        )
    return text
