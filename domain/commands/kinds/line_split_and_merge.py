"""line.split and line.merge: Enter inside a line and Backspace at its start; the two undo each other."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType, field

from domain.commands.base import Command, Guard, command
from domain.commands.placement import reading_units, require_line, require_new_ids
from domain.refusals import NotNeighbours, OutOfRange
from domain.script.delta import Delta, LineMerged, LineSplit
from domain.script.hashing import expect_hash
from domain.script.line import Attr, LineFormat
from domain.script.state import State
from domain.script.validation import Count, check_attrs, check_id, check_sep, check_size


@command
class SplitLine(Command, frozen=True, tag="line.split"):
    """Split a line at position `at`: the first part keeps its id and ends with `sep`, the rest is a new line.

    The new line takes the old line ends, and the old format unless `format` says otherwise.
    """

    line: str
    at: Count
    new_id: str
    expect: str | None = None
    sep: str = "\n"
    format: LineFormat | UnsetType = UNSET
    attrs: dict[str, Attr] = field(default_factory=dict)
    revives: Count | None = None

    def check(self) -> None:
        check_id("new_id", self.new_id)
        check_sep("sep", self.sep)
        check_attrs("attrs", self.attrs)

    def guards(self) -> Iterable[Guard]:
        return (Guard("line", self.line, self.expect),)

    def apply(self, state: State) -> Delta:
        old = require_line(state, self.line)
        require_new_ids(state, (self.new_id,), self.revives)
        if not 0 <= self.at <= len(old.text):
            raise OutOfRange(line=self.line, length=len(old.text), at=self.at, delete=0)
        form = old.format if self.format is UNSET else self.format
        return (LineSplit(self.line, self.at, self.new_id, self.sep, form, self.attrs),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return (
            MergeLines(
                line=self.line,
                expect=expect_hash(after.line(self.line)),
                next=self.new_id,
                expect_next=expect_hash(after.line(self.new_id)),
            ),
        )


@command
class MergeLines(Command, frozen=True, tag="line.merge"):
    """Join the next line to this one: append its text, take its line ends; its id is retired."""

    line: str
    next: str
    expect: str | None = None
    expect_next: str | None = None

    def guards(self) -> Iterable[Guard]:
        return (Guard("line", self.line, self.expect), Guard("line", self.next, self.expect_next))

    def work(self, state: State) -> int:
        return reading_units(state, self.line, self.next)

    def apply(self, state: State) -> Delta:
        first, second = require_line(state, self.line), require_line(state, self.next)
        if state.nodes[self.line].after != self.next:
            raise NotNeighbours(line=self.line, next=self.next)
        check_size("text", first.text + second.text)
        return (LineMerged(self.line),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        first, second = before.line(self.line), before.line(self.next)
        return (
            SplitLine(
                line=self.line,
                expect=expect_hash(after.line(self.line)),
                at=len(first.text),
                new_id=self.next,
                sep=first.sep,
                format=second.format,
                attrs=second.attrs,
                revives=before.version,
            ),
        )
