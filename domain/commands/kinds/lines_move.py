"""lines.move: lines move to another place, such as a whole scene."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from domain.commands.base import Command, Guard, Target, command
from domain.commands.line_runs import removed_runs
from domain.commands.placement import find_place, require_line
from domain.refusals import BadPayload, MoveIntoItself
from domain.script.delta import Delta, LinesMoved
from domain.script.hashing import expect_hash
from domain.script.state import State
from domain.script.validation import check_ids, check_neighbours
from domain.script.work_limit import LOOK_UNITS


@command
class LinesMove(Command, frozen=True, tag="lines.move"):
    """Move lines, in the order given, between two neighbours; null is the start or the end of the script."""

    absolute = True

    lines: tuple[Target, ...]
    after: str | None
    before: str | None

    def check(self) -> None:
        if not self.lines:
            raise BadPayload(field="lines", problem="nothing to move")
        check_neighbours(self.after, self.before)
        check_ids("lines", [target.id for target in self.lines])
        for target in self.lines:
            if target.id in (self.after, self.before):
                raise MoveIntoItself(line=target.id)

    def guards(self) -> Iterable[Guard]:
        return [Guard("line", target.id, target.expect) for target in self.lines]

    def work(self, state: State) -> int:
        return len(self.lines) * LOOK_UNITS

    def apply(self, state: State) -> Delta:
        ids = tuple(target.id for target in self.lines)
        for line_id in ids:
            require_line(state, line_id)
        after = find_place(state, self.after, self.before, frozenset(ids)).after
        if all(state.nodes[first].after == second for first, second in pairwise((after, *ids))):
            return ()
        return (LinesMoved(ids, after),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return tuple(
            LinesMove(
                lines=tuple(Target(line_id, expect_hash(after.line(line_id))) for line_id in run.ids),
                after=run.after,
                before=run.before,
            )
            for run in removed_runs(before, [target.id for target in self.lines])
        )

    def note(self, state: State) -> str | None:
        moving = frozenset(target.id for target in self.lines)
        found_by = find_place(state, self.after, self.before, moving).found_by
        return None if found_by == "between" else f"placed:{found_by}"
