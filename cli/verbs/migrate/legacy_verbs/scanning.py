"""`legacy scan`: what is wrong in the rows of a legacy database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import TaskID

from backfill.checks.registry import CHECKS
from backfill.mapping.draft import draft
from backfill.mapping.fit import problems
from backfill.mapping.model import Mapping
from backfill.recognition.doubts import doubts
from backfill.runs.scan.findings import KEPT_PER_CODE
from backfill.runs.scan.headline import headline
from backfill.runs.scan.scan import Scan, Scanned
from backfill.runs.scan.scan_state import ScanState, load_state
from cli.client.legacy import LegacyUrl, opened_source, usable_mapping
from cli.json_documents.legacy_scan import LegacyCode, LegacyFinding, LegacySaves, LegacyScan, ScannedLegacyTable
from cli.rendering.scan_html import scan_page
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.bounded_file import read_bounded
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson
from domain.counting import counted
from domain.errors import Rejected
from repos.legacy.catalog import Catalog, read_catalog
from repos.private_file import make_private_file

MAX_STATE_BYTES = 1 << 30

MappingOption = Annotated[
    Path | None,
    typer.Option("--mapping", "-m", metavar="FILE", help="The mapping file; by default inferred.", show_default=False),
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page for a browser.", show_default=False)
]
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Keep the progress in this file; the same command continues from it.",
        show_default=False,
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", metavar="N", min=0, max=1_000_000, help="List at most N findings of each kind.")
]
Listed = Annotated[bool, typer.Option("--findings", help="List each finding, not only their numbers.")]


class StateTooLarge(Rejected):
    """The state file has more than the {limit} bytes that one of a scan can have."""


def scan(
    url: LegacyUrl,
    mapping: MappingOption = None,
    html: Html = None,
    state: State = None,
    limit: Limit = KEPT_PER_CODE,
    findings: Listed = False,
    as_json: AsJson = False,
) -> None:
    """Find what is wrong in the rows of a legacy database, and what that means for the move.

    Every row is read once, and again where a script has a version number twice. Nothing is written to the database.
    No value of a row is printed: a finding names the table, the key, the column, the length of the value and a
    keyed hash of it. Exit status 1 if something blocks the move, 4 if a table cannot be read or the database seems
    to be loaded only in part.
    """
    with opened_source(url) as source:
        with screen.waiting("Reading the catalog"):
            catalog = read_catalog(source)
        rules = draft(catalog).mapping if mapping is None else _fitting(mapping, catalog)
        resume = _resumed(state, rules)
        with _progress(catalog) as progress:
            run = Scan(source, catalog, rules, limit=limit, progress=progress, keep=_keeper(state), resume=resume)
            scanned = run.run()
    document = _document(catalog, mapping, scanned)
    unread = [doubt for doubt in doubts(catalog) if doubt.blocks]
    for doubt in unread:
        screen.warn(doubt.sentence, style="red")
    if html is not None:
        with new_file(html) as out:
            for part in scan_page(document, [loss.at for loss in scanned.losses]):
                out.write(part.encode(errors="backslashreplace"))
    if state is not None:
        state.unlink(missing_ok=True)
    if as_json:
        screen.print_json(document)
    else:
        _print(document, listed=findings, has_page=html is not None)
        if html is not None:
            screen.print_text(f"Wrote {html}: {html.stat().st_size} bytes.")
    if unread:
        raise typer.Exit(Exit.UNREACHABLE)
    raise typer.Exit(Exit.REFUSED if document.blocking else Exit.DONE)


def _fitting(file: Path, catalog: Catalog) -> Mapping:
    mapping = usable_mapping(file)
    if found := problems(mapping, catalog):
        where = f"{found[0].where}: " if found[0].where else ""
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise Ending(
            Exit.REFUSED,
            f"{file} does not fit {catalog.source}: {where}{found[0].sentence}{more} "
            "`scriptledger legacy map --check` lists every problem.",
            code="mapping_does_not_fit",
        )
    return mapping


def _resumed(file: Path | None, mapping: Mapping) -> ScanState | None:
    """The state to continue from; an empty file is that of a scan that did not get far."""
    if file is None or not file.exists() or not (data := read_bounded(file, MAX_STATE_BYTES, StateTooLarge)):
        return None
    state = load_state(data, mapping)
    screen.warn(f"Continuing the scan that {file} is the state of.")
    return state


def _keeper(file: Path | None) -> Callable[[ScanState], None] | None:
    if file is None:
        return None
    make_private_file(file)  # it holds the key of the hashes

    def keep(state: ScanState) -> None:
        with new_file(file) as out:
            out.write(state.dump())

    return keep


@contextmanager
def _progress(catalog: Catalog) -> Iterator[Callable[[str, int], None]]:
    """A bar over all rows, with the table, the rate and the time that is left."""
    with screen.rated_progress() as bars:
        total = sum(table.rows or 0 for table in catalog if not table.is_view)
        bar: TaskID = bars.add_task("Reading the state of the tables", total=total or None)

        def advance(table: str, rows: int) -> None:
            bars.update(bar, advance=rows, description=screen.Text(table).plain)

        yield advance


def _document(catalog: Catalog, mapping: Path | None, scanned: Scanned) -> LegacyScan:
    counts = scanned.findings.counts()
    kept = scanned.findings.kept()
    return LegacyScan(
        source=catalog.source,
        mapping=None if mapping is None else str(mapping),
        rows=scanned.rows,
        headline=headline(scanned),
        blocking=scanned.findings.blocking,
        tables=[ScannedLegacyTable(table.name, table.target, table.before.rows) for table in scanned.tables],
        codes=[
            LegacyCode(
                code=code,
                title=CHECKS[code].title,
                default=CHECKS[code].decision,
                findings=sum(decisions.values()),
                decisions=decisions,
                blocks=CHECKS[code].blocks,
            )
            for code, decisions in counts.items()
        ],
        findings=[
            LegacyFinding(
                code=each.code,
                table=each.table,
                key=each.key,
                column=each.column,
                length=each.length,
                hash=each.hash,
                decision=each.decision,
                note=each.note,
            )
            for each in kept
        ],
        omitted=sum(sum(decisions.values()) for decisions in counts.values()) - len(kept),
        saves=[LegacySaves(day, saves) for day, saves in scanned.saves_by_day.items()],
    )


def _print(document: LegacyScan, *, listed: bool, has_page: bool) -> None:
    for sentence in document.headline:
        screen.print_text(screen.Text(sentence, "bold"))
    tables = screen.counted(len(document.tables), "table")
    screen.print_text(f"{document.source}: {counted(document.rows, 'row')} in {tables}.")
    if document.codes:
        screen.print_text("")
        columns = ("code", "findings", "decision", "what")
        screen.print_text(screen.table(columns, map(_cells, document.codes), right=("findings",)))
    if listed and document.findings:
        screen.print_text("")
        of_findings = ("code", "table", "key", "column", "bytes", "hash", "decision", "note")
        screen.print_text(screen.table(of_findings, map(_row, document.findings), right=("bytes",)))
        if document.omitted:
            screen.print_text(f"{document.omitted:,} more are not listed: --limit")
    elif document.codes and not has_page:
        screen.print_text("")
        screen.print_text("--findings lists each one, --html FILE writes a report.")


def _cells(code: LegacyCode) -> tuple[str, ...]:
    several = len(code.decisions) > 1
    parts = (f"{decision} ({count:,})" if several else decision for decision, count in code.decisions.items())
    return code.code, f"{code.findings:,}", ", ".join(parts), code.title


def _row(finding: LegacyFinding) -> tuple[str, ...]:
    length = "" if finding.length is None else f"{finding.length:,}"
    key, column = finding.key or "", finding.column or ""
    return finding.code, finding.table, key, column, length, finding.hash or "", finding.decision, finding.note
