"""State builder: applies changes to a state and builds the next one. Only changes write to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeVar, cast

from immutables import Map, MapMutation

from domain.errors import Corrupt
from domain.script import hashing
from domain.script.line import Line
from domain.script.state import (
    EDGE,
    PLAIN,
    DescribedKind,
    Element,
    Mark,
    Node,
    Persona,
    State,
    Value,
    line_size,
    retired_key,
)
from domain.script.work_limit import LINE_UNITS, TEXT_PASSES, text_units

V = TypeVar("V")


class StateBuilder:
    """The next state under construction: every method keeps neighbours, ids and the state hash consistent.

    Raises:
        Corrupt: a change names a missing id, or inserts an existing one. A command never causes this: its `apply`
            refuses first. A stored delta that does is damaged.
    """

    __slots__ = (
        *("version", "_hash", "_nodes", "_old_nodes", "_terms"),
        *("_metadata", "_elements", "_personas", "_retired", "_labels", "_marks", "_characters", "_written"),
    )

    def __init__(self, state: State) -> None:
        self.version = state.version + 1
        self._hash = state.hash
        self._nodes: MapMutation[str, Node] = state.nodes.mutate()
        # Lines that were written or got another neighbour, as they were when the hash was last updated: a line written
        # many times until the next update is hashed once.
        self._old_nodes: dict[str, Node | None] = {}
        # Terms of the lines hashed here, so that the next change of such a line need not hash the old content.
        self._terms: dict[str, int] = {}
        self._metadata = state.metadata
        self._elements = state.elements
        self._personas = state.personas
        self._retired = state.retired
        self._labels = state.labels
        self._marks = state.marks
        self._characters = state.characters
        self._written = 0

    def units(self) -> int:
        """The units of work written since the state was last read."""
        return len(self._old_nodes) * LINE_UNITS + self._written * TEXT_PASSES

    def finish(self) -> State:
        """Return the next state; the builder must not be used afterwards."""
        return self._state(self._nodes.finish())

    def so_far(self) -> State:
        """Return the next state, valid until the builder is written to again, perhaps for the version after it.

        It costs only its hash; a lasting state costs a new path through the map for each line written.
        """
        # A mutation has the read methods of a map.
        return self._state(cast("Map[str, Node]", self._nodes))

    def line(self, line_id: str) -> Line:
        return self._node(line_id).line

    def after(self, line_id: str) -> str:
        """The id of the next line."""
        return self._node(line_id).after

    @property
    def metadata(self) -> Map[str, Value]:
        """The metadata so far."""
        return self._metadata

    def lines(self) -> Iterator[Line]:
        """The lines so far, first to last, while nothing is written."""
        name = self.following(EDGE)
        while name != EDGE:
            node = self._nodes[name]
            yield node.line
            name = node.after

    def following(self, line_id: str) -> str:
        """The id of the line after this one; of `EDGE` that of the first line, of the last one and of others `EDGE`."""
        node = self._nodes.get(line_id)
        return EDGE if node is None else node.after

    def insert(self, after: str, lines: Sequence[Line]) -> None:
        """Insert new lines after the line `after`."""
        self._require_place(after)
        for line in lines:
            if line.id in self._nodes:
                raise Corrupt(f"line {line.id!r} is inserted twice")
            self._old_nodes.setdefault(line.id, None)
            self._written += text_units(line.text)
            self._retired = self._retired.without(line.id)
            self._nodes[line.id] = Node(line, EDGE, EDGE, self.version)
        self._link(after, [line.id for line in lines])

    def rewrite(self, line: Line) -> None:
        """Replace the content of a line."""
        node = self._node(line.id)
        self._old_nodes.setdefault(line.id, node)
        self._written += text_units(line.text)
        self._nodes[line.id] = Node(line, node.before, node.after, self.version)

    def remove(self, line_ids: Iterable[str]) -> None:
        """Remove lines; their ids are retired."""
        line_ids = tuple(line_ids)
        for line_id in line_ids:
            self._old_nodes.setdefault(line_id, self._node(line_id))
            self._unlink(line_id)
            del self._nodes[line_id]
        self._retired = self._retired.and_all(line_ids, self.version)

    def move(self, line_ids: Sequence[str], after: str) -> None:
        """Move lines, in the order given, to after the line `after`, which is none of them."""
        self._require_place(after)
        if len({after, *line_ids}) <= len(line_ids):
            raise Corrupt(f"lines move after themselves, or twice, in version {self.version}")
        for line_id in line_ids:
            self._unlink(line_id)
        self._link(after, line_ids)

    def set_metadata(self, name: str, value: Value | None) -> None:
        """Set a metadata field; None removes it."""
        old = self._metadata.get(name)
        if old is not None:
            self._hash -= hashing.named_term("metadata", name, old)
            self._metadata = self._metadata.delete(name)
        if value is not None:
            self._hash += hashing.named_term("metadata", name, value)
            self._metadata = self._metadata.set(name, value)

    def put_element(self, element: Element) -> None:
        """Add a story element, or replace the content of one."""
        self._exchange("element", element.id, self._elements.get(element.id), element)
        self._elements = self._elements.set(element.id, element)

    def remove_element(self, element_id: str) -> None:
        """Remove a story element; its id is retired."""
        self._exchange("element", element_id, self._elements.get(element_id), None)
        self._elements = self._elements.delete(element_id)

    def put_persona(self, persona: Persona) -> None:
        """Add a persona, or replace the content of one."""
        self._exchange("persona", persona.id, self._personas.get(persona.id), persona)
        self._personas = self._personas.set(persona.id, persona)

    def remove_persona(self, persona_id: str) -> None:
        """Remove a persona; its id is retired."""
        self._exchange("persona", persona_id, self._personas.get(persona_id), None)
        self._personas = self._personas.delete(persona_id)

    def label(self, name: str, version: int | None) -> None:
        """Name a version; None removes the name and its mark."""
        if version is None:
            self._labels, self._marks = _without(self._labels, name), _without(self._marks, name)
        else:
            self._labels = self._labels.set(name, version)

    def mark(self, name: str, mark: Mark) -> None:
        """Set the colour and lock of a named draft."""
        self._marks = _without(self._marks, name) if mark == PLAIN else self._marks.set(name, mark)

    def _node(self, line_id: str) -> Node:
        node = self._nodes.get(line_id)
        if node is None or line_id == EDGE:
            raise Corrupt(f"line {line_id!r} is not in version {self.version - 1}")
        return node

    def _require_place(self, after: str) -> None:
        if after not in self._nodes:
            raise Corrupt(f"line {after!r} is not in version {self.version - 1}")

    def _link(self, after: str, line_ids: Sequence[str]) -> None:
        following = self._nodes[after].after
        for first, second in pairwise((after, *line_ids, following)):
            self._join(first, second)

    def _unlink(self, line_id: str) -> None:
        node = self._node(line_id)
        self._join(node.before, node.after)

    def _join(self, first: str, second: str) -> None:
        left = self._nodes[first]
        self._old_nodes.setdefault(first, left)
        self._nodes[first] = Node(left.line, left.before, second, left.version)
        right = self._nodes[second]
        self._nodes[second] = Node(right.line, first, right.after, right.version)

    def _state(self, nodes: Map[str, Node]) -> State:
        self._update_hash()
        return State(
            self.version,
            self._hash,
            nodes,
            self._metadata,
            self._elements,
            self._personas,
            self._retired,
            self._labels,
            self._marks,
            self._characters,
        )

    def _update_hash(self) -> None:
        """Update the state hash: subtract the old terms of changed lines and neighbours, add the new ones."""
        total, terms = self._hash, self._terms
        for line_id, old in self._old_nodes.items():
            new = self._nodes.get(line_id)
            if old is None or new is None or old.line is not new.line:
                if old is not None:
                    self._characters -= line_size(old.line)
                    known = terms.pop(line_id, None)
                    total -= hashing.line_term(old.line) if known is None else known
                if new is not None:
                    self._characters += line_size(new.line)
                    terms[line_id] = term = hashing.line_term(new.line)
                    total += term
            if old is None or new is None or old.after != new.after:
                total -= hashing.neighbour_term(line_id, old.after) if old else 0
                total += hashing.neighbour_term(line_id, new.after) if new else 0
        self._old_nodes.clear()
        self._written = 0
        self._hash = total % hashing.STATE_MODULUS

    def _exchange(
        self,
        kind: DescribedKind,
        name: str,
        old: Element | Persona | None,
        new: Element | Persona | None,
    ) -> None:
        key = retired_key(kind, name)
        if old is not None:
            self._hash -= hashing.named_term(kind, name, old)
        if new is not None:
            self._hash += hashing.named_term(kind, name, new)
            self._retired = self._retired.without(key)
        elif old is None:
            raise Corrupt(f"{kind} {name!r} is not in version {self.version - 1}")
        else:
            self._retired = self._retired.and_all((key,), self.version)


def _without(entries: Map[str, V], key: str) -> Map[str, V]:
    return entries.delete(key) if key in entries else entries
