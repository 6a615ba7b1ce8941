"""Placement of lines: a place between two named neighbours, resolved on a newer version of the script."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from domain.refusals import IdReused, LineRemoved, NeighboursGone, UnknownLine, UnknownVersion
from domain.script.line import Line
from domain.script.state import EDGE, GuardKind, State, retired_key
from domain.script.work_limit import text_units


class Place(NamedTuple):
    """The line before a place, and how it was found: between, after, before, start or end."""

    after: str
    found_by: str


def find_place(state: State, after: str | None, before: str | None, moving: Collection[str] = ()) -> Place:
    """The place between two neighbours (None is the start or the end), ignoring the lines that move.

    If both are still neighbours: between them. Else after `after` if it still exists, else before `before`; the start
    and the end always exist but are the least specific, so they come last.

    Raises:
        NeighboursGone: neither line is in the script.
    """
    nodes = state.nodes
    left, right = after or EDGE, before or EDGE
    if left in nodes and _next(state, left, moving) == right:
        return Place(left, "between")
    if left != EDGE and left in nodes:
        return Place(left, "after")
    if right != EDGE and right in nodes:
        return Place(_previous(state, right, moving), "before")
    if after is None:
        return Place(EDGE, "start")
    if before is None:
        return Place(_previous(state, EDGE, moving), "end")
    raise NeighboursGone(after=after, before=before)


def require_line(state: State, line_id: str) -> Line:
    """The line with this id; an id that is not in the state is refused.

    Raises:
        LineRemoved: it was one.
        UnknownLine: it never was.
    """
    node = state.nodes.get(line_id)
    if node is not None and line_id != EDGE:
        return node.line
    if line_id in state.retired:
        raise LineRemoved(line=line_id, version=state.retired[line_id])
    raise UnknownLine(line=line_id)


def reading_units(state: State, *line_ids: str) -> int:
    """The work of reading the text of some lines once; missing lines count nothing."""
    nodes, units = state.nodes, 0
    for name in line_ids:
        if (node := nodes.get(name)) is not None:
            units += text_units(node.line.text)
    return units


def require_version(state: State, version: int) -> None:
    """Refuse a version that the script does not have."""
    if not 1 <= version <= state.version:
        raise UnknownVersion(version=version, head=state.version)


def require_new_ids(state: State, ids: Iterable[str], revives: int | None = None, kind: GuardKind = "line") -> None:
    """Refuse ids that are or were in use, unless they were removed after the version `revives`.

    Raises:
        IdReused: names the first such id.
    """
    for name in ids:
        removed = state.retired.get(retired_key(kind, name))
        if state.has(kind, name) or (removed is not None and (revives is None or removed <= revives)):
            raise IdReused(id=name)


def _next(state: State, line_id: str, moving: Collection[str]) -> str:
    here = state.nodes[line_id].after
    while here in moving:
        here = state.nodes[here].after
    return here


def _previous(state: State, line_id: str, moving: Collection[str]) -> str:
    here = state.nodes[line_id].before
    while here in moving:
        here = state.nodes[here].before
    return here
