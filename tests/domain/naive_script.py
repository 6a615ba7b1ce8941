"""Naive script: a list of lines, edited in the simplest way. The oracle for `domain.script.state`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from msgspec import UNSET

from domain.commands.base import Command
from domain.script.hashing import canonical_json
from domain.script.line import Line


class Refused(Exception):
    """The naive script refuses this command."""


class NaiveScript:
    """A script that searches and copies; it has no derived data."""

    def __init__(self) -> None:
        self.version = 0
        self.lines: list[Line] = []
        self.metadata: dict[str, Any] = {}
        self.things: dict[str, dict[str, Any]] = {"element": {}, "persona": {}}
        self.labels: dict[str, int] = {}
        self.marks: dict[str, tuple[str | None, bool]] = {}
        self.removed: dict[str, dict[str, int]] = {"line": {}, "element": {}, "persona": {}}

    def do(self, command: Command) -> bool:
        """Apply a command and return whether it changed anything."""
        before = self.content()
        self.version += 1
        DOERS[command.kind()](self, command)
        if self.content() == before:
            self.version -= 1
            return False
        return True

    def content(self) -> bytes:
        return canonical_json([self.lines, self.metadata, self.things, self.labels, self.marks])

    def ids(self) -> list[str]:
        return [line.id for line in self.lines]

    def at(self, line_id: str) -> int:
        require(line_id in self.ids())
        return self.ids().index(line_id)

    def require_new(self, kind: str, ids: Sequence[str], revives: int | None) -> None:
        for name in ids:
            require(name not in (self.ids() if kind == "line" else self.things[kind]))
            removed = self.removed[kind].get(name)
            require(removed is None or (revives is not None and removed > revives))
            self.removed[kind].pop(name, None)

    def retire(self, kind: str, name: str) -> None:
        self.removed[kind][name] = self.version

    def keep_lines(self, lines: Sequence[Line]) -> None:
        """Replace the lines by these."""
        for line_id in set(self.ids()) - {line.id for line in lines}:
            self.retire("line", line_id)
        self.lines = list(lines)

    def put_between(self, lines: Sequence[Line], after: str | None, before: str | None) -> None:
        """Insert lines between two neighbours, else after the first, else before the second."""
        pairs = list(pairwise([None, *self.ids(), None]))
        if (after, before) in pairs:
            at = pairs.index((after, before))
        elif after in self.ids():
            at = self.at(str(after)) + 1
        elif before in self.ids():
            at = self.at(str(before))
        elif after is None:
            at = 0
        else:
            require(before is None)
            at = len(self.lines)
        self.lines[at:at] = lines

    def resolve(self, resolved: Sequence[str | Line], revives: int | None = None) -> None:
        known = {line.id: line for line in self.lines}
        for entry in resolved:
            require(not isinstance(entry, str) or entry in known)
        new = [entry.id for entry in resolved if isinstance(entry, Line) and entry.id not in known]
        self.require_new("line", new, revives)
        self.keep_lines([known[entry] if isinstance(entry, str) else entry for entry in resolved])

    def keep_things(self, kind: str, things: Sequence[Any], revives: int) -> None:
        wanted = {thing.id: thing for thing in things}
        self.require_new(kind, [name for name in wanted if name not in self.things[kind]], revives)
        for name in self.things[kind].keys() - wanted.keys():
            self.retire(kind, name)
        self.things[kind] = wanted


def require(holds: bool) -> None:
    if not holds:
        raise Refused


def create(script: NaiveScript, command: Any) -> None:
    require(script.version == 1)
    script.metadata = {"status": "draft"} | command.metadata | {"title": command.title}
    if command.owner is not None:
        script.metadata["owner"] = command.owner
    script.lines = list(command.lines)


def set_metadata(script: NaiveScript, command: Any) -> None:
    for name, value in command.fields.items():
        if value is None:
            script.metadata.pop(name, None)
        else:
            script.metadata[name] = value


def archive(script: NaiveScript, _: Any) -> None:
    script.metadata["archived"] = True


def unarchive(script: NaiveScript, _: Any) -> None:
    script.metadata.pop("archived", None)


def replace(script: NaiveScript, command: Any) -> None:
    before = [line.id for line in script.lines if line.text.strip()]
    script.resolve(command.lines)
    remaining = [line.id for line in script.lines if line.text.strip()]
    dropped = [name for name in before if name not in remaining]
    require(command.confirm_shrink or len(dropped) <= len(before) / 2)


def restore(script: NaiveScript, command: Any) -> None:
    require(1 <= command.version < script.version)
    preserved = {name: script.metadata[name] for name in ("archived", "owner") if name in script.metadata}
    script.metadata = command.metadata | preserved
    script.resolve(command.lines, command.version)
    script.keep_things("element", command.elements, command.version)
    script.keep_things("persona", command.personas, command.version)


def insert(script: NaiveScript, command: Any) -> None:
    script.require_new("line", [line.id for line in command.lines], command.revives)
    script.put_between(command.lines, command.after, command.before)


def delete(script: NaiveScript, command: Any) -> None:
    ids = [target.id for target in command.lines]
    for name in ids:
        require(name in script.removed["line"] or name in script.ids())
    script.keep_lines([line for line in script.lines if line.id not in ids])


def move(script: NaiveScript, command: Any) -> None:
    moving = [script.lines[script.at(target.id)] for target in command.lines]
    script.lines = [line for line in script.lines if line not in moving]
    script.put_between(moving, command.after, command.before)


def edit(script: NaiveScript, command: Any) -> None:
    at = script.at(command.line)
    old = script.lines[at]
    new = {name: getattr(command, name) for name in ("format", "text", "sep", "attrs")}
    content = {name: getattr(old, name) if value is UNSET else value for name, value in new.items()}
    script.lines[at] = Line(old.id, **content)


def splice(script: NaiveScript, command: Any) -> None:
    at = script.at(command.line)
    old = script.lines[at]
    characters = list(old.text)
    require(command.at + command.delete <= len(characters))
    characters[command.at : command.at + command.delete] = command.insert
    script.lines[at] = Line(old.id, old.format, "".join(characters), old.sep, old.attrs)


def split(script: NaiveScript, command: Any) -> None:
    at = script.at(command.line)
    script.require_new("line", [command.new_id], command.revives)
    old = script.lines[at]
    require(command.at <= len(old.text))
    form = old.format if command.format is UNSET else command.format
    script.lines[at : at + 1] = [
        Line(old.id, old.format, old.text[: command.at], command.sep, old.attrs),
        Line(command.new_id, form, old.text[command.at :], old.sep, command.attrs),
    ]


def merge(script: NaiveScript, command: Any) -> None:
    at = script.at(command.line)
    require(script.at(command.next) == at + 1)
    one, two = script.lines[at : at + 2]
    script.lines[at : at + 2] = [Line(one.id, one.format, one.text + two.text, two.sep, one.attrs)]
    script.retire("line", two.id)


def add(kind: str) -> Callable[[NaiveScript, Any], None]:
    def do(script: NaiveScript, command: Any) -> None:
        thing = getattr(command, kind)
        script.require_new(kind, [thing.id], command.revives)
        script.things[kind][thing.id] = thing

    return do


def update(kind: str) -> Callable[[NaiveScript, Any], None]:
    def do(script: NaiveScript, command: Any) -> None:
        thing = getattr(command, kind)
        require(thing.id in script.things[kind])
        script.things[kind][thing.id] = thing

    return do


def remove(kind: str) -> Callable[[NaiveScript, Any], None]:
    def do(script: NaiveScript, command: Any) -> None:
        name = getattr(command, kind)
        require(name in script.things[kind] or name in script.removed[kind])
        if script.things[kind].pop(name, None):
            script.retire(kind, name)

    return do


def label(script: NaiveScript, command: Any) -> None:
    was, wanted = script.marks.get(command.name, (None, False)), (command.color, command.locked)
    is_same = script.labels.get(command.name) == command.version and was == wanted
    require(is_same or command.unlock or not was[1])
    if command.version is None:
        require(command.name in script.labels)
        del script.labels[command.name]
    else:
        require(1 <= command.version < script.version)
        require(script.labels.setdefault(command.name, command.version) == command.version)
    script.marks.pop(command.name, None)
    if wanted != (None, False):
        script.marks[command.name] = wanted


DOERS: dict[str, Callable[[NaiveScript, Any], None]] = {
    "script.create": create,
    "script.set_metadata": set_metadata,
    "script.archive": archive,
    "script.unarchive": unarchive,
    "script.replace": replace,
    "script.restore": restore,
    "lines.insert": insert,
    "lines.delete": delete,
    "lines.move": move,
    "line.edit": edit,
    "line.splice": splice,
    "line.split": split,
    "line.merge": merge,
    "element.add": add("element"),
    "element.update": update("element"),
    "element.remove": remove("element"),
    "persona.add": add("persona"),
    "persona.update": update("persona"),
    "persona.remove": remove("persona"),
    "version.label": label,
}
