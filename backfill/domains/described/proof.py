"""Proof of rows that describe a script: what log, state and legacy_rows have of each is what the source says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from backfill.domains.base import BackfillContext, Difference
from backfill.domains.described.plan import PlannedRow, Plans
from backfill.domains.described.saves import AUTHORSHIP_PAGE, final_thing, known_rows
from backfill.domains.described.without_script import without_script
from domain.commands.kinds.element import ElementAdd, ElementUpdate
from domain.commands.kinds.persona import PersonaAdd, PersonaUpdate
from domain.log.entry import LogEntry
from domain.script.hashing import same
from domain.script.state import Element, Persona, State
from domain.submissions.origin import Origin
from domain.submissions.submission import decode_cause, decode_command
from materialization.history.state_at import state_at
from repos.backfill.legacy_keys import KeyRow
from repos.unit_of_work import RecordsTransaction


class _Entry:
    """What the log has of one row: its commands, each with the time of the version before it."""

    def __init__(self) -> None:
        self.added = 0
        self.things: list[Element | Persona] = []
        self.entries: list[tuple[LogEntry, Origin, int]] = []


def prove_rows(
    context: BackfillContext, tx: RecordsTransaction, target: str, script_id: int, rows: Sequence[PlannedRow]
) -> Iterator[Difference]:
    """Compare the planned rows of one script with its log and its state."""
    tables = {table.name for table in context.tables_for(target)}
    log, is_edited = _log(tx, script_id, tables)
    known = known_rows(tx, rows)
    wanted = {(row.table, row.origin.key) for row in rows}
    for table, key in log.keys() - wanted:
        yield Difference(table, key, "the ledger has a row that the source does not have")
    state = state_at(tx, script_id) if rows else State.empty()
    last = {(row.thing.id): row for row in rows if row.fate in ("write", "merge")}
    for row in rows:
        problem = _problem(context, tx, row, known.get((row.table, row.key)), log.get((row.table, row.origin.key)))
        if problem is None and row.fate == "write" and last[row.thing.id] is row and known.get((row.table, row.key)):
            current = state.elements if isinstance(row.thing, Element) else state.personas
            if not is_edited and not same(current.get(row.thing.id), final_thing(row)):
                problem = "the script does not have it as the source does"
        if problem is not None:
            yield Difference(row.table, row.key, problem)


def prove_rows_without_script(
    context: BackfillContext, tx: RecordsTransaction, plans: Plans, name: str
) -> Iterator[Difference]:
    """Compare rows that describe no script of ours with legacy_rows."""
    for table in plans.tables:
        for page in plans.rows(table, name):
            rows = list(without_script(plans, table, name, page))
            known = known_rows(tx, rows)
            for row in rows:
                if problem := _problem(context, tx, row, known.get((row.table, row.key)), None):
                    yield Difference(row.table, row.key, problem)


def _problem(
    context: BackfillContext, tx: RecordsTransaction, row: PlannedRow, known: KeyRow | None, logged: _Entry | None
) -> str | None:
    if row.fate in ("quarantine", "skip"):
        return None if known is None else "the row was brought over, and is to be set aside now"
    if known is None:
        if tx.quarantined_rows.has(context.run_id, row.table, row.key):
            return None
        return "the row was not brought over"
    if known.row_hash != row.hash:
        return "the row changed in the source since it was brought over"
    if row.kept is not None and tx.legacy_rows.get(row.kept[0], row.key) != row.kept[1]:
        return "what is kept of it as JSON differs"
    return _problem_in_log(row, logged) if row.fate == "write" else None


def _problem_in_log(row: PlannedRow, logged: _Entry | None) -> str | None:
    if logged is None or not logged.things:
        # The state was as the row says already: the row before it held the same.
        return None if row.grown else "the log does not have it"
    if not same(logged.things[-1], row.thing):
        return "the log has it with other content"
    if logged.added > 1:
        return "the log has it twice"
    return next((problem for each in logged.entries if (problem := _problem_of_command(row, *each))), None)


def _problem_of_command(row: PlannedRow, entry: LogEntry, origin: Origin, earliest: int) -> str | None:
    if (origin.author, origin.actor) != (row.origin.author, row.origin.actor):
        return "its command has another writer"
    if entry.author != "backfill":
        return "its command is not of the backfill"
    if entry.occurred_at != max(earliest, min(_moment(row), entry.recorded_at)):
        return "its command has another time"
    return None


def _moment(row: PlannedRow) -> int:
    described = row.described
    return 0 if described is None else max(described.at or 0, described.removed_at or 0)


def _log(tx: RecordsTransaction, script_id: int, tables: set[str]) -> tuple[dict[tuple[str, str], _Entry], bool]:
    """What the log has of rows of these tables, by table and key; and whether anybody else wrote to the script."""
    head = tx.heads.require(script_id)
    log: dict[tuple[str, str], _Entry] = defaultdict(_Entry)
    is_edited = False
    earliest = 0
    for first in range(1, head.version + 1, AUTHORSHIP_PAGE):
        page = tx.commands.authorships(script_id, range(first, min(first + AUTHORSHIP_PAGE, head.version + 1)))
        for version, author in sorted(page.items()):
            origin = decode_cause(author.cause).origin
            is_edited = is_edited or author.author != "backfill"
            if origin is not None and origin.table in tables:
                entry = tx.commands.get(script_id, version)
                if entry is not None:
                    _take(log[origin.table, origin.key], entry, origin, earliest)
            earliest = author.occurred_at
    return dict(log), is_edited


def _take(found: _Entry, entry: LogEntry, origin: Origin, earliest: int) -> None:
    command = decode_command(entry.payload)
    found.entries.append((entry, origin, earliest))
    found.added += isinstance(command, ElementAdd | PersonaAdd)
    if isinstance(command, ElementAdd | ElementUpdate):
        found.things.append(command.element)
    elif isinstance(command, PersonaAdd | PersonaUpdate):
        found.things.append(command.persona)
