"""Translator of patches on a whole text into commands on lines with ids, as an editor would send them to the ledger.

A text of n line ends is n + 1 lines, each ended by one, the last by none. A change within one line is a
`line.splice`, a typed line end a `line.split`, a removed one a `line.merge`. Only a patch over three lines or more
inserts or deletes whole lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from domain.commands.base import Command, Target
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.line_split_and_merge import MergeLines, SplitLine
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.script_create import ScriptCreate
from domain.script.hashing import expect_hash
from domain.script.line import Line
from tests.traces.page import Page
from tests.traces.session import Patch

END = "\n"


class Translator:
    """Follows a text patch by patch. After each yielded command, `page` is the result of that command."""

    def __init__(self, text: str, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        *ended, last = [Line(new_id(), "general", text) for text in text.split(END)]
        self.page = Page([*ended, Line(last.id, last.format, last.text, "")])

    def create(self, title: str) -> ScriptCreate:
        """The command that creates the script with the current page."""
        return ScriptCreate(title=title, lines=tuple(self.page.lines()))

    def commands(self, patch: Patch) -> Iterator[Command]:
        """The commands of one patch, each guarded for the result of the previous one; none if nothing changes."""
        patch = self._without_the_unchanged(patch)
        start, stop = self.page.find(patch.at), self.page.find(patch.at + patch.delete)
        row, below, rest = start.row, start.row + 1, stop.offset
        typed = patch.insert.split(END)
        if start.row < stop.row:
            yield from self._delete_rows(below, stop.row - below)
            yield from self._splice(row, start.offset, len(self.page.line(row).text) - start.offset, typed[0])
        else:
            yield from self._splice(row, start.offset, patch.delete, typed[0])
            if len(typed) == 1:
                return
            yield self._split(row, start.offset + len(typed[0]))
            rest = 0
        if len(typed) == 1:
            yield from self._splice(below, 0, rest, "")
            yield self._merge(row)
        else:
            yield from self._splice(below, 0, rest, typed[-1])
            yield from self._insert_rows(below, typed[1:-1])

    def _without_the_unchanged(self, patch: Patch) -> Patch:
        """The patch without the text it removes and inserts again at either end: those lines keep their ids."""
        if not (patch.delete and patch.insert):
            return patch
        removed = self._text_of(patch)
        head = _shared(removed, patch.insert)
        removed, insert = removed[head:], patch.insert[head:]
        tail = _shared(removed[::-1], insert[::-1])
        return Patch(patch.at + head, len(removed) - tail, insert[: len(insert) - tail])

    def _text_of(self, patch: Patch) -> str:
        row, offset = self.page.find(patch.at)
        found = ""
        while len(found) < offset + patch.delete:
            line = self.page.line(row)
            found += line.text + line.sep
            row += 1
        return found[offset : offset + patch.delete]

    def _splice(self, row: int, at: int, delete: int, insert: str) -> Iterator[Command]:
        if not (delete or insert):
            return
        old = self.page.line(row)
        text = old.text[:at] + insert + old.text[at + delete :]
        self.page.exchange(row, 1, [Line(old.id, old.format, text, old.sep, old.attrs)])
        yield LineSplice(line=old.id, at=at, delete=delete, insert=insert, expect=expect_hash(old))

    def _split(self, row: int, at: int) -> Command:
        old = self.page.line(row)
        rest = Line(self._new_id(), old.format, old.text[at:], old.sep)
        self.page.exchange(row, 1, [Line(old.id, old.format, old.text[:at], END, old.attrs), rest])
        return SplitLine(line=old.id, at=at, new_id=rest.id, sep=END, expect=expect_hash(old))

    def _merge(self, row: int) -> Command:
        one, two = self.page.line(row), self.page.line(row + 1)
        self.page.exchange(row, 2, [Line(one.id, one.format, one.text + two.text, two.sep, one.attrs)])
        return MergeLines(line=one.id, next=two.id, expect=expect_hash(one), expect_next=expect_hash(two))

    def _delete_rows(self, row: int, count: int) -> Iterator[Command]:
        gone = [self.page.line(row + further) for further in range(count)]
        if gone:
            self.page.exchange(row, count, [])
            yield LinesDelete(lines=tuple(Target(line.id, expect_hash(line)) for line in gone))

    def _insert_rows(self, row: int, texts: list[str]) -> Iterator[Command]:
        after, before = self.page.line(row - 1), self.page.line(row)
        lines = tuple(Line(self._new_id(), after.format, text, END) for text in texts)
        if lines:
            self.page.exchange(row, 0, lines)
            yield LinesInsert(after=after.id, before=before.id, lines=lines)


def _shared(one: str, other: str) -> int:
    """The length of the common prefix of two texts."""
    alike = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        alike += 1
    return alike
