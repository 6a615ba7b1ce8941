"""`legacy inspect`: the tables of a legacy database, what each becomes, and which history there is."""

from __future__ import annotations

from dataclasses import asdict

import typer

from backfill.recognition.doubts import Doubt, doubts
from backfill.recognition.recognise import Recognised, generations, history_sentence, recognise_all
from cli.client.legacy import LegacyUrl, opened_source
from cli.json_documents.legacy import LegacyDoubt, LegacyInspection, LegacyServer, LegacyTable
from cli.terminal import screen
from cli.terminal.exit_status import Exit
from cli.terminal.options import AsJson
from repos.legacy.catalog import Catalog, read_catalog
from repos.legacy.connection import Source
from repos.legacy.rows import count_rows

# Counting more rows than the server estimates here would take minutes.
MAX_COUNTED_ROWS = 2_000_000


def inspect(url: LegacyUrl, as_json: AsJson = False) -> None:
    """Show the tables of a legacy database, what each becomes, and which history there is.

    Exit status 4 if a table cannot be read or the database seems to be loaded only in part.
    """
    with opened_source(url) as source, screen.waiting("Reading the catalog"):
        catalog = read_catalog(source)
        counted = _counted(source, catalog)
    recognised, found = recognise_all(catalog), doubts(catalog)
    inspection = LegacyInspection(
        source=catalog.source,
        server=LegacyServer(**asdict(catalog.server)),
        tables=[_table(each, counted) for each in recognised],
        generations=generations(recognised),
        history=history_sentence(recognised),
        doubts=[LegacyDoubt(*doubt) for doubt in found],
    )
    if as_json:
        screen.print_json(inspection)
    else:
        _print(inspection, found)
    raise typer.Exit(Exit.UNREACHABLE if any(doubt.blocks for doubt in found) else Exit.DONE)


def _counted(source: Source, catalog: Catalog) -> dict[str, int]:
    """The exact number of rows, of tables that are small enough."""
    if source.is_sqlite:
        return {table.name: table.rows for table in catalog if table.rows is not None}
    return {
        table.name: count_rows(source, table)
        for table in catalog
        if table.problem is None and not table.is_view and (table.rows or 0) <= MAX_COUNTED_ROWS
    }


def _table(each: Recognised, counted: dict[str, int]) -> LegacyTable:
    table, shape = each.table, each.shape
    return LegacyTable(
        name=table.name,
        is_view=table.is_view,
        rows=counted.get(table.name, table.rows),
        exact=table.name in counted,
        bytes=table.bytes,
        engine=table.engine,
        charset=table.charset,
        collation=table.collation,
        key=list(table.key),
        columns=len(table.columns),
        shape=shape.title,
        generation=shape.generation,
        becomes=shape.becomes,
        history=shape.history,
        note=shape.note,
    )


def _print(inspection: LegacyInspection, found: list[Doubt]) -> None:
    server = inspection.server
    details = ", ".join(
        part
        for part in (
            f"{server.product} {server.version}",
            server.charset,
            f"time zone {server.time_zone}" if server.time_zone else "",
        )
        if part
    )
    screen.print_text(f"{inspection.source}: {details}")
    screen.print_text("")
    screen.print_text(
        screen.table(
            ("table", "rows", "size", "engine", "charset", "shape", "becomes"),
            [_cells(table) for table in inspection.tables],
            right=("rows", "size"),
        )
    )
    screen.print_text("")
    if inspection.generations:
        screen.print_text(f"Tables of generation {', '.join(map(str, inspection.generations))}.")
    screen.print_text(inspection.history)
    for doubt in found:
        screen.warn(doubt.sentence, style="red" if doubt.blocks else "yellow")


def _cells(table: LegacyTable) -> tuple[str, ...]:
    rows = "" if table.rows is None else f"{table.rows:,}" if table.exact else f"about {table.rows:,}"
    engine = "view" if table.is_view else table.engine
    return (table.name, rows, _size(table.bytes), engine, table.charset, table.shape, _becomes(table))


def _becomes(table: LegacyTable) -> str:
    history = "" if table.history == "none" else f" ({table.history})"
    return "nothing" if table.becomes == "drop" else f"{table.becomes}{history}"


def _size(size: int | None) -> str:
    if size is None:
        return ""
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} B"
