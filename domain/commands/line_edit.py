"""line.edit: new text, format, attributes or line ends for one line."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET, UnsetType

from domain.command import Command, Guard, command
from domain.delta import Delta, LineChanged
from domain.hashing import expect_hash
from domain.line import Attr, LineFormat
from domain.place import require_line
from domain.state import State
from domain.text import check_attrs, check_sep, check_text


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
        require_line(state, self.line)
        old = state.line(self.line)
        change = LineChanged(
            line=self.line,
            format=None if self.format is UNSET or self.format == old.format else self.format,
            text=None if self.text is UNSET or self.text == old.text else self.text,
            sep=None if self.sep is UNSET or self.sep == old.sep else self.sep,
            attrs=None if self.attrs is UNSET or _same(self.attrs, old.attrs) else self.attrs,
        )
        return () if change == LineChanged(line=self.line) else (change,)

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


def _same(new: dict[str, Attr], old: dict[str, Attr]) -> bool:
    # True == 1 in Python; as attributes they are two values.
    return new == old and all(type(value) is type(old[name]) for name, value in new.items())
