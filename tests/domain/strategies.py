"""Strategies for random scripts, and for random commands of every kind on them.

A command refers to lines and things of a script, or, when `wild`, to ids of a small pool, of which many were removed
or never existed. A kind without a maker here fails `test_every_kind_has_a_maker`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from domain.commands.base import Command
from domain.commands.kinds.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.line_splice import LineSplice
from domain.commands.kinds.line_split_and_merge import MergeLines, SplitLine
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.kinds.lines_move import LinesMove
from domain.commands.kinds.persona import PersonaAdd, PersonaRemove, PersonaUpdate
from domain.commands.kinds.script_archive_and_unarchive import ScriptArchive, ScriptUnarchive
from domain.commands.kinds.script_create import ScriptCreate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.kinds.version_label import VersionLabel
from domain.commands.line_matching import align
from domain.commands.registry import KINDS
from domain.commands.whole_script.script_replace import ScriptReplace
from domain.commands.whole_script.script_restore import restore_to
from domain.errors import Rejected
from domain.script.line import Line
from domain.script.state import PLAIN, Mark, State
from tests.domain.aim import (
    POOL,
    Aim,
    attrs,
    fates,
    maybe_attrs,
    maybe_formats,
    maybe_seps,
    maybe_texts,
    metadata,
    seps,
    some_fields,
    texts,
)
from tests.domain.folding import Step, take


def create(aim: Aim) -> Command:
    return ScriptCreate(
        title=aim.draw(texts),
        owner=aim.draw(st.none() | st.integers(1, 9)),
        metadata=aim.draw(metadata),
        lines=aim.new_lines(6),
    )


def set_metadata(aim: Aim) -> Command:
    fields = aim.draw(some_fields)
    return ScriptSetMetadata(fields=fields, expect={name: aim.state.metadata.get(name) for name in fields})


def replace(aim: Aim) -> Command:
    """Preserved, edited, removed and new lines, in any order."""
    entries: list[str | Line] = []
    for line_id in aim.draw(st.permutations(list(aim.state.line_ids()))):
        fate = aim.draw(fates)
        if fate == "stays":
            entries.append(line_id)
        elif fate == "edited":
            entries.append(aim.line_called(line_id))
    at = aim.draw(st.integers(0, len(entries)))
    entries[at:at] = aim.new_lines()
    return ScriptReplace(lines=tuple(entries), confirm_shrink=aim.draw(st.booleans()) if aim.wild else True)


def reimport(aim: Aim) -> Command:
    """The command of an importer: the lines with temporary ids, aligned with the script."""
    old = list(aim.state.lines())
    new = [Line(aim.new_id(), line.format, line.text, line.sep, line.attrs) for line in aim.draw(st.permutations(old))]
    return ScriptReplace(lines=align(old, [*new, *aim.new_lines()]), confirm_shrink=True)


def restore(aim: Aim) -> Command:
    goal = aim.draw(st.sampled_from([state for state in aim.states if state.exists]))
    return restore_to(aim.state, goal)


def insert(aim: Aim) -> Command:
    after, before = aim.neighbours()
    return LinesInsert(after=after, before=before, lines=aim.new_lines())


def revive(aim: Aim) -> Command:
    """The command of an undo: lines are restored with their ids."""
    removed = sorted(name for name in aim.state.retired if "/" not in name) or POOL
    ids = aim.draw(st.lists(st.sampled_from(removed), min_size=1, max_size=3, unique=True))
    after, before = aim.neighbours()
    return LinesInsert(
        after=after,
        before=before,
        lines=tuple(aim.line_called(name) for name in ids),
        revives=aim.draw(st.integers(0, aim.state.version)) if aim.wild else 0,
    )


def edit(aim: Aim) -> Command:
    line = aim.line()
    return LineEdit(
        line=line,
        expect=aim.expect("line", line),
        format=aim.draw(maybe_formats),
        text=aim.draw(maybe_texts),
        sep=aim.draw(maybe_seps),
        attrs=aim.draw(maybe_attrs),
    )


def splice(aim: Aim) -> Command:
    line = aim.line()
    length = len(aim.state.line(line).text) if aim.state.has_line(line) else 3
    at = aim.draw(st.integers(0, length + aim.wild))
    delete = aim.draw(st.integers(0, length - at if at < length else 0))
    return LineSplice(line=line, at=at, delete=delete, insert=aim.draw(texts), expect=aim.expect("line", line))


def split(aim: Aim) -> Command:
    line = aim.line()
    length = len(aim.state.line(line).text) if aim.state.has_line(line) else 3
    return SplitLine(
        line=line,
        expect=aim.expect("line", line),
        at=aim.draw(st.integers(0, length + aim.wild)),
        new_id=aim.new_id(),
        sep=aim.draw(seps),
        format=aim.draw(maybe_formats),
        attrs=aim.draw(attrs),
    )


def merge(aim: Aim) -> Command:
    pairs = [(line_id, aim.state.nodes[line_id].after) for line_id in aim.state.line_ids()]
    line, following = aim.draw(st.sampled_from(pairs[:-1] or [("w0", "w1")]))
    if aim.wild:
        line = aim.line()
    return MergeLines(
        line=line,
        next=following,
        expect=aim.expect("line", line),
        expect_next=aim.expect("line", following),
    )


def delete(aim: Aim) -> Command:
    return LinesDelete(lines=aim.targets(aim.some_lines()))


def move(aim: Aim) -> Command:
    ids = aim.some_lines()
    after, before = aim.neighbours(moving=ids)
    return LinesMove(lines=aim.targets(ids), after=after, before=before)


def element_add(aim: Aim) -> Command:
    return ElementAdd(element=aim.element_called(aim.new_id()))


def element_update(aim: Aim) -> Command:
    name = aim.element()
    return ElementUpdate(element=aim.element_called(name), expect=aim.expect("element", name))


def element_remove(aim: Aim) -> Command:
    name = aim.element()
    return ElementRemove(element=name, expect=aim.expect("element", name))


def persona_add(aim: Aim) -> Command:
    return PersonaAdd(persona=aim.persona_called(aim.new_id()))


def persona_update(aim: Aim) -> Command:
    name = aim.persona()
    return PersonaUpdate(persona=aim.persona_called(name), expect=aim.expect("persona", name))


def persona_remove(aim: Aim) -> Command:
    name = aim.persona()
    return PersonaRemove(persona=name, expect=aim.expect("persona", name))


def label(aim: Aim) -> Command:
    name = aim.draw(st.sampled_from(["first draft", "blue pages", *sorted(aim.state.labels)]))
    current, mark = aim.state.labels.get(name), aim.state.marks.get(name, PLAIN)
    unlock = aim.draw(st.booleans()) if aim.wild else mark.locked
    version = aim.draw(st.sampled_from([current, None]) if current else st.integers(1, aim.state.version + aim.wild))
    if aim.wild:
        version = aim.draw(st.none() | st.integers(1, aim.state.version + 1))
    if version is None:
        return VersionLabel(name=name, version=None, unlock=unlock)
    color, locked = aim.draw(st.sampled_from([None, "white", "second blue"])), aim.draw(st.booleans())
    if not aim.wild and (current, Mark(color, locked)) == (version, mark):
        locked = not locked
    return VersionLabel(name=name, version=version, color=color, locked=locked, unlock=unlock)


MAKERS: dict[str, tuple[Callable[[Aim], Command], ...]] = {
    "script.create": (create,),
    "script.set_metadata": (set_metadata,),
    "script.archive": (lambda _: ScriptArchive(),),
    "script.unarchive": (lambda _: ScriptUnarchive(),),
    "script.replace": (replace, reimport),
    "script.restore": (restore,),
    "lines.insert": (insert, revive),
    "lines.delete": (delete,),
    "lines.move": (move,),
    "line.edit": (edit,),
    "line.splice": (splice,),
    "line.split": (split,),
    "line.merge": (merge,),
    "element.add": (element_add,),
    "element.update": (element_update,),
    "element.remove": (element_remove,),
    "persona.add": (persona_add,),
    "persona.update": (persona_update,),
    "persona.remove": (persona_remove,),
    "version.label": (label,),
}

# Scripts, each as the list of its steps.
Scripts = Sequence[Sequence[Step]]

LATER_KINDS = sorted(KINDS.keys() - {"script.create"})


@st.composite
def command_at(draw: DrawFn, kind: str, states: Sequence[State], *, wild: bool = False) -> Command:
    """A command of a kind for the last of some states."""
    make = draw(st.sampled_from(MAKERS[kind]))
    return make(Aim(draw, states, wild=wild))


@st.composite
def histories(draw: DrawFn, limit: int = 10) -> list[Step]:
    """The steps of a script that has lines, a story element and a persona, and then up to `limit` commands more."""
    steps: list[Step] = []
    states = [State.empty()]
    opening = ["script.create", "lines.insert", "element.add", "persona.add"]
    for kind in opening + draw(st.lists(st.sampled_from(LATER_KINDS), max_size=limit)):
        try:
            step = take(states[-1], draw(command_at(kind, states)))
        except Rejected:
            continue
        if step.delta:
            steps.append(step)
            states.append(step.after)
    return steps
