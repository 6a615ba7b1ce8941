"""List and show the legacy rows that a run set aside."""

from __future__ import annotations

from typing import Annotated

import typer

from backfill.checks.registry import CHECKS
from backfill.domains.script_log.recorder import WITH_ITS_SCRIPT
from backfill.mapping.decisions.allowed_decisions import allowed_actions
from backfill.mapping.decode import decode
from backfill.mapping.model import Mapping
from backfill.mapping.toml_text import toml_key
from backfill.runs.control import latest_run
from backfill.runs.shown_keys import shown_key
from cli.client import database
from cli.json_documents.backfill import QuarantinedLegacyRow, QuarantinedLegacyRows
from cli.terminal import screen
from cli.terminal.exit_status import Ending, Exit
from cli.terminal.options import AsJson, Limit, example, prose
from repos.backfill.quarantined_rows import StoredQuarantine

app = typer.Typer(add_completion=False, no_args_is_help=True, help=prose(__doc__))

# What a decision needs in addition.
_AND = {
    "skip": " with `reason`",
    "assign": " with `to`, the id of a user",
    "merge": " with `to`, the id of the user that is kept",
}

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="The number of the row.", show_default=False, min=1)]
After = Annotated[int, typer.Option(metavar="NUMBER", min=0, help="Only rows after this number.")]


@app.command("list", epilog=example("scriptledger backfill quarantine list --limit 1000"))
def list_(after: After = 0, limit: Limit = 100, as_json: AsJson = False) -> None:
    """List the rows that the last run set aside; no value of a row is shown."""
    with database.reading() as tx:
        run = latest_run(tx)
        stored = tx.quarantined_rows.read(run.id, after=after, limit=limit + 1)
    mapping = decode(run.mapping)
    rows = [_document(row, run.hash_key, mapping) for row in stored[:limit]]
    following = rows[-1].number if len(stored) > limit else None
    if as_json:
        screen.print_json(QuarantinedLegacyRows(run.id, rows, following))
        return
    if not rows:
        screen.print_text(f"Run {run.id} has set no rows aside.")
        return
    columns = ("number", "table", "key", "code", "column", "reason")
    cells = [(str(row.number), row.table, row.label or row.key, row.code, row.column or "", row.reason) for row in rows]
    screen.print_text(screen.table(columns, cells, right=("number",)))
    if following is not None:
        screen.print_text(f"There are more: --after {following}")


@app.command(epilog=example("scriptledger backfill quarantine show 3"))
def show(number: Number, as_json: AsJson = False) -> None:
    """Show why a row was set aside, and what can be done about it."""
    with database.reading() as tx:
        run, stored = latest_run(tx), tx.quarantined_rows.get(number)
    if stored is None:
        raise Ending(Exit.REFUSED, f"There is no quarantined row {number}.", code="unknown_quarantined_row")
    mapping = decode(run.mapping)
    row = _document(stored, run.hash_key, mapping)
    if as_json:
        screen.print_json(row)
        return
    screen.print_text(f"Row {_named(row)} of {row.table}, set aside by item {row.item} at {row.found_at}: {row.code}")
    screen.print_text(row.reason)
    if row.column is not None:
        length = "" if row.length is None else f", length {row.length:,}"
        screen.print_text(f"Column {row.column}{length}{'' if row.hash is None else f', hash {row.hash}'}")
    if row.decisions:
        _print_decision(row, has_others=bool(mapping.tables[row.table].decisions))
    cause = "Repair its cause in the source, or decide it in the mapping" if row.decisions else "Repair its cause"
    screen.print_text(
        f"{cause}; `scriptledger backfill retry {row.item}` and `scriptledger backfill run --mapping FILE` then do its "
        "item again."
    )


def _print_decision(row: QuarantinedLegacyRow, *, has_others: bool) -> None:
    """The line of the mapping that decides about the row, and what else it may say.

    `has_others`: the mapping decides about rows of the table already, and TOML takes `decisions` once.
    """
    first, *others = row.decisions
    key = row.key if "#" not in row.key else "[the key of the row]"
    choices = ", ".join(f'"{each}"{_AND.get(each, "")}' for each in others)
    decision = f'{{ code = "{row.code}", key = {key}, do = "{first}" }}'
    table = f"[tables.{toml_key(row.table)}]"
    if has_others:
        screen.print_text(f"To decide it, add to the decisions of {table} in the mapping:", f"  {decision}")
    else:
        screen.print_text(f"To decide it, add to {table} in the mapping:", f"  decisions = [ {decision} ]")
    if others:
        screen.print_text(f"  instead of {first}: {choices}")
    if "#" in row.key:
        screen.print_text("  Its key is not shown, because it may be a secret or an address: look it up in the source.")


def _named(row: QuarantinedLegacyRow) -> str:
    return f"{row.key} ({row.label})" if row.label else row.key


def _document(stored: StoredQuarantine, hash_key: bytes, mapping: Mapping) -> QuarantinedLegacyRow:
    row = stored.row
    rule = mapping.tables.get(row.source_table)
    decisions: list[str] = []
    if rule is not None and row.code in CHECKS and row.reason != WITH_ITS_SCRIPT:
        decisions += allowed_actions(str(rule.becomes), row.code)
        # A user that a row is given to does not replace the script that is missing.
        if row.column is not None and rule.field_columns().get("script_id") == row.column and "assign" in decisions:
            decisions.remove("assign")
    return QuarantinedLegacyRow(
        number=stored.id,
        item=stored.item_id,
        table=row.source_table,
        key=shown_key(row.named_key, hash_key, secret=row.label is not None),
        code=row.code,
        reason=row.reason,
        column=row.column,
        length=row.length,
        hash=row.hash,
        found_at=screen.iso(stored.found_at),
        decisions=decisions,
        label=row.label,
    )
