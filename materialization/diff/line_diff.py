"""Line diff of two states of a script, by line ids, in the order of the lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from domain.commands.line_list import in_order
from domain.script.hashing import same
from domain.script.line import Line
from domain.script.metadata import RESERVED
from domain.script.state import State

Change = Literal["same", "changed", "added", "removed", "moved"]


class LineDiff(NamedTuple):
    """One line of either state: before (None if it is new) and after (None if it was removed).

    A moved line appears at its new position, whether or not its content changed too.
    """

    change: Change
    before: Line | None
    after: Line | None


class NamedDiff(NamedTuple):
    """A metadata field, story element or persona that differs; None where it does not exist."""

    kind: Literal["metadata", "element", "persona"]
    name: str
    before: Any
    after: Any


def diff_lines(before: State, after: State) -> list[LineDiff]:
    """Every line of two states of one script, with removed and added lines at their positions."""
    position = {name: at for at, name in enumerate(before.line_ids())}
    steady = in_order([position[name] for name in after.line_ids() if name in position])
    old = before.line_ids()
    found: list[LineDiff] = []
    fresh: list[LineDiff] = []
    for name in after.line_ids():
        line = after.line(name)
        if name not in position:
            fresh.append(LineDiff("added", None, line))
        elif position[name] not in steady:
            fresh.append(LineDiff("moved", before.line(name), line))
        else:
            # Removed lines come before the lines that replaced them.
            found += [*_left_before(name, old, before, after), *fresh]
            fresh.clear()
            found.append(LineDiff("same" if same(before.line(name), line) else "changed", before.line(name), line))
    return [*found, *_left_before(None, old, before, after), *fresh]


def diff_named(before: State, after: State) -> list[NamedDiff]:
    """The metadata fields, story elements and personas in which two states differ."""
    return [
        *_differences("metadata", _shown(before.metadata), _shown(after.metadata)),
        *_differences("element", before.elements, after.elements),
        *_differences("persona", before.personas, after.personas),
    ]


def _left_before(name: str | None, old: Iterator[str], before: State, after: State) -> Iterator[LineDiff]:
    for left in old:
        if left == name:
            return
        if not after.has_line(left):
            yield LineDiff("removed", before.line(left), None)


def _shown(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name not in RESERVED or name == "archived"}


def _differences(
    kind: Literal["metadata", "element", "persona"], old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[NamedDiff]:
    for name in sorted({*old, *new}):
        if not same(old.get(name), new.get(name)):
            yield NamedDiff(kind, name, old.get(name), new.get(name))
