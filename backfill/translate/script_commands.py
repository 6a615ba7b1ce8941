"""Script commands between two legacy saves: what an editor would have sent to get from one to the next.

Only the lines between the common beginning and end of both saves are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from msgspec import UNSET

from backfill.content.window import Window, difference
from backfill.translate.script_lines import with_new_ids
from domain.commands.base import Command, Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.line_list import resolve
from domain.commands.line_matching import align
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.commands.whole_script.state_diff import commands_to
from domain.script.line import Line
from domain.script.state import State

# A save that needs more commands, such as one in another format, becomes one script.replace.
MAX_COMMANDS: Final = 500


def matched(
    old: Sequence[Line], new: Sequence[Line], prefix: str, known: Window | None = None
) -> tuple[tuple[Line, ...], Window]:
    """The new lines, which have no ids, with the ids of the old lines that they match, and where they differ.

    Lines that match none are named after the prefix, which no other save has, and their place. `known` is a window
    outside of which the lines are equal but for their ids.
    """
    window = difference(old, new, known, _is_same)
    before, after = old[window.start : window.old_end], new[window.start : window.new_end]
    by_id = {line.id: line for line in before}
    aligned = align(before, with_new_ids(after, prefix, window.start + 1))
    middle = (by_id[entry] if isinstance(entry, str) else entry for entry in aligned)
    return (*old[: window.start], *middle, *old[window.old_end :]), window


def save_commands(
    state: State, old: Sequence[Line], new: Sequence[Line], known: Window | None = None
) -> tuple[Command, ...]:
    """The commands from the old lines, which the state has, to the new ones; their ids are unique.

    Ids that were removed earlier and return are revived. `known` is a window outside of which the lines are equal.
    """
    start, old_end, new_end = difference(old, new, known)
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


def _is_same(old: Line, new: Line) -> bool:
    """Whether two lines differ at most in their ids."""
    return (old.text, old.format, old.sep, old.attrs) == (new.text, new.format, new.sep, new.attrs)


def _kept_in_order(before: Sequence[Line], after: Sequence[Line]) -> dict[str, Line] | None:
    """The old lines that stay, by id; None if some change places."""
    old = {line.id: line for line in before}
    if list(old) == [line.id for line in after]:
        return old
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
        known = kept.get(line.id)
        if known is not None and known is not line and known != line:
            yield _edit(state, known, line)
    if len(kept) < len(after):
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
