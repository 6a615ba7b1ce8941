"""`backfill certify`: prove a run, count every row, and write the certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.progress import TaskID

from backfill.certificate.certify import certify as certify_run
from backfill.certificate.document import Certificate
from backfill.certificate.proof_processes import MAX_PROCESSES, SUITABLE_PROCESSES, ProofProcesses, suitable_processes
from backfill.mapping.decode import decode
from backfill.runs.run_context import run_context
from cli.client import database
from cli.client.backfill import absolute
from cli.client.legacy import LegacyUrl, opened_source, usable_mapping
from cli.json_documents.backfill import BackfillCertificate
from cli.rendering.migration.certificate_html import certificate_page, compared, verdict
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson
from materialization.clock import system_clock
from repos.backfill.runs import BackfillRunRow
from repos.unit_of_work import UnitOfWork
from workers.process.visible_logs import log_to_standard_error

JSON_NAME, HTML_NAME = "certificate.json", "certificate.html"
# Problems that are printed; all of them are in the files.
SHOWN_PROBLEMS = 20

MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping",
        "-m",
        metavar="FILE",
        help="The mapping file, which must be that of the run; by default not compared.",
        show_default=False,
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FOLDER",
        help=f"Write {JSON_NAME} and {HTML_NAME} into this folder, which is made if it is missing.",
        show_default=False,
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes",
        min=1,
        max=MAX_PROCESSES,
        metavar="N",
        help="Prove in N processes, each with connections and memory of its own; by default one for each processor, at "
        f"most {SUITABLE_PROCESSES}, and fewer for a small source.",
        show_default=False,
    ),
]


def certify(
    url: LegacyUrl,
    mapping: MappingOption = None,
    output: Folder = None,
    processes: Processes = None,
    as_json: AsJson = False,
) -> None:
    """Prove that everything came over, and certify the last run.

    Every row of the source is read once more and compared with the ledger, every script is verified, and the rows of
    each table and column are counted: migrated, merged, quarantined, skipped or dropped, and nothing else. Exit
    status 1 if a row differs, is not accounted for or is not decided, or if the source was written to; the
    certificate is then void, and only another whole pass can replace it. No value of a row is written anywhere.
    """
    url, chosen = absolute(url), database.settings()
    with opened_source(url) as source, database.opened(chosen) as unit_of_work:
        run = _last_run(unit_of_work, mapping)
        with screen.waiting("Reading the catalog"):
            context = run_context(run, source, unit_of_work, system_clock)
        rows = sum(context.catalog.tables[name].rows or 0 for name in context.tables)
        proving = ProofProcesses(
            processes or suitable_processes(rows), url, chosen.database_url, prepare=log_to_standard_error
        )
        with _progress(rows) as progress:
            certificate = certify_run(context, run, progress, proving)
    document = certificate_document(certificate)
    if output is not None:
        write_certificate(document, output)
    if as_json:
        screen.print_json(document)
    else:
        _print(document, output)
    raise typer.Exit(Exit.DONE if document.certified else Exit.REFUSED)


def certificate_document(certificate: Certificate) -> BackfillCertificate:
    """A certificate as a document."""
    values = msgspec.to_builtins(certificate)
    times = {name: screen.iso(values[name]) for name in ("begun_at", "ended_at")}
    return msgspec.convert(values | times, BackfillCertificate)


def write_certificate(document: BackfillCertificate, folder: Path) -> None:
    """Write both files of a certificate."""
    folder.mkdir(parents=True, exist_ok=True)
    with new_file(folder / JSON_NAME) as out:
        out.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    with new_file(folder / HTML_NAME) as out:
        for part in certificate_page(document):
            out.write(part.encode(errors="backslashreplace"))


def _last_run(unit_of_work: UnitOfWork, mapping: Path | None) -> BackfillRunRow:
    with unit_of_work.reading() as tx:
        runs = tx.backfill_runs.read(limit=1)
    if not runs:
        raise Ending(
            Exit.REFUSED,
            "There is no backfill to certify; `scriptledger backfill run` begins one.",
            code="no_backfill_run",
        )
    if mapping is not None and usable_mapping(mapping) != decode(runs[0].mapping):
        raise Ending(
            Exit.REFUSED,
            f"{mapping} is not the mapping of run {runs[0].id}: certify with that one, or run the backfill again.",
            code="another_mapping",
        )
    return runs[0]


@contextmanager
def _progress(rows: int) -> Iterator[Callable[[str, int], None]]:
    """A bar over the rows of the source, then one for each kind of thing that is proved."""
    with screen.rated_progress() as bars:
        source: TaskID = bars.add_task("Reading the source", total=rows or None)
        others: dict[str, TaskID] = {}

        def advance(what: str, count: int) -> None:
            if what.startswith(("proof of", "verification")):
                if what not in others:
                    others[what] = bars.add_task(what.capitalize(), total=None)
                bars.update(others[what], advance=count)
            else:
                bars.update(source, advance=count, description=screen.Text(what).plain)

        yield advance


def _print(document: BackfillCertificate, output: Path | None) -> None:
    style = "bold green" if document.certified else "bold red"
    screen.print_text(screen.Text(verdict(document), style))
    columns = ("check", "compared", "problems", "what holds")
    cells = [(each.name, compared(each), f"{each.problems:,}", each.about) for each in document.checks]
    screen.print_text("", screen.table(columns, cells, right=columns[1:3]))
    counts = ("rows", "migrated", "merged", "quarantined", "skipped", "dropped")
    tables = [
        (table.name, *(f"{getattr(table, name):,}" for name in counts)) for table in document.tables if table.rows
    ]
    screen.print_text("", screen.table(("table", *counts), tables, right=counts))
    for reason in document.quarantined:
        decided = reason.decided or "not decided"
        screen.print_text(
            f"{reason.table}: {screen.counted(reason.rows, 'row')} quarantined for {reason.code}, {decided}."
        )
    for problem in document.problems[:SHOWN_PROBLEMS]:
        place = " ".join(part for part in (problem.table, problem.key) if part)
        screen.print_text(screen.Text(f"{place}: {problem.sentence}." if place else f"{problem.sentence}.", "red"))
    if (more := document.problem_count - SHOWN_PROBLEMS) > 0:
        where = f"the first {len(document.problems):,} are in the files" if output else "-o writes them to files"
        screen.print_text(f"{more:,} more: {where}.")
    if output is not None:
        screen.print_text(f"Wrote {output / JSON_NAME} and {output / HTML_NAME}.")
