"""`legacy map`: draft the mapping file of a legacy database, or check one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from backfill.mapping.draft import Draft, draft
from backfill.mapping.fit import problems
from backfill.mapping.problem import BadMapping, Problem
from backfill.mapping.targets import TARGETS
from backfill.mapping.toml_text import mapping_text
from backfill.recognition.doubts import doubts
from backfill.recognition.recognise import NO_SCRIPTS
from backfill.scanning.decided_rows import decisions_without_a_row
from backfill.scripts.histories.table_layouts import UNDECIDED, UNDECIDED_SENTENCE, layout_problems, with_layouts
from cli.client.legacy import LegacyUrl, opened_source, read_mapping
from cli.json_documents.legacy import MappingCheck, MappingDrafted, MappingProblem
from cli.terminal import screen
from cli.terminal.atomic_file import new_file
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, NewFile
from repos.legacy.catalog import Catalog, read_catalog
from repos.legacy.connection import Source

# A terminal prints thousands of lines a second, and a file may have more mistakes.
MAX_PRINTED_PROBLEMS = 1_000

Check = Annotated[
    Path | None,
    typer.Option("--check", metavar="FILE", help="Compare this mapping with the database.", show_default=False),
]


Force = Annotated[
    bool, typer.Option("--force", help="Draft although tables cannot be read or the database seems to be incomplete.")
]


Chosen = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        "-t",
        metavar="NAME=TARGET",
        help="What a table becomes that is not recognised, or not rightly; may be repeated.",
        show_default=False,
    ),
]


def map_(
    url: LegacyUrl,
    output: NewFile = None,
    table: Chosen = None,
    check: Check = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Draft the mapping file of a legacy database, to be reviewed and edited; or check one.

    With --check, exit status 1 if a table or column is not mapped, a field is unknown, or a rule no longer fits.
    """
    if check is not None and (output is not None or table):
        raise Ending(Exit.USAGE, "Use --check alone, or draft with --output and --table.")
    if output is not None and output.is_file():
        raise Ending(
            Exit.USAGE,
            f"{output} exists: a mapping that may be edited is not overwritten. Name another file.",
            code="exists",
        )
    with opened_source(url) as source, screen.waiting("Reading the catalog"):
        catalog = read_catalog(source)
        if check is not None:
            rows = _compared_with_rows(source, catalog, check)
        else:
            if not force:
                _require_complete(catalog)
            drafted = draft(catalog, _chosen(table or [], catalog))
            if not problems(drafted.mapping, catalog):
                drafted = drafted._replace(mapping=with_layouts(source, catalog, drafted.mapping))
    if check is not None:
        for sentence in rows.doubts:
            screen.warn(sentence, style="yellow")
        _check(catalog, check, rows.problems, as_json=as_json)
    else:
        _draft(catalog, drafted, output, as_json=as_json)


def _chosen(choices: list[str], catalog: Catalog) -> dict[str, str]:
    """The targets of tables, by their names as the source spells them."""
    chosen = {}
    for choice in choices:
        name, _, target = choice.rpartition("=")
        table = catalog.table(name)
        if table is None or table.is_view or table.problem is not None:
            raise Ending(
                Exit.USAGE, f"--table {choice}: there is no table {name!r} that can be read.", code="unknown_table"
            )
        if target not in TARGETS:
            raise Ending(
                Exit.USAGE,
                f"--table {choice}: a table becomes one of {', '.join(TARGETS)}.",
                code="unknown_target",
            )
        chosen[table.name] = target
    return chosen


def _require_complete(catalog: Catalog) -> None:
    blocking = [doubt for doubt in doubts(catalog) if doubt.blocks]
    if blocking:
        more = f" (and {len(blocking) - 1} more; `scriptledger legacy inspect` shows them)" if blocking[1:] else ""
        raise Ending(Exit.UNREACHABLE, f"{blocking[0].sentence}{more}", code=blocking[0].code)


def _draft(catalog: Catalog, drafted: Draft, output: Path | None, *, as_json: bool) -> None:
    text = mapping_text(drafted)
    if output is not None:
        with new_file(output) as file:
            file.write(text.encode())
    for table in catalog:
        if table.problem is not None:
            screen.warn(f"{table.problem} Its rule drops it.", style="yellow")
    if not drafted.mapping.tables_for("scripts"):
        screen.warn(NO_SCRIPTS, style="yellow")
    for name, rule in drafted.mapping.tables.items():
        if rule.history == "patches" and rule.patch_layout is None:
            screen.warn(f"To complete by hand: {name}: {UNDECIDED_SENTENCE}", style="yellow")
    for problem in problems(drafted.mapping, catalog):
        screen.warn(f"To complete by hand: {_line(problem)}", style="yellow")
    if as_json:
        screen.print_json(_drafted(catalog, drafted, output, text))
    elif output is None:
        screen.write_content(text.encode())
    else:
        made = _drafted(catalog, drafted, output, text)
        kept = f", {screen.counted(made.kept_columns, 'column')} kept as JSON" if made.kept_columns else ""
        screen.print_text(
            f"Wrote a mapping of {screen.counted(made.tables, 'table')} and "
            f"{screen.counted(made.columns, 'column')} to {output}{kept}: review it."
        )


def _drafted(catalog: Catalog, drafted: Draft, output: Path | None, text: str) -> MappingDrafted:
    rules = drafted.mapping.tables.values()
    return MappingDrafted(
        source=catalog.source,
        file=None if output is None else str(output),
        tables=len(rules),
        columns=sum(len(table.columns) for table in catalog),
        kept_columns=sum(rule.keep for table in rules for rule in table.columns.values()),
        text=text if output is None else None,
    )


class _Compared(NamedTuple):
    """A mapping compared with rows of the source: sentences to warn with, and problems."""

    doubts: Sequence[str] = ()
    problems: Sequence[Problem] = ()


def _compared_with_rows(source: Source, catalog: Catalog, file: Path) -> _Compared:
    """Decisions about rows that the source does not have, and layouts that its histories do not have.

    A mapping that does not fit the catalog is not compared.
    """
    try:
        mapping = read_mapping(file)
    except BadMapping:
        return _Compared()
    if problems(mapping, catalog):
        return _Compared()
    layouts = list(layout_problems(source, catalog, mapping))
    undecided = [_line(each) for each in layouts if each.code == UNDECIDED]
    doubts = [*decisions_without_a_row(source, catalog, mapping), *undecided]
    return _Compared(doubts, [each for each in layouts if each.code != UNDECIDED])


def _check(catalog: Catalog, file: Path, of_rows: Sequence[Problem], *, as_json: bool) -> None:
    try:
        found = [*problems(read_mapping(file), catalog), *of_rows]
    except BadMapping as error:
        found = error.problems
    for doubt in doubts(catalog):
        if doubt.code == "partial_grants":
            screen.warn(doubt.sentence, style="yellow")
    columns = sum(len(table.columns) for table in catalog)
    checked = MappingCheck(
        source=catalog.source,
        mapping=str(file),
        fits=not found,
        tables=len(catalog.tables),
        columns=columns,
        problems=[MappingProblem(each.code, each.where, each.sentence) for each in found],
    )
    if as_json:
        screen.print_json(checked)
    elif not found:
        tables = screen.counted(len(catalog.tables), "table")
        screen.print_text(f"{file} maps all {tables} and {screen.counted(columns, 'column')} of {catalog.source}.")
    else:
        for problem in found[:MAX_PRINTED_PROBLEMS]:
            screen.print_text(_line(problem))
        if (more := len(found) - MAX_PRINTED_PROBLEMS) > 0:
            screen.print_text(f"{screen.counted(more, 'problem')} more: --json lists them all.")
    if found:
        if not as_json:
            screen.warn(f"{file} does not fit: {screen.counted(len(found), 'problem')}.", style="red")
        raise typer.Exit(Exit.REFUSED)


def _line(problem: Problem) -> str:
    return f"{problem.where}: {problem.sentence}" if problem.where else problem.sentence
