"""The scan of a legacy source: reads every row, writes nothing, and remembers places instead of values.

Tables are read one after another: users and scripts first, because the others refer to them, and saves last, script by
script and in the order of a run. Memory is bounded by the largest row and sixteen bytes for each key.
"""

from __future__ import annotations

import secrets
import time
from array import array
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backfill.checks.base import Check
from backfill.checks.registry import CHECKS
from backfill.checks.saves import remember_heads
from backfill.mapping.mapped_table import MappedTable
from backfill.mapping.model import Mapping
from backfill.runs.scan.doubled_numbers import DoubledNumbers
from backfill.runs.scan.findings import KEPT_PER_CODE, Findings
from backfill.runs.scan.scan_state import ScanState
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding, Loss
from backfill.scanning.histories import History, Save
from backfill.scanning.scope import Scope
from backfill.scripts.histories.history_form import NOT_REBUILT
from backfill.scripts.histories.table_layouts import with_layouts
from backfill.scripts.refused_rebuilds import refused_rebuilds
from domain.counting import counted
from repos.legacy.catalog import Catalog
from repos.legacy.connection import Source
from repos.legacy.scan_rows import TableState, count_added, read_batches, table_state

# The order in which tables are read; saves come at the end.
FIRST = ("users", "scripts", "commands")
KEEP_SECONDS = 10.0
# Tables are read in the order of these fields, and of their key.
ORDERS = {
    "elements": ("script_id", "type"),
    "lines": ("script_id", "revision"),
    "chat_messages": ("script_id", "user_id", "created_at"),
    "versions": ("script_id", "version_number"),
}

Progress = Callable[[str, int], object]


def _silent(table: str, rows: int) -> None:
    """No progress is shown."""


class ScannedTable(NamedTuple):
    """A table that was scanned: what it becomes, and its rows before and after."""

    name: str
    target: str
    before: TableState
    after: TableState


class Scanned(NamedTuple):
    """The result of a scan."""

    findings: Findings
    tables: list[ScannedTable]
    losses: list[Loss]
    saves_by_day: dict[str, int]
    overwritten_saves: int
    overwritten_scripts: int

    @property
    def rows(self) -> int:
        """The number of rows that were there before."""
        return sum(table.before.rows for table in self.tables)


class Scan:
    """One scan. `progress` is called with a table and a number of rows read; `keep` with a state to continue from."""

    def __init__(  # noqa: PLR0913 - options of one run
        self,
        source: Source,
        catalog: Catalog,
        mapping: Mapping,
        *,
        limit: int = KEPT_PER_CODE,
        progress: Progress = _silent,
        keep: Callable[[ScanState], object] | None = None,
        resume: ScanState | None = None,
    ) -> None:
        self._source = source
        self._state = resume or ScanState.new(mapping, secrets.token_bytes(32))
        self._resumed = resume is not None
        self.scope = Scope(catalog, with_layouts(source, catalog, mapping), hash_key=self._state.hash_key)
        self._checks: list[Check] = [check(self.scope) for check in CHECKS.values()]
        self._findings = Findings(limit=limit)
        self._of_saved = Findings(limit=limit)
        self._progress = progress
        self._keep = keep
        self._batch_checks = _overriding(self._checks, "batch")
        self._save_checks = _overriding(self._checks, "save")
        self._history_checks = _overriding(self._checks, "history")

    def run(self) -> Scanned:
        """Scan all tables.

        Raises:
            SourceError: the source cannot be read, or was lost.
        """
        state, scope = self._state, self.scope
        if not self._resumed:
            state.before = {table.name: tuple(table_state(self._source, table.table)) for table in scope.tables}
        before = {name: TableState(*values) for name, values in state.before.items()}
        for check in self._checks:
            self._findings.add(check.tables())
        flat = [table for table in scope.tables if table.target != "versions"]
        for table in sorted(flat, key=_turn):
            self._read_flat(table)
        # What needs no saves is finished before they are read, to free its memory.
        for check in self._checks:
            if check.before_saves:
                self._findings.add(check.relations())
        self._checks = [check for check in self._checks if not check.before_saves]
        self._batch_checks = _overriding(self._checks, "batch")
        if self._resumed:
            self._restore()
        for table in scope.tables_for("versions"):
            if table.name not in state.finished:
                self._read_saves(table)
                state.finished.append(table.name)
                state.table, state.position = "", None
        self._findings.merge(self._of_saved)
        self._findings.add(self._not_rebuilt())
        for check in self._checks:
            self._findings.add(check.relations())
        after = {table.name: table_state(self._source, table.table) for table in scope.tables}
        self._findings.add(self._changes(before, after))
        tables = [ScannedTable(each.name, each.target, before[each.name], after[each.name]) for each in scope.tables]
        return Scanned(
            findings=self._findings,
            tables=tables,
            losses=scope.losses,
            saves_by_day=dict(sorted(scope.saves_by_day.items())),
            overwritten_saves=scope.overwritten_saves,
            overwritten_scripts=scope.overwritten_scripts,
        )

    def _read_flat(self, table: MappedTable) -> None:
        for rows in self._batches(table):
            batch = Batch(table, table.read_columns, rows)
            self.scope.remember(batch)
            for check in self._batch_checks:
                self._findings.add(check.batch(batch))
            if table.target == "scripts":
                remember_heads(self.scope, batch)
            self._progress(table.name, batch.size)

    def _read_saves(self, table: MappedTable) -> None:
        script_column = table.column("script_id") or table.key_columns[0]
        place = table.read_columns.index(script_column)
        history: History | None = None
        start = None
        if self._state.table == table.name and self._state.position is not None:
            start = (script_column, self._state.position)
        kept = time.monotonic()
        doubled = DoubledNumbers(self._source, table, self._state.hash_key)
        for read in self._batches(table, start):
            rows = [row for row in read if row[place] not in doubled.scripts] if doubled.scripts else read
            if not rows:
                continue
            parts = [rows]
            if self._keep is not None and time.monotonic() - kept > KEEP_SECONDS:
                parts = _at_a_script(rows, place, rows[0][place] if history is None else history.script)
            for number, part in enumerate(parts):
                if number:
                    self._end(history)
                    history = None
                    self._keep_state(table, part[0][place])
                    kept = time.monotonic()
                if part:
                    history = self._read_part(Batch(table, table.read_columns, part), history)
            del read, rows, parts, part  # or they would stay while the next rows are read
        for rows in doubled.read(table.read_columns, self._contents(table)) if doubled.scripts else ():
            history = self._read_part(Batch(table, table.read_columns, rows), history)
        self._end(history)

    def _read_part(self, batch: Batch, history: History | None) -> History | None:
        """Check rows with saves; returns the history of the last script, which may go on."""
        for check in self._batch_checks:
            self._of_saved.add(check.batch(batch))
        for place, script in enumerate(batch.field("script_id")):
            if history is None or script != history.script:
                self._end(history)
                history = History(batch.table, script)
            self._save(history, batch, place)
        self._progress(batch.table.name, batch.size)
        return history

    def _save(self, history: History, batch: Batch, place: int) -> None:
        table = batch.table
        read = ((name, field) for name, field in table.fields.items() if name in table.read_columns)
        values = {field: batch.column(name)[place] for name, field in read}
        data, last = values.pop("content", None), values.pop("last_content", None)
        data = last if data is None else data
        save = Save(table, batch.key(place), values, data)
        for check in self._save_checks:
            self._of_saved.add(check.save(history, save))
        self.scope.count_save(history.script)
        if save.at:
            self.scope.count_day(save.at)
        history.add(save)

    def _end(self, history: History | None) -> None:
        if history is not None:
            for check in self._history_checks:
                self._of_saved.add(check.history(history))

    def _batches(self, table: MappedTable, start: tuple[str, Any] | None = None) -> Iterator[list[tuple[Any, ...]]]:
        contents = self._contents(table)
        return read_batches(
            self._source, table.table, table.read_columns, contents=contents, order=_order(table), start=start
        )

    @staticmethod
    def _contents(table: MappedTable) -> list[str]:
        columns = (table.content_column, table.column("last_content"))
        return [name for name in columns if name is not None and name in table.read_columns]

    def _keep_state(self, table: MappedTable, script: Any) -> None:
        """Pass on what to continue from at the beginning of a script."""
        state, scope = self._state, self.scope
        if self._keep is None or script is None:
            return
        state.table, state.position = table.name, script
        state.counts, state.kept = self._of_saved.counts(), self._of_saved.kept()
        state.saves_of, state.saves_by_day = scope.saves_of.tobytes(), dict(scope.saves_by_day)
        state.losses = list(scope.losses)
        state.checks = {check.code: parts for check in self._checks if (parts := check.dump())}
        self._keep(state)

    def _restore(self) -> None:
        state, scope = self._state, self.scope
        self._of_saved.restore(state.counts, state.kept)
        scope.saves_of = array("l", state.saves_of)
        scope.saves_by_day = dict(state.saves_by_day)
        scope.losses = list(state.losses)
        for check in self._checks:
            if parts := state.checks.get(check.code):
                check.load(parts)

    def _not_rebuilt(self) -> Iterator[Finding]:
        """Saves whose text does not follow from its patches, or from its hash."""
        check = next(each for each in self._checks if each.code == NOT_REBUILT)
        for table, key, column, refusal in refused_rebuilds(self._source, self.scope, self._state.hash_key):
            yield check.finding(table, table.shown_key(key), column, note=refusal.message)

    def _changes(self, before: dict[str, TableState], after: dict[str, TableState]) -> Iterator[Finding]:
        written, added = (next(each for each in self._checks if each.code == code) for code in ("L20", "L28"))
        for table in self.scope.tables:
            old, new = before[table.name], after[table.name]
            if old == new:
                continue
            count = count_added(self._source, table.table, old.last_key)
            if count:
                yield added.finding(
                    table,
                    None,
                    note=f"{counted(count, 'row')}; a delta pass takes {'it' if count == 1 else 'them'} over",
                )
            if not count or new.rows - count != old.rows:
                yield written.finding(table, None, note=f"{counted(old.rows, 'row')} before, {new.rows} after")


def _overriding(checks: list[Check], name: str) -> list[Check]:
    """The checks that have a method of their own."""
    return [check for check in checks if getattr(type(check), name) is not getattr(Check, name)]


def _turn(table: MappedTable) -> int:
    return FIRST.index(table.target) if table.target in FIRST else len(FIRST)


def _order(table: MappedTable) -> list[str]:
    fields = ORDERS.get(table.target, ())
    if table.target == "versions" and not table.has("version_number"):
        fields = (*fields, "created_at")  # as a move orders them
    names = [name for field in fields if (name := table.column(field)) is not None]
    return [*names, *(name for name in table.key_columns if name not in names)]


def _at_a_script(rows: list[tuple[Any, ...]], place: int, script: Any) -> list[list[tuple[Any, ...]]]:
    """Rows in two parts, the second of which begins with another script than the given one; in one if none does."""
    number = next((number for number, row in enumerate(rows) if row[place] != script), None)
    return [rows] if number is None else [rows[:number], rows[number:]]
