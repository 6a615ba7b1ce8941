"""Deltas: the changes of one command to the state, small enough to store for every version.

A delta is a list of changes, each stored as a JSON array that starts with its sign. Splices, splits and merges have
changes of their own, because most versions are keystrokes: 33 bytes instead of the whole line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from domain.errors import Corrupt
from domain.script.line import Attr, Line, LineFormat
from domain.script.state import Element, Mark, Persona, State, Value
from domain.script.state_builder import StateBuilder


class ChangeTarget(Protocol):
    """What changes are applied to: a state under construction, or the projections of one.

    Raises:
        Corrupt: a change names a missing id, or inserts an existing one.
    """

    def line(self, line_id: str) -> Line:
        """A line as it is now."""

    def after(self, line_id: str) -> str:
        """The id of the next line."""

    def insert(self, after: str, lines: Sequence[Line]) -> None:
        """Insert new lines after the line `after`."""

    def rewrite(self, line: Line) -> None:
        """Replace the content of a line."""

    def remove(self, line_ids: Sequence[str]) -> None:
        """Remove lines; their ids are retired."""

    def move(self, line_ids: Sequence[str], after: str) -> None:
        """Move lines, in the order given, to after the line `after`, which is none of them."""

    def set_metadata(self, name: str, value: Value | None) -> None:
        """Set a metadata field; None removes it."""

    def put_element(self, element: Element) -> None:
        """Add a story element, or replace the content of one."""

    def remove_element(self, element_id: str) -> None:
        """Remove a story element; its id is retired."""

    def put_persona(self, persona: Persona) -> None:
        """Add a persona, or replace the content of one."""

    def remove_persona(self, persona_id: str) -> None:
        """Remove a persona; its id is retired."""

    def label(self, name: str, version: int | None) -> None:
        """Name a version; None removes the name and its mark."""

    def mark(self, name: str, mark: Mark) -> None:
        """Set the colour and lock of a named draft."""


class Change(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One change of a state."""

    def onto(self, target: ChangeTarget) -> None:
        """Apply this change to a target."""
        raise NotImplementedError(type(self).__name__)


class LinesInserted(Change, frozen=True, tag="+"):
    """New lines after the line `after`."""

    after: str
    lines: tuple[Line, ...]

    def onto(self, target: ChangeTarget) -> None:
        target.insert(self.after, self.lines)


class LineChanged(Change, frozen=True, tag="="):
    """New content of a line; None leaves a field as it was."""

    line: str
    format: LineFormat | None = None
    text: str | None = None
    sep: str | None = None
    attrs: dict[str, Attr] | None = None

    def onto(self, target: ChangeTarget) -> None:
        old = target.line(self.line)
        target.rewrite(
            Line(
                id=self.line,
                format=old.format if self.format is None else self.format,
                text=old.text if self.text is None else self.text,
                sep=old.sep if self.sep is None else self.sep,
                attrs=old.attrs if self.attrs is None else self.attrs,
            )
        )


class LineSpliced(Change, frozen=True, tag="s"):
    """`delete` code points removed at `at`, and `insert` inserted there."""

    line: str
    at: int
    delete: int
    insert: str

    def onto(self, target: ChangeTarget) -> None:
        old = target.line(self.line)
        target.rewrite(Line(old.id, old.format, self.of(old.text), old.sep, old.attrs))

    def of(self, text: str) -> str:
        """The text of the line after this change."""
        return text[: self.at] + self.insert + text[self.at + self.delete :]


class LineSplit(Change, frozen=True, tag="/"):
    """The text from `at` on becomes a new line after this one; the first part ends with `sep`."""

    line: str
    at: int
    new_id: str
    sep: str
    format: LineFormat
    attrs: dict[str, Attr]

    def onto(self, target: ChangeTarget) -> None:
        old = target.line(self.line)
        rest = Line(id=self.new_id, format=self.format, text=old.text[self.at :], sep=old.sep, attrs=self.attrs)
        target.rewrite(Line(id=old.id, format=old.format, text=old.text[: self.at], sep=self.sep, attrs=old.attrs))
        target.insert(self.line, (rest,))


class LineMerged(Change, frozen=True, tag="&"):
    """The next line's text and line ends join this line; the next line's id is retired."""

    line: str

    def onto(self, target: ChangeTarget) -> None:
        old = target.line(self.line)
        rest = target.line(target.after(self.line))
        target.remove((rest.id,))
        target.rewrite(Line(id=old.id, format=old.format, text=old.text + rest.text, sep=rest.sep, attrs=old.attrs))


class LinesRemoved(Change, frozen=True, tag="-"):
    """Removed lines."""

    lines: tuple[str, ...]

    def onto(self, target: ChangeTarget) -> None:
        target.remove(self.lines)


class LinesMoved(Change, frozen=True, tag=">"):
    """Lines moved, in this order, to after the line `after`."""

    lines: tuple[str, ...]
    after: str

    def onto(self, target: ChangeTarget) -> None:
        target.move(self.lines, self.after)


class MetadataSet(Change, frozen=True, tag="m"):
    """Metadata fields with their new values; None removes a field."""

    fields: dict[str, Value | None]

    def onto(self, target: ChangeTarget) -> None:
        for name, value in self.fields.items():
            target.set_metadata(name, value)


class ElementPut(Change, frozen=True, tag="e"):
    """A story element, added or with new content."""

    element: Element

    def onto(self, target: ChangeTarget) -> None:
        target.put_element(self.element)


class ElementRemoved(Change, frozen=True, tag="e-"):
    """A removed story element."""

    element: str

    def onto(self, target: ChangeTarget) -> None:
        target.remove_element(self.element)


class PersonaPut(Change, frozen=True, tag="p"):
    """A persona, added or with new content."""

    persona: Persona

    def onto(self, target: ChangeTarget) -> None:
        target.put_persona(self.persona)


class PersonaRemoved(Change, frozen=True, tag="p-"):
    """A removed persona."""

    persona: str

    def onto(self, target: ChangeTarget) -> None:
        target.remove_persona(self.persona)


class VersionLabelled(Change, frozen=True, tag="l"):
    """A version got a name; version None removes the name."""

    name: str
    version: int | None

    def onto(self, target: ChangeTarget) -> None:
        target.label(self.name, self.version)


class LabelMarked(Change, frozen=True, tag="lm"):
    """A named draft got or lost its colour or lock."""

    name: str
    color: str | None
    locked: bool

    def onto(self, target: ChangeTarget) -> None:
        target.mark(self.name, Mark(self.color, self.locked))


# The changes of one command, in the order in which they are applied. An empty delta changes nothing.
Delta = tuple[Change, ...]

_AnyChange = (
    LinesInserted
    | LineChanged
    | LineSpliced
    | LineSplit
    | LineMerged
    | LinesRemoved
    | LinesMoved
    | MetadataSet
    | ElementPut
    | ElementRemoved
    | PersonaPut
    | PersonaRemoved
    | VersionLabelled
    | LabelMarked
)
_decoder = msgspec.json.Decoder(tuple[_AnyChange, ...])
_encoder = msgspec.json.Encoder(order="deterministic")


def advance(state: State, delta: Iterable[Change]) -> State:
    """The state one version later."""
    builder = StateBuilder(state)
    for change in delta:
        change.onto(builder)
    return builder.finish()


def advance_through(state: State, deltas: Iterable[Iterable[Change]]) -> State:
    """The state after all deltas, one version each. The cost depends only on what differs at the end."""
    builder = StateBuilder(state)
    for delta in deltas:
        for change in delta:
            change.onto(builder)
        builder.version += 1
    builder.version -= 1
    return builder.finish()


def encode_delta(delta: Delta) -> bytes:
    """A delta as the JSON bytes that are stored."""
    return _encoder.encode(delta)


def decode_delta(data: bytes) -> Delta:
    """A stored delta; Corrupt where the bytes are invalid."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Corrupt(f"a stored delta cannot be read: {error}") from error
