"""Runs: neighbouring lines, and the lines around them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from domain.script.state import EDGE, State


class Run(NamedTuple):
    """Neighbouring lines, and the remaining lines around them (None at either end of the script)."""

    after: str | None
    before: str | None
    ids: tuple[str, ...]


def removed_runs(state: State, ids: Iterable[str]) -> list[Run]:
    """The given lines as maximal runs, ordered by the first given line of each."""
    given = tuple(ids)
    chosen = frozenset(given)
    done: set[str] = set()
    runs = []
    for name in given:
        if name in done:
            continue
        first = name
        while (previous := state.nodes[first].before) in chosen:
            first = previous
        run = []
        here = first
        while here in chosen:
            run.append(here)
            here = state.nodes[here].after
        done.update(run)
        before = state.nodes[first].before
        runs.append(Run(_edge_as_none(before), _edge_as_none(here), tuple(run)))
    return runs


def _edge_as_none(line_id: str) -> str | None:
    return None if line_id == EDGE else line_id
