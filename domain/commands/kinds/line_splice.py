"""line.splice: one keystroke in a line."""

from __future__ import annotations

from collections.abc import Iterable

from domain.commands.base import Command, Guard, command
from domain.commands.placement import require_line
from domain.refusals import OutOfRange
from domain.script.delta import Delta, LineSpliced
from domain.script.hashing import expect_hash
from domain.script.state import State
from domain.script.validation import MAX_TEXT_BYTES, Count, check_size, check_text
from domain.script.work_limit import text_units


@command
class LineSplice(Command, frozen=True, tag="line.splice"):
    """Delete `delete` code points of a line's text at position `at`, and insert `insert` there."""

    line: str
    at: Count
    delete: Count = 0
    insert: str = ""
    expect: str | None = None

    def check(self) -> None:
        check_text("insert", self.insert)

    def guards(self) -> Iterable[Guard]:
        return (Guard("line", self.line, self.expect),)

    def work(self, state: State) -> int:
        node = state.nodes.get(self.line)
        return 0 if node is None else text_units(node.line.text)

    def apply(self, state: State) -> Delta:
        text = require_line(state, self.line).text
        at, delete, insert = self.at, self.delete, self.insert
        end = at + delete
        if at < 0 or delete < 0 or end > len(text):
            raise OutOfRange(line=self.line, length=len(text), at=at, delete=delete)
        if text[at:end] == insert:
            return ()
        change = LineSpliced(self.line, at, delete, insert)
        # Usually too short for any check: no character has more than four bytes.
        if 4 * (len(text) + len(insert)) > MAX_TEXT_BYTES:
            check_size("text", change.of(text))
        return (change,)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        removed = before.line(self.line).text[self.at : self.at + self.delete]
        return (
            LineSplice(
                line=self.line,
                at=self.at,
                delete=len(self.insert),
                insert=removed,
                expect=expect_hash(after.line(self.line)),
            ),
        )
