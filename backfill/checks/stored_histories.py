"""Checks of the forms in which histories are stored: patches, hashes, linked lines, branches (L41–L44)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from backfill.checks.base import Check, check
from backfill.content.content_hash import has_hash, is_checked
from backfill.content.linked_lines import Link, in_order, without_deleted
from backfill.content.refusals import LinksBroken
from backfill.mapping.flags import deletion_tests
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding
from backfill.scanning.histories import History, Save
from backfill.scanning.key_index import number_of


@check
class NoVersion(Check):
    code = "L41"
    title = "scripts without any version"
    decision = "repair"

    def relations(self) -> Iterator[Finding]:
        if not self.scope.has_versions:
            return
        for table in self.scope.tables_for("scripts"):
            for key, saves, _ in self.scope.counted_scripts():
                if saves == 0:
                    yield self.finding(table, key, note="becomes a script with the text of its head, or an empty one")


@check
class NewerHead(Check):
    code = "L42"
    title = "half-done clean-up of revisions, or a head newer than its last version"
    decision = "repair"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        before = history.previous
        if before is not None and before.has_patch and before.has_content and save.table.rule.history == "patches":
            yield self.finding(
                before.table, before.key, before.table.column("content"), note="text and patch are both there"
            )

    def history(self, history: History) -> Iterator[Finding]:
        head = self.scope.heads.get(number_of(history.script))
        last = history.previous
        if head is None or last is None or not last.has_content or head == last.content.digest:
            return
        for table in self.scope.tables_for("scripts"):
            key = self.scope.script_key(number_of(history.script))
            yield self.finding(table, key, table.column("content"), note="becomes one version more")


@check
class Branches(Check):
    code = "L43"
    title = "histories that branch, and links that run in a circle"
    decision = "quarantine"

    def __init__(self, scope: Any) -> None:
        super().__init__(scope)
        self._script: Any = None
        self._links: list[tuple[str, Link]] = []
        # Of these, the keys of lines that are deleted.
        self._deleted: list[Any] = []

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if save.branch is not None and save.branch not in history.branches:
            if history.branches:
                own = save.table.rule.branches == "own_script"
                note = "the first one of a branch" + (", which becomes a script of its own" if own else "")
                found = self.finding(save.table, save.key, save.table.column("branch"), note=note)
                yield replace(found, decision="report") if own else found
            history.branches.add(save.branch)

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if batch.table.target != "lines":
            return
        if not batch.table.has("previous", "next"):
            # Their rows come in no order: of each script one save is known.
            for script in dict.fromkeys(batch.field("script_id")):
                if script is not None and not self.scope.save_count(script):
                    self.scope.count_save(script)
            return
        names = ("script_id", "revision", "id", "previous", "next")
        tests = [(batch.column(name), is_yes) for name, is_yes in deletion_tests(batch.table)]
        for place, (script, revision, *link) in enumerate(zip(*map(batch.field, names), strict=True)):
            if (script, revision) != self._script:
                yield from self._walk(batch)
                self._script = script, revision
            self._links.append((batch.key(place), Link(*link)))
            if any(is_deleted(values[place]) for values, is_deleted in tests):
                self._deleted.append(link[0])
            if len(self._links) == 1:
                self.scope.count_save(script)
        self._table = batch.table

    def relations(self) -> Iterator[Finding]:
        yield from self._walk(None)

    def _walk(self, batch: Batch | None) -> Iterator[Finding]:
        links, self._links = self._links, []
        deleted, self._deleted = self._deleted, []
        try:
            in_order(without_deleted([link for _, link in links], deleted))
        except LinksBroken as refusal:
            table = batch.table if batch is not None else self._table
            yield self.finding(table, links[0][0], table.column("next"), note=refusal.facts["problem"])


@check
class NotRebuilt(Check):
    """Texts that have another hash than their own. Saves without a text are found by rebuilding them, as a run does."""

    code = "L44"
    title = "saves that cannot be rebuilt from patches or hashes"
    decision = "block"
    blocks = "the cut-over: look for the texts in a backup, or accept the loss"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        column = batch.table.column("hash")
        if batch.table.target != "contents" or column not in batch.table.read_columns:
            return
        for place, (value, content) in enumerate(zip(batch.field("hash"), batch.field("content"), strict=True)):
            data = content if isinstance(content, bytes) else str(content or "").encode(errors="surrogateescape")
            if is_checked(value) and not has_hash(value, data):
                yield self.finding(batch.table, batch.key(place), column, note="the text has another hash")
