"""Projection reader: the projections of a script as one consistent version, and their lag behind the head."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from msgspec.structs import astuple

from domain.errors import Conflict
from domain.script.hashing import canonical_json
from domain.script.state import PLAIN, Element, Persona, State
from repos.log.commands import Commands
from repos.log.heads import Heads
from repos.projections.projected_elements import NamedDraft, ProjectedThings
from repos.projections.projected_lines import Placed, ProjectedLines
from repos.projections.projections import Projections

MAX_READ_ATTEMPTS = 5


class ProjectionReader(Protocol):
    """A unit of work that can read projections, heads and commands."""

    @property
    def projections(self) -> Projections: ...
    @property
    def lines(self) -> ProjectedLines: ...
    @property
    def things(self) -> ProjectedThings: ...
    @property
    def heads(self) -> Heads: ...
    @property
    def commands(self) -> Commands: ...


class Projection(NamedTuple):
    """A script as its projections show it, all at one version; version 0 is empty."""

    version: int
    lines: list[Placed]
    elements: dict[str, Element]
    personas: dict[str, Persona]
    labels: dict[str, NamedDraft]

    def shows(self, state: State) -> bool:
        """Whether the projection equals a state exactly."""
        nodes = [state.nodes[line_id] for line_id in state.line_ids()]
        return (
            self.version == state.version
            and canonical_json([(*astuple(placed.line), placed.version) for placed in self.lines])
            == canonical_json([(*astuple(node.line), node.version) for node in nodes])
            and _says(map(astuple, self.elements.values())) == _says(map(astuple, state.elements.values()))
            and _says(map(astuple, self.personas.values())) == _says(map(astuple, state.personas.values()))
            and _says(_named(self.labels)) == _says(_named(named_drafts(state)))
        )


class Staleness(NamedTuple):
    """The lag of a script's projections: in versions, and in microseconds since the first missing version."""

    head: int
    projected: int
    behind: int
    micros: int


def named_drafts(state: State) -> dict[str, NamedDraft]:
    """The named drafts of a state, as the projections show them."""
    marks = {name: state.marks.get(name, PLAIN) for name in state.labels}
    return {name: NamedDraft(version, marks[name].color, marks[name].locked) for name, version in state.labels.items()}


def read_projection(tx: ProjectionReader, script_id: int) -> Projection:
    """The projections of a script, read again if they were updated during the read, so that all is at one version.

    Raises:
        Conflict: they were updated during every attempt.
    """
    shown = tx.projections.get(script_id)
    for _ in range(MAX_READ_ATTEMPTS):
        found = Projection(
            shown.version if shown else 0,
            list(tx.lines.read(script_id)),
            tx.things.elements(script_id),
            tx.things.personas(script_id),
            tx.things.labels(script_id),
        )
        before, shown = shown, tx.projections.get(script_id)
        if before == shown:
            return found
    raise Conflict(
        f"the projections of script {script_id} were updated while they were read, {MAX_READ_ATTEMPTS} times"
    )


def staleness(tx: ProjectionReader, script_id: int, now: int) -> Staleness:
    """How far the projections of a script are behind its head.

    Raises:
        UnknownScript: there is no such script.
    """
    head = tx.heads.require(script_id)
    shown = tx.projections.get(script_id)
    projected = shown.version if shown else 0
    first = tx.commands.get(script_id, projected + 1) if projected < head.version else None
    return Staleness(head.version, projected, max(0, head.version - projected), now - first.recorded_at if first else 0)


def _named(drafts: dict[str, NamedDraft]) -> Iterable[tuple[Any, ...]]:
    return ((name, *draft) for name, draft in drafts.items())


def _says(rows: Iterable[tuple[Any, ...]]) -> bytes:
    # Field by field: a struct leaves out a default only where it is the same object, and True must not be 1.
    return canonical_json(sorted(rows, key=lambda row: str(row[0])))
