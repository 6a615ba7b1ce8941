"""Check of texts that are stored encoded or compressed (L45)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from backfill.checks.base import Check, check
from backfill.content.encoded_text import MIN_ENCODED, encoding_of
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding
from backfill.scanning.histories import History, Save

# Fields with texts that people read. Others may hold anything, such as tokens and pictures.
READ = frozenset({"content", "question", "answer", "description"})


@check
class EncodedText(Check):
    """The text of a script is set aside; any other text comes over as it is stored."""

    code = "L45"
    title = "texts that are stored as base64, gzip or zlib"
    decision = "quarantine"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        table, content = batch.table, batch.table.content_column
        names = [name for name in batch.texts if table.fields.get(name) in READ]
        if table.target in ("scripts", "contents") and content in table.read_columns:
            names.append(str(content))
        for name in names:
            for place, value in enumerate(batch.column(name) if batch.longest(name) >= MIN_ENCODED else ()):
                if (note := _encoding(value)) is None:
                    continue
                found = self.finding(table, batch.key(place), name, value, note=note)
                yield found if table.target == "scripts" else replace(found, decision="report")

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if (note := _encoding(save.data)) is not None:
            yield self.finding(save.table, save.key, save.table.content_column, save.data, note=note)


def _encoding(value: Any) -> str | None:
    if not isinstance(value, str | bytes):
        return None
    return encoding_of(value if isinstance(value, bytes) else value.encode(errors="surrogateescape"))
