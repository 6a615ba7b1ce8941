"""script.replace: an import, or a paste over everything."""

from __future__ import annotations

from domain.between import commands_between
from domain.command import Command, command
from domain.delta import Delta
from domain.refusals import ShrinkRefused
from domain.resolved import Resolved, check_resolved, ids_of, lines_delta
from domain.state import State


@command
class ScriptReplace(Command, frozen=True, tag="script.replace"):
    """Replace all lines by resolved ones: ids that stay, lines that are new, lines of known id with new content.

    Needs the head as its base. A replace that drops more than half of the lines, or leaves no text where there
    was some, is refused unless it says `confirm_shrink`.
    """

    needs_head = True
    absolute = True
    for_ai = False

    lines: Resolved
    confirm_shrink: bool = False

    def check(self) -> None:
        check_resolved("lines", self.lines)

    def apply(self, state: State) -> Delta:
        delta = lines_delta(state, self.lines)
        dropped = state.line_count - sum(name in state.nodes for name in ids_of(self.lines))
        if not self.confirm_shrink and (dropped * 2 > state.line_count or self._empties(state)):
            raise ShrinkRefused(dropped=dropped, lines=state.line_count)
        return delta

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return commands_between(after, before)

    def _empties(self, state: State) -> bool:
        texts = (state.line(entry).text if isinstance(entry, str) else entry.text for entry in self.lines)
        return not any(text.strip() for text in texts) and any(line.text.strip() for line in state.lines())
