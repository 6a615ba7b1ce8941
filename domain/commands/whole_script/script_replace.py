"""script.replace: replaces all lines, as an import does."""

from __future__ import annotations

from collections.abc import Iterable

from domain.commands.base import Command, command
from domain.commands.line_list import Resolved, check_resolved, lines_delta, resolving_units
from domain.commands.whole_script.state_diff import commands_between
from domain.refusals import ShrinkRefused
from domain.script.delta import Delta
from domain.script.line import Line
from domain.script.state import State


@command
class ScriptReplace(Command, frozen=True, tag="script.replace"):
    """Replace all lines by resolved ones: ids of unchanged lines, new lines, and lines with new content.

    Needs the head as its base. A replace that drops or empties more than half of the lines of text is refused
    unless `confirm_shrink` is set.
    """

    needs_head = True
    absolute = True
    for_ai = False

    lines: Resolved
    confirm_shrink: bool = False

    def check(self) -> None:
        check_resolved("lines", self.lines)

    def work(self, state: State) -> int:
        return resolving_units(state, self.lines) + (0 if self.confirm_shrink else state.characters)

    def apply(self, state: State) -> Delta:
        delta = lines_delta(state, self.lines)
        if not self.confirm_shrink:
            self._require_most_stay(state)
        return delta

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return commands_between(after, before)

    def _require_most_stay(self, state: State) -> None:
        # Empty lines do not count: the one that a new script starts with may be dropped.
        now = _lines_of_text(state.lines())
        dropped = now - _lines_of_text(state.line(entry) if isinstance(entry, str) else entry for entry in self.lines)
        if len(dropped) * 2 > len(now):
            raise ShrinkRefused(dropped=len(dropped), lines=len(now))


def _lines_of_text(lines: Iterable[Line]) -> set[str]:
    return {line.id for line in lines if line.text and not line.text.isspace()}
