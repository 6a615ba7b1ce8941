"""Aligned lines: a whole scene that a model rewrote, as the few places in which it differs from the script."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from domain.commands.base import Command, Target
from domain.commands.kinds.line_edit import LineEdit
from domain.commands.kinds.lines_insert_and_delete import LinesDelete, LinesInsert
from domain.commands.line_list import in_order
from domain.commands.line_matching import align
from domain.proposals.model_output import NewLine, Replace
from domain.proposals.new_lines import new_lines
from domain.proposals.refusals import ModelOutputInvalid
from domain.proposals.shown_lines import ShownLines, folded
from domain.script.hashing import expect_hash
from domain.script.line import Line

# A temporary id of a new line; ids of a script hold no space.
_NEW = " {}"


def aligned(edit: Replace, shown: ShownLines, ids: Iterator[str]) -> list[tuple[Command, ...]]:
    """The commands that give lines the new content, one part for each place that changes.

    Raises:
        ModelOutputInvalid: the lines that it replaces are not known.
        LineNotShown, WrongLineHash, GuardMissing: it names a line that was not shown, or without its hash.
    """
    first, last = replaced(edit, shown)
    old = shown.lines[first - shown.first : last - shown.first + 1]
    new = list(new_lines(edit.lines, map(_NEW.format, range(len(edit.lines)))))
    return list(_Parts(old, new, shown, first).parts(ids))


def replaced(edit: Replace, shown: ShownLines) -> tuple[int, int]:
    """The positions of the first and the last line that an edit replaces.

    Raises:
        ModelOutputInvalid: they are not known.
        LineNotShown, WrongLineHash, GuardMissing: it names a line that was not shown, or without its hash.
    """
    if edit.first is not None and edit.last is not None:
        shown.guarded(edit.first.line, edit.first.expect)
        shown.guarded(edit.last.line, edit.last.expect)
        first, last = shown.position(edit.first.line), shown.position(edit.last.line)
        if first <= last:
            return first, last
        raise ModelOutputInvalid(field="replace", problem=f"line {last} is before line {first}")
    if edit.first is not None or edit.last is not None:
        raise ModelOutputInvalid(field="replace", problem="it needs both a first and a last line")
    found = _scenes(edit, shown)
    if found is None:
        raise ModelOutputInvalid(field="lines", problem="they name no lines that they replace")
    first, last = found
    if sum(first <= at <= last for at in shown.sections) > _sections(edit.lines):
        raise ModelOutputInvalid(
            field="lines", problem=f"they leave out a section between the lines {first} and {last}"
        )
    return found


def _scenes(edit: Replace, shown: ShownLines) -> tuple[int, int] | None:
    """The scene with the heading that the new lines begin with, up to the last one that they contain.

    Without a heading, all that is shown, if that is one scene.
    """
    headings = list(shown.headings)
    written = [at for at, line in enumerate(edit.lines) if line.format == "scene_heading"]
    if not written or written[0]:
        return (shown.first, shown.last) if len(headings) <= 1 and shown.lines else None
    names = [folded(edit.lines[at].text) for at in written]
    begin = _only(shown, names[0])
    if begin is None and headings == [shown.first] and len(written) == 1:
        begin = shown.first
    if begin is None:
        return None
    at = headings.index(begin)
    if [shown.headings[following] for following in headings[at + 1 : at + len(names)]] != names[1:]:
        return None
    return begin, _end(shown, headings[at + len(names) - 1], _sections(edit.lines[written[-1] :]))


def _only(shown: ShownLines, name: str) -> int | None:
    named = [at for at, words in shown.headings.items() if words == name]
    return named[0] if len(named) == 1 else None


def _end(shown: ShownLines, heading: int, sections: int) -> int:
    """The last line of a scene: before the next heading or section, after as many sections as were written with it."""
    for at in sorted([*shown.headings, *shown.sections]):
        if at <= heading:
            continue
        if at in shown.headings or not sections:
            return at - 1
        sections -= 1
    return shown.last


def _sections(lines: Sequence[NewLine]) -> int:
    return sum(line.format == "section" for line in lines)


class _Parts:
    """The places in which new lines differ from old ones."""

    def __init__(self, old: Sequence[Line], new: Sequence[Line], shown: ShownLines, first: int) -> None:
        self._old = old
        self._new = new
        self._shown = shown
        self._first = first

    def parts(self, ids: Iterator[str]) -> Iterator[tuple[Command, ...]]:
        """The commands of each place: neighbouring lines that change are one."""
        commands: list[Command] = []
        at = begin = 0
        for position, partner in [*self._partners(), (len(self._new), len(self._old))]:
            commands += self._gap(range(begin, partner), range(at, position), ids)
            changed = self._changed(self._old[partner], self._new[position]) if position < len(self._new) else []
            commands += changed
            if commands and not changed:
                yield tuple(commands)
                commands = []
            at, begin = position + 1, partner + 1

    def _partners(self) -> list[tuple[int, int]]:
        """The positions of the new lines that stay, and of the old lines that they were; in the same order."""
        places = {line.id: at for at, line in enumerate(self._old)}
        names = [entry if isinstance(entry, str) else entry.id for entry in align(self._old, self._new)]
        pairs = [(at, places[name]) for at, name in enumerate(names) if name in places]
        kept = in_order([old for _, old in pairs])
        return [pair for pair in pairs if pair[1] in kept]

    def _gap(self, old: range, new: range, ids: Iterator[str]) -> list[Command]:
        """Lines without partners: the old ones are deleted, the new ones inserted after the line before them."""
        commands: list[Command] = []
        if new:
            left, right = self._shown.neighbours_at(self._first - 1 + old.start)
            lines = tuple(_named(self._new[at], next(ids)) for at in new)
            commands.append(LinesInsert(after=left, before=right, lines=lines))
        if old:
            lines_gone = tuple(Target(line.id, expect_hash(line)) for line in self._old[old.start : old.stop])
            commands.append(LinesDelete(lines=lines_gone))
        return commands

    def _changed(self, old: Line, new: Line) -> list[Command]:
        if (old.format, old.text) == (new.format, new.text):
            return []
        form = UNSET if new.format == old.format else new.format
        return [LineEdit(line=old.id, expect=expect_hash(old), text=new.text, format=form)]


def _named(line: Line, line_id: str) -> Line:
    return Line(line_id, line.format, line.text, line.sep, line.attrs)
