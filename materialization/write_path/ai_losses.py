"""Losses of people's text caused by an AI's submission, computed from the objects it touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from domain.commands.kinds.element import ElementAdd, ElementRemove, ElementUpdate
from domain.commands.kinds.line_split_and_merge import SplitLine
from domain.commands.kinds.lines_insert_and_delete import LinesInsert
from domain.commands.kinds.persona import PersonaAdd, PersonaRemove, PersonaUpdate
from domain.commands.kinds.script_set_metadata import ScriptSetMetadata
from domain.commands.kinds.version_label import VersionLabel
from domain.script.hashing import canonical_json
from domain.script.printed_text import is_printed, letters
from domain.script.state import DescribedKind, Element, GuardKind, State, Value, retired_key
from materialization.write_path.decide import Verdict
from repos.proposals.ai_writings import Writing

Thing = tuple[GuardKind, str]
NOTHING: Final = ""


class Touched(NamedTuple):
    """What accepted commands name: lines, story elements and personas; metadata fields; named drafts."""

    things: frozenset[Thing]
    fields: frozenset[str]
    labels: frozenset[str]

    @property
    def keys(self) -> set[str]:
        """The keys under which AI writings of these objects are stored."""
        return {retired_key(kind, name) for kind, name in self.things}


class Losses(NamedTuple):
    """How many lines by people were removed, hidden or cut to less than half; other objects; and the AI's writings."""

    lines: int
    things: int
    written: dict[str, Writing]


def touched(verdict: Verdict) -> Touched:
    """The objects that a verdict's commands name."""
    things: set[Thing] = set()
    fields: set[str] = set()
    labels: set[str] = set()
    for _, step in verdict.applied:
        command = step.command
        things.update((guard.kind, guard.id) for guard in command.guards())
        match command:
            case LinesInsert():
                things.update(("line", line.id) for line in command.lines)
            case SplitLine():
                things.add(("line", command.new_id))
            case ElementAdd():
                things.add(("element", command.element.id))
            case PersonaAdd():
                things.add(("persona", command.persona.id))
            case ScriptSetMetadata():
                fields.update(command.fields)
            case VersionLabel():
                labels.add(command.name)
            case ElementUpdate() | ElementRemove() | PersonaUpdate() | PersonaRemove():
                pass  # their guards name them
    return Touched(frozenset(things), frozenset(fields), frozenset(labels))


def losses(start: State, end: State, touched: Touched, known: Mapping[str, Writing]) -> Losses:
    """The losses between two states; `known` holds earlier AI writings of the touched objects."""
    lines = things = 0
    written: dict[str, Writing] = {}
    for kind, name in touched.things:
        key = retired_key(kind, name)
        before, after = start.content_hash(kind, name), end.content_hash(kind, name)
        if before == after:
            continue
        people = _of_people(start, kind, name, known.get(key))
        if people and _stands(people, start, start, kind, name) and not _stands(people, start, end, kind, name):
            lines, things = lines + (kind == "line"), things + (kind != "line")
        if after is not None or people:
            written[key] = Writing(after or NOTHING, people)
    things += sum(_is_emptied(start.metadata.get(name), end.metadata.get(name)) for name in touched.fields)
    things += sum(name in start.labels and name not in end.labels for name in touched.labels)
    return Losses(lines, things, written)


def lines_of_people(state: State, known: Mapping[str, Writing]) -> int:
    """The number of lines that show text written by people."""
    own = {key for key, writing in known.items() if not writing.people and _is_own(state, "line", key, writing)}
    return sum(node.line.id not in own and letters(node.line.text) > 0 for node in state.in_order())


def things_of_people(state: State, known: Mapping[str, Writing]) -> int:
    """The number of story elements and personas that no AI added."""
    return _count(state, "element", state.elements, known) + _count(state, "persona", state.personas, known)


def _count(state: State, kind: DescribedKind, names: Iterable[str], known: Mapping[str, Writing]) -> int:
    each = ((name, known.get(retired_key(kind, name))) for name in names)
    return sum(found is None or found.people > 0 or not _is_own(state, kind, name, found) for name, found in each)


def _of_people(start: State, kind: GuardKind, name: str, known: Writing | None) -> int:
    """How much of an object people wrote, before and after any AI."""
    if known is not None and (not start.has(kind, name) or _is_own(start, kind, name, known)):
        return known.people
    return _size(start, kind, name)


def _is_own(state: State, kind: GuardKind, name: str, writing: Writing) -> bool:
    """Whether an object is still as an AI left it."""
    return state.content_hash(kind, name) == writing.content


def _stands(people: int, start: State, state: State, kind: GuardKind, name: str) -> bool:
    """Whether at least half of what people wrote remains, and is still printed if it was."""
    if 2 * _size(state, kind, name) < people:
        return False
    return kind != "line" or is_printed(state.line(name)) or not (start.has_line(name) and is_printed(start.line(name)))


def _size(state: State, kind: GuardKind, name: str) -> int:
    """The letters of a line; the content bytes of a story element or persona; 0 if it does not exist."""
    if not state.has(kind, name):
        return 0
    if kind == "line":
        return letters(state.line(name).text)
    thing = state.described(kind)[name]
    words = "" if isinstance(thing, Element) else thing.name + thing.description
    return len(words) + len(canonical_json(thing.payload))


def _is_emptied(before: Value | None, after: Value | None) -> bool:
    if before is None or before == after:
        return False
    if isinstance(after, str | tuple):
        return 2 * letters(_written(after)) < letters(_written(before))
    return after is None


def _written(value: Value) -> str:
    """The text of a metadata field; of a list, all its entries."""
    return " ".join(value) if isinstance(value, tuple) else str(value)
