"""Saves of a source whose texts cannot be rebuilt from patches or hashes: found by rebuilding all, without writing."""

from __future__ import annotations

from collections.abc import Iterator

from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.scope import Scope
from backfill.scripts.histories.history_form import FormOptions
from backfill.scripts.history_forms import form_of
from backfill.scripts.script_rows import ScriptRows
from backfill.scripts.written_by import Writers
from domain.submissions.answer import Refusal
from repos.legacy.connection import Row, Source

# The histories whose texts are elsewhere than in the row of the save, and the fields that lead to them.
REBUILT = {"patches": ("patch", "content"), "hashes": ("hash",)}


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
        for script in ScriptRows(table, scope.mapping, hash_key).read_all(source):
            latest = None if script.content is None else script.content.decode(errors="surrogateescape")
            for form in forms:
                rows = form.rows(source, script.id, Writers())
                texts = form.texts(source, rows, latest)(range(len(rows))) if rows else ()
                for row, text in zip(rows, texts, strict=True):
                    if isinstance(text, Refusal):
                        fields = (form.table.column(field) for field in REBUILT[form.table.rule.history])
                        yield form.table, row.key, next((name for name in fields if name is not None), None), text
