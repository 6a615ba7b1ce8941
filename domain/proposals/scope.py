"""The scope of a proposal: one scene or a range of lines, or the whole script."""

from __future__ import annotations

from typing import NamedTuple

from domain.proposals.refusals import NoSuchLines, NoSuchScene
from domain.proposals.shown_lines import LineRange
from domain.script.state import State


class Scope(NamedTuple):
    """What an AI may edit: the scene with a number, or the lines from a position to another; at most one of them."""

    scene: str | None = None
    lines: LineRange | None = None


WHOLE_SCRIPT = Scope()


def lines_in(scope: Scope, state: State) -> LineRange | None:
    """The positions of the lines in a scope; None for the whole script.

    Raises:
        NoSuchScene, NoSuchLines: the version has no such scene or lines.
    """
    if scope.scene is not None:
        return _scene(scope.scene, state)
    if scope.lines is not None:
        first, last = scope.lines
        if not 1 <= first <= last <= state.line_count:
            raise NoSuchLines(version=state.version, count=state.line_count, first=first, last=last)
    return scope.lines


def _scene(number: str, state: State) -> LineRange:
    """From its heading to the line before the next one: by the number in it; where no heading has one, by its place."""
    lines = list(state.lines())
    headings = [at for at, line in enumerate(lines) if line.format == "scene_heading"]
    numbers = {at: lines[at].attrs["scene_number"] for at in headings if lines[at].attrs.get("scene_number")}
    named = [at for at, given in numbers.items() if given == number]
    if not numbers and number.isascii() and number.isdecimal() and 1 <= int(number[:9]) <= len(headings):
        named = [headings[int(number[:9]) - 1]]
    if not named:
        raise NoSuchScene(version=state.version, scene=number)
    first = named[0]
    ends = (at for at in range(first + 1, len(lines)) if lines[at].format in ("scene_heading", "section"))
    return LineRange(first + 1, next(ends, len(lines)))
