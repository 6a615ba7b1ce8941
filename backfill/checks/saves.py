"""Checks of what saves hold (L10, L15, L17, L31, L37, L38), and of contents outside of histories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from backfill.checks.base import Check, check
from backfill.content.refusals import (
    JsonDuplicateKey,
    JsonLoneSurrogate,
    JsonMalformed,
    JsonNotANumber,
    JsonTooDeep,
    JsonTooManyValues,
    NotLines,
)
from backfill.content.strict_json import parse
from backfill.mapping.mapped_table import MappedTable
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Finding, Loss, day_of
from backfill.scanning.histories import Content, History, Save
from backfill.scanning.key_index import number_of
from domain.errors import Rejected
from domain.script.validation import MAX_TEXT_BYTES
from repos.legacy.column_types import stored_bytes

# A TEXT column holds 65,535 bytes of its charset; a character of up to four bytes does not fit at its end.
CUT = range(65_532, 65_536)
BAD_JSON = (
    JsonMalformed,
    JsonDuplicateKey,
    JsonNotANumber,
    JsonLoneSurrogate,
    JsonTooDeep,
    JsonTooManyValues,
    NotLines,
)
# What an object of JSON begins with.
OBJECT = '{"'
# A row this large a part of max_allowed_packet needs a batch of its own.
LARGE_PART = 0.5
# Fewer lines lost are a rewrite.
MIN_LOST_LINES = 5


@check
class CutText(Check):
    """A non-strict server cut what did not fit into a TEXT column, without an error."""

    code = "L10"
    title = "texts that are probably cut off at 65,535 bytes"
    decision = "block"
    blocks = "the cut-over: look for the rest in a backup, or accept the loss"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        content = batch.table.content_column if batch.table.target == "scripts" else None
        for name in [*batch.texts, *([content] if content else [])]:
            if batch.longest(name) * 4 >= CUT.start:
                for place, value in enumerate(batch.column(name)):
                    yield from self._cut(batch.table, batch.key(place), name, value)

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if save.content.length >= CUT.start and save.table.content_column:
            yield from self._cut(save.table, save.key, save.table.content_column, save.data)

    def _cut(self, table: MappedTable, key: str, name: str, value: Any) -> Iterator[Finding]:
        column = table.described(name)
        if not isinstance(value, str | bytes) or stored_bytes(value, column.charset) not in CUT:
            return
        if (column.length or 0) < CUT.stop:
            yield self.finding(table, key, name, value)
        else:
            yield self.finding(table, key, name, value, note="before the column was enlarged", decision="report")


@check
class BadJson(Check):
    code = "L15"
    title = "JSON that is malformed or read differently by different readers"
    decision = "quarantine"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        for name in batch.texts:
            is_json, begins = self._holds_json(batch, name), self._may_begin_as_json(batch, name)
            if not is_json and not begins:
                continue
            for place, value in enumerate(batch.column(name)):
                if value is None or (not is_json and not str(value).startswith(OBJECT)):
                    continue
                try:
                    _require_json(value)
                except Rejected as refusal:
                    found = self.finding(batch.table, batch.key(place), name, value, note=refusal.code)
                    yield replace(found, decision="report") if self._comes_as_it_is(batch, name, found) else found
        if batch.table.target == "scripts":
            for place, content in enumerate(contents_of(batch)):
                if isinstance(content.refusal, BAD_JSON):
                    yield self.finding(
                        batch.table, batch.key(place), batch.table.content_column, note=content.refusal.code
                    )

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if isinstance(save.content.refusal, BAD_JSON):
            note = save.content.refusal.code
            yield self.finding(save.table, save.key, save.table.content_column, save.data, note=note)

    def _comes_as_it_is(self, batch: Batch, name: str, found: Finding) -> bool:
        """Whether a text is kept as it is: only what becomes a payload has to be JSON. A decision on its row holds."""
        is_payload = batch.table.target in ("elements", "personas") and not batch.table.rule_of(name).keep
        return not is_payload and batch.table.decision(self.code, str(found.key)) is None

    @staticmethod
    def _holds_json(batch: Batch, name: str) -> bool:
        """Whether a column is meant to hold JSON, by its type, or by its name if it becomes a field of ours."""
        is_named = name.lower() in ("payload", "tags", "metadata") and not batch.table.rule_of(name).keep
        return is_named or batch.table.described(name).kind == "json"

    @staticmethod
    def _may_begin_as_json(batch: Batch, name: str) -> bool:
        """Whether a text of a story element that begins as an object has to be one, and the batch has one."""
        is_content = batch.table.target == "elements" and batch.table.fields.get(name) == "content"
        return is_content and OBJECT in batch.joined(name)


@check
class LargeRow(Check):
    code = "L17"
    title = "rows near max_allowed_packet"
    decision = "quarantine"

    def batch(self, batch: Batch) -> Iterator[Finding]:
        limit = self._limit()
        for name in [*batch.texts, batch.table.content_column or ""]:
            if name not in batch.table.read_columns or batch.table.target == "versions":
                continue
            values = batch.column(name)
            if batch.longest(name) * 4 < limit:
                continue
            for place, value in enumerate(values):
                if isinstance(value, str | bytes) and stored_bytes(value, None) >= limit:
                    yield self.finding(batch.table, batch.key(place), name, value)

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if save.content.length >= self._limit():
            yield self.finding(save.table, save.key, save.table.content_column, save.data)

    def _limit(self) -> float:
        return (self.scope.catalog.server.max_packet_bytes or 64 << 20) * LARGE_PART


@check
class GrowingElement(Check):
    code = "L31"
    title = "one story element saved again and again"
    decision = "report"

    def __init__(self, scope: Any) -> None:
        super().__init__(scope)
        self._last: tuple[tuple[Any, ...], str] | None = None

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if batch.table.target != "elements" or "content" not in batch:
            return
        for place, (script, kind, content) in enumerate(
            zip(batch.field("script_id"), batch.field("type"), batch.field("content"), strict=True)
        ):
            if not isinstance(content, str):
                continue
            before, self._last = self._last, ((batch.table.name, script, kind), content)
            if before and before[0] == self._last[0] and grows(before[1], content):
                yield self.finding(batch.table, batch.key(place), batch.table.column("content"), content)


@check
class WipedSave(Check):
    """A save that lost most lines is history, as is the one that restored them; what it names is the last good one."""

    code = "L37"
    title = "saves that lost most of their lines"
    decision = "report"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        before = history.previous
        if before is None or not save.has_content or save.content.refusal is not None:
            return
        for good, wiped in history.wiped:
            if wiped.key not in history.restored and save.text_lines * 10 >= good.text_lines * 9:
                history.restored[wiped.key] = save
        lost = before.text_lines - save.text_lines
        if lost >= MIN_LOST_LINES and lost * 2 > before.text_lines:
            history.wiped.append((before, save))
        yield from ()

    def history(self, history: History) -> Iterator[Finding]:
        for good, wiped in history.wiped:
            restored = history.restored.get(wiped.key)
            lost = good.text_lines - wiped.text_lines
            last_good, again = _name_of(good), None if restored is None else _name_of(restored)
            loss = Loss(
                history.table.shown_key_of("script_id", history.script),
                lost,
                day_of(wiped.at or ""),
                wiped.table.name,
                last_good,
                again,
            )
            self.scope.losses.append(loss)
            note = f"{lost} of {good.text_lines} lines lost; {last_good} has them"
            if again is not None:
                note += f", and {again} again"
            yield self.finding(wiped.table, wiped.key, wiped.table.content_column, note=note)


@check
class LineIds(Check):
    code = "L38"
    title = "line ids that are doubled, or back after their removal"
    decision = "repair"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        doubled = len(save.ids) - len(save.id_set)
        before = history.previous.id_set if history.previous is not None else set()
        back = len((save.id_set - before) & history.ever)
        if doubled or back:
            parts = [f"{doubled} doubled" if doubled else "", f"{back} back after removal" if back else ""]
            note = ", ".join(part for part in parts if part)
            yield self.finding(save.table, save.key, save.table.content_column, note=note)


def contents_of(batch: Batch) -> list[Content]:
    """The decoded contents of a batch of scripts."""
    name = batch.table.content_column
    if name is None or name not in batch.table.read_columns:
        return []
    shape_of = batch.table.content_shape
    contents: list[Content] = batch.once(
        "contents", name, lambda: [Content(v, shape_of(batch.key(place))) for place, v in enumerate(batch.column(name))]
    )
    return contents


def remember_heads(scope: Any, batch: Batch) -> None:
    """Keep the hashes of the latest texts, which versions are compared with."""
    contents = contents_of(batch)
    values = batch.column(batch.table.content_column or "") if contents else ()
    for script, value, content in zip(batch.field("id"), values, contents, strict=False):
        if content.length and value.strip():  # next to saves, a blank text is none
            scope.heads.add(number_of(script), content.digest)


def ids_of(content: Content) -> set[str]:
    return {line.id for line in content.lines if line.id is not None}


def grows(before: str, after: str) -> bool:
    """Whether a content is the one before with more at its end; JSON may close its texts and objects there."""
    return len(after) > len(before) > 0 and after.startswith(before.rstrip('"}]'))


def _name_of(save: Save) -> str:
    """What a person finds a save by: its number, or the key of its row where it has none."""
    return f"row {save.key} of {save.table.name}" if save.number is None else f"version {save.number}"


def _require_json(value: Any) -> None:
    data = _encoded(value)
    if len(data) > MAX_TEXT_BYTES * 16:
        return
    parse(data)


def _encoded(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode(errors="surrogateescape")
