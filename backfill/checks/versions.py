"""Checks of version numbers and of the order of saves (L01–L04, L09, L27, L39)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from backfill.checks.base import Check, check
from backfill.scanning.batch import Batch
from backfill.scanning.finding import Decision, Finding
from backfill.scanning.histories import History, Save
from backfill.scanning.key_index import KeyIndex, number_of
from backfill.scanning.scope import RowKeys

BEGUN_AGAIN = "the numbers begin again: the saves of this script come over in the order of their times"


@check
class OverwrittenHistory(Check):
    """The key of the table let each save overwrite the last: the counter says how many there were."""

    code = "L01"
    title = "saves that were overwritten"
    decision = "report"

    def relations(self) -> Iterator[Finding]:
        for table in self.scope.tables_for("scripts"):
            column = table.column("version_number")
            for key, saves, counter in self.scope.counted_scripts() if column else ():
                kept = max(1, saves)
                if counter is not None and counter > kept:
                    self.scope.overwritten_saves += counter - kept
                    self.scope.overwritten_scripts += 1
                    yield self.finding(table, key, column, note=f"{counter - kept} of {counter} saves lost")


@check
class DuplicateVersion(Check):
    code = "L02"
    title = "two versions of a script with one number"
    decision = "repair"
    blocks = "the history of the script, where nothing says which came first"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        before = history.previous
        if before is None or save.number is None or before.number is None or save.branch != before.branch:
            return
        if 0 < save.number < before.number:
            yield self.finding(save.table, save.key, save.table.column("version_number"), save.data, note=BEGUN_AGAIN)
        if save.number != before.number:
            return
        undecidable = save.at == before.at and save.content.digest != before.content.digest
        note = "other content, at the same time" if undecidable else "the later one becomes the next version"
        decision: Decision | None = "block" if undecidable else None
        yield self.finding(
            save.table, save.key, save.table.column("version_number"), save.data, note=note, decision=decision
        )


@check
class VersionGap(Check):
    code = "L03"
    title = "gaps in the version numbers"
    decision = "repair"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if save.branch is not None and save.branch not in history.branches and history.branches:
            return  # a branch counts on from where it began
        if save.number is not None and save.number > history.number + 1:
            missing = save.number - history.number - 1
            note = f"{missing} missing after {history.number}"
            yield self.finding(save.table, save.key, save.table.column("version_number"), note=note)


@check
class BadVersionNumber(Check):
    code = "L04"
    title = "version numbers that are NULL, 0 or negative"
    decision = "repair"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        column = save.table.column("version_number")
        if column is not None and (save.number is None or save.number <= 0):
            yield self.finding(save.table, save.key, column)


@check
class ClockBackwards(Check):
    code = "L09"
    title = "times that tie or run backwards"
    decision = "repair"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        before = history.previous
        if before is None or not save.at or not before.at or not save.number or not before.number:
            return
        if save.branch != before.branch:
            return  # branches are saved side by side
        if save.at <= before.at and "-00" not in save.at and "-00" not in before.at:
            note = "the same time as the version before" if save.at == before.at else "before the version before"
            yield self.finding(save.table, save.key, save.table.column("created_at"), note=note)


@check
class OtherWriter(Check):
    code = "L27"
    title = "versions written by someone other than the owner"
    decision = "report"

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if save.actor is None:
            return
        owner = self.scope.owner(history.script)
        if owner is not None and owner != self.scope.writer(save.actor):
            yield self.finding(save.table, save.key, save.table.column("actor"))


@check
class PointerCommand(Check):
    """Commands only point to versions: one side without the other loses who made a version, and no text."""

    code = "L39"
    title = "commands without a version, or versions without a command"
    decision = "report"

    _POINTER = re.compile(r'"version(?:Number|_number)?"\s*:\s*"?(-?[0-9]{1,18})(?![0-9])')

    def __init__(self, scope: Any) -> None:
        super().__init__(scope)
        self._versions, self._commands = KeyIndex(), KeyIndex()
        self._version_keys, self._command_keys = RowKeys(), RowKeys()
        self._applies = bool(scope.tables_for("commands")) and bool(scope.tables_for("versions"))

    def batch(self, batch: Batch) -> Iterator[Finding]:
        if not self._applies or batch.table.target != "commands":
            return
        numbers, payloads = batch.field("version_number"), batch.field("payload")
        for place, (script, number, payload) in enumerate(
            zip(batch.field("script_id"), numbers, payloads, strict=True)
        ):
            pointed = number
            if pointed is None and isinstance(payload, str) and (match := self._POINTER.search(payload)):
                pointed = int(match[1])
            row = self._command_keys.number(batch.key(place))
            if pointed is not None and self.scope.is_script(script):
                self._commands.add(number_of(script, pointed), row)
        yield from ()

    def save(self, history: History, save: Save) -> Iterator[Finding]:
        if self._applies and save.number is not None and save.number > 0 and self.scope.is_script(history.script):
            row = self._version_keys.number(save.key)
            self._versions.add(number_of(history.script, save.number), row)
        yield from ()

    def dump(self) -> list[bytes]:
        return [*self._versions.dump(), *self._version_keys.dump()] if self._applies else []

    def load(self, parts: list[bytes]) -> None:
        self._versions.load(parts[:2])
        self._version_keys.load(parts[2:])

    def relations(self) -> Iterator[Finding]:
        if not self._applies:
            return
        [versions, *_], [commands, *_] = self.scope.tables_for("versions"), self.scope.tables_for("commands")
        for one, other, keys, table, note in (
            (self._commands, self._versions, self._command_keys, commands, "points to a version that is not there"),
            (self._versions, self._commands, self._version_keys, versions, "no command says who made it"),
        ):
            for pointer, row in zip(one.keys(), one.values(), strict=True):
                if pointer not in other:
                    yield self.finding(table, keys.text(row), note=note)
