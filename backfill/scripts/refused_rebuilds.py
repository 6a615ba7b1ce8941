"""Saves of a source whose texts cannot be rebuilt from patches or hashes: found by rebuilding all, without writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.scope import Scope
from backfill.scripts.histories.history_form import FormOptions
from backfill.scripts.histories.row_per_save import RowPerSave, ScriptPart
from backfill.scripts.history_forms import form_of
from backfill.scripts.script_rows import ScriptRow, ScriptRows
from backfill.translate.row_keys import row_key
from domain.submissions.answer import Refusal
from repos.legacy.connection import Row, Source

# The histories whose texts are elsewhere than in the row of the save, and the fields that lead to them.
REBUILT = {"patches": ("patch", "content"), "hashes": ("hash",)}
# Of scripts that are read together.
MAX_SCRIPTS = 200
MAX_SAVES = 4_000
MAX_BYTES = 4 << 20


def refused_rebuilds(
    source: Source, scope: Scope, hash_key: bytes
) -> Iterator[tuple[MappedTable, Row, str | None, Refusal]]:
    """The table and the key of each save that has no text, the column that should lead to it, and the reason.

    Raises:
        SourceError: the source cannot be read, or was lost.
    """
    versions = [table for table in scope.tables_for("versions") if table.rule.history in REBUILT]
    if not versions:
        return
    contents = scope.tables_for("contents")
    forms = [form_of(FormOptions(table, hash_key, contents)) for table in versions]
    for table in scope.tables_for("scripts"):
        rows = ScriptRows(table, scope.mapping, hash_key).read_all(source)
        for scripts in _together(rows, scope):
            for form in forms:
                if isinstance(form, RowPerSave):
                    yield from _refused(source, form, scripts)


def _together(scripts: Iterator[ScriptRow], scope: Scope) -> Iterator[list[ScriptRow]]:
    """Scripts whose saves are read together: so many, of so many saves and bytes of their own texts; or a large one."""
    batch: list[ScriptRow] = []
    saves = size = 0
    for script in scripts:
        own, length = scope.save_count(script.id), len(script.content or b"")
        if batch and (len(batch) == MAX_SCRIPTS or saves + own > MAX_SAVES or size + length > MAX_BYTES):
            yield batch
            batch, saves, size = [], 0, 0
        batch.append(script)
        saves, size = saves + own, size + length
    if batch:
        yield batch


def _refused(
    source: Source, form: RowPerSave, scripts: Sequence[ScriptRow]
) -> Iterator[tuple[MappedTable, Row, str | None, Refusal]]:
    # Scripts that share an id are set aside, and have the same saves.
    scripts = list({row_key([script.id]): script for script in scripts}.values())
    latest = (None if each.content is None else each.content.decode(errors="surrogateescape") for each in scripts)
    parts = list(map(ScriptPart, form.rows_of(source, [script.id for script in scripts]), latest))
    fields = (form.table.column(field) for field in REBUILT[form.table.rule.history])
    column = next((name for name in fields if name is not None), None)
    for part, refusals in zip(parts, form.refusals(source, parts), strict=True):
        for row, refusal in zip(part.rows, refusals, strict=True):
            if refusal is not None:
                yield form.table, row.key, column, refusal
