"""Blame: who last wrote each line of a script (a person, or an AI with its model), and at which version.

A line that only moved keeps its author. The author of an undo is the author of the restored text.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from domain.script.line import Line
from domain.submissions.origin import Origin
from materialization.history.authorship import credits_of
from materialization.history.state_at import PathReader, state_at
from repos.log.authorship import Provenance


class BlameReader(PathReader, Protocol):
    """A unit of work that can read states and authorship."""

    @property
    def provenance(self) -> Provenance: ...


class BlamedLine(NamedTuple):
    """A line and who last wrote it; the fields are those of `Credit`."""

    line: Line
    version: int
    author: str
    actor: str
    model: str | None
    occurred_at: int
    origin: Origin | None = None


class Blame(NamedTuple):
    """The authors of a version of a script, line by line."""

    version: int
    lines: list[BlamedLine]

    def count(self, author: str) -> int:
        """The number of non-empty lines by an author."""
        return sum(1 for blamed in self.lines if blamed.author == author and blamed.line.text)

    @property
    def ai_share(self) -> float:
        """The share of non-empty lines written by an AI, from 0 to 1."""
        lines = sum(1 for blamed in self.lines if blamed.line.text)
        return self.count("ai") / lines if lines else 0.0


def blame(tx: BlameReader, script_id: int, version: int | None = None) -> Blame:
    """The last author of each line of a version; of the head if none is named.

    Raises:
        UnknownScript, UnknownVersion: there is no such version.
    """
    state = state_at(tx, script_id, version)
    nodes = [state.nodes[line_id] for line_id in state.line_ids()]
    credit = credits_of(tx, script_id, (node.version for node in nodes))
    return Blame(state.version, [BlamedLine(node.line, *credit[node.version]) for node in nodes])
