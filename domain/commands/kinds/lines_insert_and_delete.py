"""lines.insert and lines.delete: insertion of lines between two neighbours, and deletion; the two undo each other."""

from __future__ import annotations

from collections.abc import Iterable

from domain.commands.base import Command, Guard, Target, command
from domain.commands.line_runs import removed_runs
from domain.commands.placement import find_place, require_line, require_new_ids
from domain.refusals import BadPayload
from domain.script.delta import Delta, LinesInserted, LinesRemoved
from domain.script.hashing import expect_hash
from domain.script.line import Line
from domain.script.state import State
from domain.script.validation import Count, check_ids, check_lines, check_neighbours


@command
class LinesInsert(Command, frozen=True, tag="lines.insert"):
    """Insert lines between two neighbours; null is the start or the end of the script.

    Both are named: where one was removed, or they are not neighbours any more, the other suffices and the answer
    names the one that was used. `revives` restores ids that were removed after that version, as an undo does.
    """

    after: str | None
    before: str | None
    lines: tuple[Line, ...]
    revives: Count | None = None

    def check(self) -> None:
        if not self.lines:
            raise BadPayload(field="lines", problem="nothing to insert")
        check_neighbours(self.after, self.before)
        check_lines("lines", self.lines)

    def apply(self, state: State) -> Delta:
        require_new_ids(state, [line.id for line in self.lines], self.revives)
        return (LinesInserted(find_place(state, self.after, self.before).after, self.lines),)

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        return (LinesDelete(lines=tuple(Target(line.id, expect_hash(line)) for line in self.lines)),)

    def note(self, state: State) -> str | None:
        found_by = find_place(state, self.after, self.before).found_by
        return None if found_by == "between" else f"placed:{found_by}"


@command
class LinesDelete(Command, frozen=True, tag="lines.delete"):
    """Delete lines, whose ids are never used again; those already removed count as done."""

    absolute = True

    lines: tuple[Target, ...]

    def check(self) -> None:
        if not self.lines:
            raise BadPayload(field="lines", problem="nothing to delete")
        check_ids("lines", [target.id for target in self.lines])

    def guards(self) -> Iterable[Guard]:
        return [Guard("line", target.id, target.expect) for target in self.lines]

    def apply(self, state: State) -> Delta:
        present = []
        for target in self.lines:
            if target.id not in state.retired:
                require_line(state, target.id)
                present.append(target.id)
        return (LinesRemoved(tuple(present)),) if present else ()

    def inverse(self, before: State, after: State) -> tuple[Command, ...]:
        removed_ids = [target.id for target in self.lines if before.has_line(target.id)]
        return tuple(
            LinesInsert(
                after=run.after,
                before=run.before,
                lines=tuple(before.line(line_id) for line_id in run.ids),
                revives=before.version,
            )
            for run in removed_runs(before, removed_ids)
        )
