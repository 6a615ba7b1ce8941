"""Projection builder: applies changes to the projection tables, and reads only the rows that they touch.

So updating a projection by a delta costs what the delta changed, however long the script is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.errors import Corrupt
from domain.script.line import Line
from domain.script.state import EDGE, PLAIN, Element, Mark, Persona, Value
from repos.database.driver_errors import DuplicateKey
from repos.projections.order_keys import keys_between, keys_spread
from repos.projections.projected_elements import NamedDraft
from repos.projections.projected_lines import Placed
from repos.projections.projections import ProjectionWork

# Lines to respace when no order key fits between two; four times as many if that is not enough.
FIRST_STRETCH = 64


class ProjectionBuilder:
    """The next projection under construction; `version` is that of the delta being written.

    Raises:
        Corrupt: a change names something the projection does not have; then it does not match any version.
    """

    def __init__(self, tx: ProjectionWork) -> None:
        self.version = 0
        self._tx = tx
        self._script = tx.script_id
        self._known: dict[str, Placed] = {}
        self._rewritten: set[str] = set()
        self._new_elements: dict[str, Element | None] = {}
        self._new_personas: dict[str, Persona | None] = {}
        self._new_labels: dict[str, NamedDraft | None] = {}

    def write(self) -> None:
        """Write the changes not written yet."""
        for line_id in self._rewritten:
            self._tx.lines.write(self._script, self._known[line_id])
        self._tx.things.put_elements(self._script, self._new_elements)
        self._tx.things.put_personas(self._script, self._new_personas)
        self._tx.things.put_labels(self._script, self._new_labels)

    def line(self, line_id: str) -> Line:
        return self._placed(line_id).line

    def after(self, line_id: str) -> str:
        following = self._tx.lines.behind(self._script, self._key(line_id), limit=1)
        return following[0][0] if following else EDGE

    def insert(self, after: str, lines: Sequence[Line]) -> None:
        keys = self._room_behind(after, len(lines))
        placed = [Placed(line, key, self.version) for line, key in zip(lines, keys, strict=True)]
        try:
            self._tx.lines.add(self._script, placed)
        except DuplicateKey as error:
            raise Corrupt(f"version {self.version} inserts a line that the projection has already") from error
        self._known.update((line.line.id, line) for line in placed)

    def rewrite(self, line: Line) -> None:
        self._known[line.id] = Placed(line, self._placed(line.id).key, self.version)
        self._rewritten.add(line.id)

    def remove(self, line_ids: Iterable[str]) -> None:
        gone = list(line_ids)
        self._tx.lines.remove(self._script, gone)
        for line_id in gone:
            self._known.pop(line_id, None)
            self._rewritten.discard(line_id)

    def move(self, line_ids: Sequence[str], after: str) -> None:
        self._place(dict(zip(line_ids, self._room_behind(after, len(line_ids), moving=line_ids), strict=True)))

    def set_metadata(self, name: str, value: Value | None) -> None:
        """Title and status are in `scripts`, written with the version itself."""

    def put_element(self, element: Element) -> None:
        self._new_elements[element.id] = element

    def remove_element(self, element_id: str) -> None:
        self._new_elements[element_id] = None

    def put_persona(self, persona: Persona) -> None:
        self._new_personas[persona.id] = persona

    def remove_persona(self, persona_id: str) -> None:
        self._new_personas[persona_id] = None

    def label(self, name: str, version: int | None) -> None:
        known = self._label(name) or NamedDraft(0, PLAIN.color, PLAIN.locked)
        self._new_labels[name] = None if version is None else known._replace(version=version)

    def mark(self, name: str, mark: Mark) -> None:
        known = self._label(name)
        if known is None:
            raise Corrupt(f"the projection has no draft {name!r}, which version {self.version} marks")
        self._new_labels[name] = known._replace(color=mark.color, locked=mark.locked)

    def _label(self, name: str) -> NamedDraft | None:
        if name not in self._new_labels:
            self._new_labels[name] = self._tx.things.label(self._script, name)
        return self._new_labels[name]

    def _placed(self, line_id: str) -> Placed:
        found = self._known.get(line_id) or self._tx.lines.get(self._script, line_id)
        if found is None:
            raise Corrupt(f"the projection has no line {line_id!r}, which version {self.version} names")
        self._known[line_id] = found
        return found

    def _key(self, line_id: str) -> int | None:
        return None if line_id == EDGE else self._placed(line_id).key

    def _room_behind(self, after: str, count: int, *, moving: Sequence[str] = ()) -> list[int]:
        """Order keys for `count` lines after a line; the `moving` lines count as already removed."""
        low = self._key(after)
        following = self._following(low, 1, moving)
        keys = keys_between(low, following[0][1] if following else None, count)
        return self._made_room_behind(low, count, moving) if keys is None else keys

    def _made_room_behind(self, low: int | None, count: int, moving: Sequence[str]) -> list[int]:
        stretch = FIRST_STRETCH
        while True:
            following = self._following(low, stretch + 1, moving)
            shifted = following[:stretch]
            high = following[stretch][1] if len(following) > stretch else None
            keys = keys_spread(low, high, count + len(shifted))
            if keys is not None:
                self._place(dict(zip([name for name, _ in shifted], keys[count:], strict=True)))
                return keys[:count]
            stretch *= 4

    def _following(self, low: int | None, limit: int, moving: Sequence[str]) -> list[tuple[str, int]]:
        skipped = set(moving)
        found = self._tx.lines.behind(self._script, low, limit=limit + len(skipped))
        return [(name, key) for name, key in found if name not in skipped][:limit]

    def _place(self, keys: dict[str, int]) -> None:
        self._tx.lines.place(self._script, keys)
        for line_id, key in keys.items():
            if line_id in self._known:
                self._known[line_id] = self._known[line_id]._replace(key=key)
