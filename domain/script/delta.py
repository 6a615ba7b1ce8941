"""Deltas: the changes of one command to the state, small enough to store for every version.

A delta is a list of changes, each stored as a JSON array that starts with its sign. Splices, splits and merges have
changes of their own, because most versions are keystrokes: 33 bytes instead of the whole line.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from domain.errors import Corrupt
from domain.script.line import Attr, Line, LineFormat
from domain.script.state import Element, Mark, Persona, State, Value
from domain.script.state_builder import StateBuilder


class Change(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """One change of a state."""

    def onto(self, draft: StateBuilder) -> None:
        """Apply this change to the builder."""
        raise NotImplementedError(type(self).__name__)


class LinesInserted(Change, frozen=True, tag="+"):
    """New lines after the line `after`."""

    after: str
    lines: tuple[Line, ...]

    def onto(self, draft: StateBuilder) -> None:
        draft.insert(self.after, self.lines)


class LineChanged(Change, frozen=True, tag="="):
    """New content of a line; None leaves a field as it was."""

    line: str
    format: LineFormat | None = None
    text: str | None = None
    sep: str | None = None
    attrs: dict[str, Attr] | None = None

    def onto(self, draft: StateBuilder) -> None:
        old = draft.line(self.line)
        draft.rewrite(
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

    def onto(self, draft: StateBuilder) -> None:
        old = draft.line(self.line)
        draft.rewrite(Line(old.id, old.format, self.of(old.text), old.sep, old.attrs))

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

    def onto(self, draft: StateBuilder) -> None:
        old = draft.line(self.line)
        rest = Line(id=self.new_id, format=self.format, text=old.text[self.at :], sep=old.sep, attrs=self.attrs)
        draft.rewrite(Line(id=old.id, format=old.format, text=old.text[: self.at], sep=self.sep, attrs=old.attrs))
        draft.insert(self.line, (rest,))


class LineMerged(Change, frozen=True, tag="&"):
    """The next line's text and line ends join this line; the next line's id is retired."""

    line: str

    def onto(self, draft: StateBuilder) -> None:
        old = draft.line(self.line)
        rest = draft.line(draft.after(self.line))
        draft.remove((rest.id,))
        draft.rewrite(Line(id=old.id, format=old.format, text=old.text + rest.text, sep=rest.sep, attrs=old.attrs))


class LinesRemoved(Change, frozen=True, tag="-"):
    """Removed lines."""

    lines: tuple[str, ...]

    def onto(self, draft: StateBuilder) -> None:
        draft.remove(self.lines)


class LinesMoved(Change, frozen=True, tag=">"):
    """Lines moved, in this order, to after the line `after`."""

    lines: tuple[str, ...]
    after: str

    def onto(self, draft: StateBuilder) -> None:
        draft.move(self.lines, self.after)


class MetadataSet(Change, frozen=True, tag="m"):
    """Metadata fields with their new values; None removes a field."""

    fields: dict[str, Value | None]

    def onto(self, draft: StateBuilder) -> None:
        for name, value in self.fields.items():
            draft.set_metadata(name, value)


class ElementPut(Change, frozen=True, tag="e"):
    """A story element, added or with new content."""

    element: Element

    def onto(self, draft: StateBuilder) -> None:
        draft.put_element(self.element)


class ElementRemoved(Change, frozen=True, tag="e-"):
    """A removed story element."""

    element: str

    def onto(self, draft: StateBuilder) -> None:
        draft.remove_element(self.element)


class PersonaPut(Change, frozen=True, tag="p"):
    """A persona, added or with new content."""

    persona: Persona

    def onto(self, draft: StateBuilder) -> None:
        draft.put_persona(self.persona)


class PersonaRemoved(Change, frozen=True, tag="p-"):
    """A removed persona."""

    persona: str

    def onto(self, draft: StateBuilder) -> None:
        draft.remove_persona(self.persona)


class VersionLabelled(Change, frozen=True, tag="l"):
    """A version got a name; version None removes the name."""

    name: str
    version: int | None

    def onto(self, draft: StateBuilder) -> None:
        draft.label(self.name, self.version)


class LabelMarked(Change, frozen=True, tag="lm"):
    """A named draft got or lost its colour or lock."""

    name: str
    color: str | None
    locked: bool

    def onto(self, draft: StateBuilder) -> None:
        draft.mark(self.name, Mark(self.color, self.locked))


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
    draft = StateBuilder(state)
    for change in delta:
        change.onto(draft)
    return draft.finish()


def advance_through(state: State, deltas: Iterable[Iterable[Change]]) -> State:
    """The state after all deltas, one version each. The cost depends only on what differs at the end."""
    draft = StateBuilder(state)
    for delta in deltas:
        for change in delta:
            change.onto(draft)
        draft.version += 1
    draft.version -= 1
    return draft.finish()


def encode_delta(delta: Delta) -> bytes:
    """A delta as the JSON bytes that are stored."""
    return _encoder.encode(delta)


def decode_delta(data: bytes) -> Delta:
    """A stored delta; Corrupt where the bytes are invalid."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Corrupt(f"a stored delta cannot be read: {error}") from error
