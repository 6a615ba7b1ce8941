"""Checks of saves that say nothing new: without a text, or with that of the save before (L22, L23)."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from backfill.checks.base import Check, check
from backfill.checks.saves import contents_of
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding
from backfill.scanning.histories import History, Save

# Histories whose rows may have no text of their own.
REBUILT = ("patches", "hashes")


@check
class EmptyContent(Check):
    code = "L22"
    title = "empty contents"
    decision = "report"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if batch.table.target == "scripts" and batch.table.content_column:
            for place, content in enumerate(contents_of(batch)):
                if content.is_empty and batch.column(batch.table.content_column)[place] is not None:
                    yield self.finding(batch.table, batch.key(place), batch.table.content_column)

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if save.has_content and save.content.is_empty:
            yield self.finding(save.table, save.key, save.table.content_column, save.data)
        elif not save.has_content and save.table.target == "versions" and save.table.rule.history not in REBUILT:
            found = self.finding(save.table, save.key, save.table.content_column, note="NULL: no text")
            yield replace(found, decision="quarantine")


@check
class IdenticalSave(Check):
    code = "L23"
    title = "identical saves in a row"
    decision = "report"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        before = history.previous
        if (
            before is not None
            and save.has_content
            and before.has_content
            and save.content.digest == before.content.digest
        ):
            yield self.finding(save.table, save.key, save.table.content_column, save.data)
