"""The last step of the demo: a small legacy database is brought over, proved and certified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import RenderableType

from backfill.certificate.certify import certify
from backfill.certificate.document import Certificate
from backfill.mapping.draft import draft
from backfill.mapping.toml_text import mapping_text
from backfill.runs.local_run import run_here, scratch_ledger
from backfill.runs.opening import open_run, plan
from backfill.runs.run_context import run_context
from backfill.samples import make_sample_file
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.screen import Text
from materialization.clock import system_clock
from repos.legacy.catalog import read_catalog
from repos.legacy.connection import open_source

# Two accounts of the sample share an address: they are one person's, and the mapping merges them.
COLUMNS = "[tables.users.columns]\n"
DECISION = f'decisions = [ {{ code = "L14", key = [3], do = "merge", to = 2 }} ]\n\n{COLUMNS}'


def bring_over(folder: Path) -> Iterator[RenderableType]:
    """Bring the sample over into a ledger of its own, and show what became of it."""
    certificate = _certified(folder / "legacy.db")
    columns = ("table", "becomes", "rows", "migrated", "merged", "quarantined", "dropped")
    rows = [
        (table.name, table.becomes or "-", *(str(getattr(table, name)) for name in columns[2:]))
        for table in certificate.tables
    ]
    yield screen.table(columns, rows, right=columns[2:])
    for reason in certificate.quarantined:
        yield Text(f"{screen.counted(reason.rows, 'row')} of {reason.table} quarantined: {reason.title}", "yellow")
    if not certificate.certified:
        raise Ending(Exit.BUG, "The demo expected the move to be certified.")
    rows_in_all = sum(table.rows for table in certificate.tables)
    yield Text(f"Certified: all {rows_in_all} rows are accounted for, and what came over is proved.", "green")


def _certified(file: Path) -> Certificate:
    make_sample_file(file)
    with open_source(f"sqlite:///{file}") as source, scratch_ledger() as unit_of_work:
        mapping = mapping_text(draft(read_catalog(source))).replace(COLUMNS, DECISION, 1)
        run, _ = open_run(unit_of_work, source, mapping, share=None, clock=system_clock)
        context = run_context(run, source, unit_of_work, system_clock)
        plan(context, lambda *_: None)
        fed = run_here(context, lambda _: None)
        return certify(context, fed.run, lambda *_: None)
