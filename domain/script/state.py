"""State of a script at one version.

A state is an immutable value on persistent maps: a change costs time proportional to what it changes, the state before
stays valid, and a refused submission is dropped by dropping a reference. Order is a ring of neighbours: every line has
the ids of the lines before and after it, and the empty id `EDGE` stands before the first and after the last.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from immutables import Map
from msgspec import Struct, field

from domain.script import hashing
from domain.script.line import Line
from domain.script.retired_ids import Retired

EDGE = ""

# A metadata field: title, status, author, tags, …
Value = str | int | bool | tuple[str, ...]

Source = Literal["user", "ai", "system"]

DescribedKind = Literal["element", "persona"]
GuardKind = Literal["line", "element", "persona"]


class Element(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A story element: what the story is about, not its text."""

    id: str
    type: str
    payload: dict[str, Any]
    source: Source = "user"


class Persona(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A described voice that belongs to the script."""

    id: str
    name: str
    description: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


class Node(Struct, frozen=True, gc=False):
    """A line, its neighbours, and the version that last wrote it."""

    line: Line
    before: str
    after: str
    version: int


class Mark(Struct, frozen=True, gc=False, omit_defaults=True):
    """Properties of a named draft in addition to its version: the colour of its pages, and whether it is locked."""

    color: str | None = None
    locked: bool = False


PLAIN = Mark()

# The placeholder line at `EDGE`, which is not a line of the script.
RING = Line(id=EDGE, format="general", text="", sep="")


class State(Struct, frozen=True):
    """The script after command `version`.

    `hash` is the state hash (128 bit). `retired` holds removed ids (see `retired_key`) with the version that removed
    them, because an id is never used again; `labels` holds the named drafts, `marks` their colours and locks;
    `characters` is the sum of `line_size` over all lines. None of these is content, so none is part of the hash.
    """

    version: int
    hash: int
    nodes: Map[str, Node]
    metadata: Map[str, Value]
    elements: Map[str, Element]
    personas: Map[str, Persona]
    retired: Retired
    labels: Map[str, int]
    marks: Map[str, Mark] = field(default_factory=Map)
    characters: int = 0

    @classmethod
    def empty(cls) -> State:
        """The script before its first command."""
        return cls(
            version=0,
            hash=hashing.neighbour_term(EDGE, EDGE),
            nodes=Map({EDGE: Node(RING, before=EDGE, after=EDGE, version=0)}),
            metadata=Map(),
            elements=Map(),
            personas=Map(),
            retired=Retired(),
            labels=Map(),
        )

    @property
    def exists(self) -> bool:
        """Whether the script has been created."""
        return self.version > 0

    @property
    def archived(self) -> bool:
        return self.metadata.get("archived", False) is True

    @property
    def line_count(self) -> int:
        return len(self.nodes) - 1

    def has_line(self, line_id: str) -> bool:
        return line_id != EDGE and line_id in self.nodes

    def line(self, line_id: str) -> Line:
        """The line with this id; KeyError where there is none."""
        return self.nodes[line_id].line

    def in_order(self) -> Iterator[Node]:
        """The lines in their places, first to last."""
        nodes = self.nodes
        here = nodes[EDGE].after
        while here != EDGE:
            node = nodes[here]
            yield node
            here = node.after

    def line_ids(self) -> Iterator[str]:
        """The ids of the lines, first to last."""
        return (node.line.id for node in self.in_order())

    def lines(self) -> Iterator[Line]:
        """The lines, first to last."""
        return (node.line for node in self.in_order())

    def text(self) -> str:
        """The whole script as one document."""
        return "".join([part for line in self.lines() for part in (line.text, line.sep)])

    def described(self, kind: DescribedKind) -> Map[str, Element] | Map[str, Persona]:
        """The story elements, or the personas, by id."""
        return self.elements if kind == "element" else self.personas

    def has(self, kind: GuardKind, name: str) -> bool:
        """Whether there is a line, story element or persona of this id."""
        return self.has_line(name) if kind == "line" else name in self.described(kind)

    def content_hash(self, kind: GuardKind, name: str) -> str | None:
        """The `expect` hash of a line, story element or persona as it is now; None where there is none."""
        if kind == "line":
            return hashing.expect_hash(self.line(name)) if self.has_line(name) else None
        content = self.described(kind).get(name)
        return hashing.expect_hash_of(kind, content) if content else None


def line_size(line: Line) -> int:
    """The characters of a line: its text, its line ends and its attributes."""
    size = len(line.text) + len(line.sep)
    if line.attrs:
        size += sum([len(name) + len(str(value)) for name, value in line.attrs.items()])
    return size


def retired_key(kind: GuardKind, name: str) -> str:
    """The key of a removed id in `State.retired`: no id holds a '/', so a line never collides with a story element."""
    return name if kind == "line" else f"{kind}/{name}"


def hash_from_scratch(state: State) -> int:
    """The state hash computed over the whole state, to compare with the one updated incrementally."""
    total = sum(hashing.neighbour_term(name, node.after) for name, node in state.nodes.items())
    total += sum(hashing.line_term(line) for line in state.lines())
    total += sum(hashing.named_term("metadata", name, value) for name, value in state.metadata.items())
    total += sum(hashing.named_term("element", name, value) for name, value in state.elements.items())
    total += sum(hashing.named_term("persona", name, value) for name, value in state.personas.items())
    return total % hashing.STATE_MODULUS
