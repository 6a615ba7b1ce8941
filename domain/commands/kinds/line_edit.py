"""line.edit: new text, format, attributes or line ends for one line."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from domain.commands.base import Command, Guard, command
from domain.commands.line_list import content_change
from domain.commands.placement import require_line
from domain.script.delta import Delta
from domain.script.hashing import expect_hash
from domain.script.line import Attr, Line, LineFormat
from domain.script.state import State
from domain.script.validation import check_attrs, check_sep, check_text


@command
class LineEdit(Command, frozen=True, tag="line.edit"):
    """Give a line new content; fields left out stay as they are."""

    absolute = True

    line: str
    expect: str | None = None
    format: LineFormat | UnsetType = UNSET
    text: str | UnsetType = UNSET
    sep: str | UnsetType = UNSET
    attrs: dict[str, Attr] | UnsetType = UNSET

    def check(self) -> None:
        if self.text is not UNSET:
            check_text("text", self.text)
        if self.sep is not UNSET:
            check_sep("sep", self.sep)
        if self.attrs is not UNSET:
            check_attrs("attrs", self.attrs)

    def guards(self) -> Iterable[Guard]:
        return (Guard("line", self.line, self.expect),)

    def apply(self, state: State) -> Delta:
        old = require_line(state, self.line)
        new = Line(
            id=self.line,
            format=old.format if self.format is UNSET else self.format,
            text=old.text if self.text is UNSET else self.text,
            sep=old.sep if self.sep is UNSET else self.sep,
            attrs=old.attrs if self.attrs is UNSET else self.attrs,
        )
        change = content_change(old, new)
        return () if change is None else (change,)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        old = before.line(self.line)
        return (
            LineEdit(
                line=self.line,
                expect=expect_hash(after.line(self.line)),
                format=UNSET if self.format is UNSET else old.format,
                text=UNSET if self.text is UNSET else old.text,
                sep=UNSET if self.sep is UNSET else old.sep,
                attrs=UNSET if self.attrs is UNSET else old.attrs,
            ),
        )
