"""Script commands between two legacy saves: what an editor would have sent to get from one to the next.

Only the lines between the common beginning and end of both saves are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec import UNSET

from backfill.translate.difference import difference
from domain.commands.base import Command, Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.script_replace import ScriptReplace
from domain.commands.line_list import resolve
from domain.commands.line_matching import align
from domain.commands.state_diff import commands_to
from domain.script.line import Line
from domain.script.state import State

# A save that needs more commands, such as one in another format, becomes one script.replace.
MAX_COMMANDS: Final = 500


def matched(old: Sequence[Line], new: Sequence[Line]) -> tuple[Line, ...]:
    """The new lines, those without ids of their own with the ids of the old lines that they match.

    Lines that match none keep their ids, which must not be in use.
    """
    start, old_end, new_end = difference([_content(line) for line in old], [_content(line) for line in new])
    before = {line.id: line for line in old[start:old_end]}
    aligned = align(old[start:old_end], new[start:new_end])
    middle = (before[entry] if isinstance(entry, str) else entry for entry in aligned)
    return (*old[:start], *middle, *old[old_end:])


def save_commands(state: State, old: Sequence[Line], new: Sequence[Line]) -> tuple[Command, ...]:
    """The commands from the old lines, which the state has, to the new ones; their ids are unique.

    Ids that were removed earlier and return are revived.
    """
    start, old_end, new_end = difference(old, new)
    before, after = old[start:old_end], new[start:new_end]
    kept = _kept_in_order(before, after)
    if kept is None:
        # Lines moved.
        commands = commands_to(state, resolve(state, new), _revives(state, after))
    else:
        neighbours = (old[start - 1].id if start else None, old[old_end].id if old_end < len(old) else None)
        commands = tuple(_window_commands(state, before, after, kept, neighbours))
    if len(commands) > MAX_COMMANDS and _revives(state, after) is None:
        return (ScriptReplace(lines=resolve(state, new), confirm_shrink=True),)
    return commands


def _content(line: Line) -> tuple[object, ...]:
    return line.format, line.text, line.sep, line.attrs


def _kept_in_order(before: Sequence[Line], after: Sequence[Line]) -> dict[str, Line] | None:
    """The old lines that stay, by id; None if some change places."""
    old = {line.id: line for line in before}
    kept = {line.id: old[line.id] for line in after if line.id in old}
    return kept if [line.id for line in before if line.id in kept] == list(kept) else None


def _window_commands(
    state: State,
    before: Sequence[Line],
    after: Sequence[Line],
    kept: dict[str, Line],
    neighbours: tuple[str | None, str | None],
) -> Iterator[Command]:
    removed = tuple(Target(line.id, state.content_hash("line", line.id)) for line in before if line.id not in kept)
    if removed:
        yield LinesDelete(lines=removed)
    for line in after:
        if line.id in kept and kept[line.id] != line:
            yield _edit(state, kept[line.id], line)
    yield from _insertions(state, after, kept, neighbours)


def _edit(state: State, old: Line, new: Line) -> LineEdit:
    return LineEdit(
        line=old.id,
        expect=state.content_hash("line", old.id),
        format=UNSET if new.format == old.format else new.format,
        text=UNSET if new.text == old.text else new.text,
        sep=UNSET if new.sep == old.sep else new.sep,
        attrs=UNSET if new.attrs == old.attrs else new.attrs,
    )


def _insertions(
    state: State, after: Sequence[Line], kept: dict[str, Line], neighbours: tuple[str | None, str | None]
) -> Iterator[LinesInsert]:
    in_place = [-1, *(place for place, line in enumerate(after) if line.id in kept), len(after)]
    for left, right in pairwise(in_place):
        lines = tuple(after[left + 1 : right])
        if lines:
            yield LinesInsert(
                after=after[left].id if left >= 0 else neighbours[0],
                before=after[right].id if right < len(after) else neighbours[1],
                lines=lines,
                revives=_revives(state, lines),
            )


def _revives(state: State, lines: Sequence[Line]) -> int | None:
    """The version after which every line that returns was removed; None if none returns."""
    removals = [version for line in lines if (version := state.retired.get(line.id)) is not None]
    return min(removals) - 1 if removals else None
