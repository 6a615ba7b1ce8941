"""State diff: the small, guarded commands between two states, for the undo of a whole-script command."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET

from domain.commands.base import Command, Target
from domain.commands.elements_and_personas import differences
from domain.commands.kinds.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.kinds.persona import PersonaAdd, PersonaRemove, PersonaUpdate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.line_list import Resolved, lines_delta, resolve
from domain.script.delta import LineChanged, LinesInserted, LinesMoved, LinesRemoved, advance
from domain.script.metadata import changed_fields
from domain.script.state import EDGE, State


def commands_to(state: State, resolved: Resolved, revives: int | None = None) -> tuple[Command, ...]:
    """The line commands that turn a state's lines into the resolved ones, guarded for that state."""
    return tuple(_line_commands(state, resolved, revives))


def commands_between(start: State, goal: State) -> tuple[Command, ...]:
    """The commands that turn one state of a script into another, earlier one, guarded for the start."""
    return (
        *_metadata_commands(start, goal),
        *commands_to(start, resolve(start, goal.lines()), revives=goal.version),
        *_element_commands(start, goal),
        *_persona_commands(start, goal),
    )


def _line_commands(state: State, resolved: Resolved, revives: int | None) -> Iterator[Command]:
    guarded: set[str] = set()

    def targets(ids: tuple[str, ...]) -> tuple[Target, ...]:
        # Only the first command that touches a line needs its hash.
        result = tuple(Target(name, None if name in guarded else state.content_hash("line", name)) for name in ids)
        guarded.update(ids)
        return result

    for change in lines_delta(state, resolved, revives):
        if isinstance(change, LinesRemoved):
            yield LinesDelete(lines=targets(change.lines))
        elif isinstance(change, LineChanged):
            yield _line_edit(change, targets((change.line,))[0])
        elif isinstance(change, LinesMoved):
            # The place is never after one of the moved lines: that one would not have to move (see `in_order`).
            after, before = _around(state, change.after)
            yield LinesMove(lines=targets(change.lines), after=after, before=before)
        elif isinstance(change, LinesInserted):
            after, before = _around(state, change.after)
            yield LinesInsert(
                after=after,
                before=before,
                lines=change.lines,
                revives=revives if _revived(state, change) else None,
            )
        state = advance(state, (change,))


def _line_edit(change: LineChanged, target: Target) -> LineEdit:
    return LineEdit(
        line=target.id,
        expect=target.expect,
        format=UNSET if change.format is None else change.format,
        text=UNSET if change.text is None else change.text,
        sep=UNSET if change.sep is None else change.sep,
        attrs=UNSET if change.attrs is None else change.attrs,
    )


def _around(state: State, after: str) -> tuple[str | None, str | None]:
    before = state.nodes[after].after
    return (None if after == EDGE else after), (None if before == EDGE else before)


def _revived(state: State, change: LinesInserted) -> bool:
    return any(line.id in state.retired for line in change.lines)


def _metadata_commands(start: State, goal: State) -> Iterator[Command]:
    if fields := changed_fields(start.metadata, goal.metadata):
        yield ScriptSetMetadata(fields=fields, expect={name: start.metadata.get(name) for name in fields})


def _element_commands(start: State, goal: State) -> Iterator[Command]:
    removed_ids, put = differences(start.elements, goal.elements)
    for name in removed_ids:
        yield ElementRemove(element=name, expect=start.content_hash("element", name))
    for element in put:
        if element.id in start.elements:
            yield ElementUpdate(element=element, expect=start.content_hash("element", element.id))
        else:
            yield ElementAdd(element=element, revives=goal.version)


def _persona_commands(start: State, goal: State) -> Iterator[Command]:
    removed_ids, put = differences(start.personas, goal.personas)
    for name in removed_ids:
        yield PersonaRemove(persona=name, expect=start.content_hash("persona", name))
    for persona in put:
        if persona.id in start.personas:
            yield PersonaUpdate(persona=persona, expect=start.content_hash("persona", persona.id))
        else:
            yield PersonaAdd(persona=persona, revives=goal.version)
