"""Grouping of lines as in Final Draft: a paragraph with its summary and notes, and dual dialogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from domain.formats.fdx.layout import SPOKEN
from domain.formats.fdx.paragraph import CONTINUES
from domain.script.line import Line

# Formats that Final Draft would print as paragraphs; they become notes.
HIDDEN = frozenset({"note", "boneyard"})


class ExpectedParagraph(Struct, frozen=True):
    """A line to be written; `sep` is None where it is the default one."""

    line: Line
    sep: str | None


class Unit(Struct):
    """The lines of a paragraph (none for one that only holds notes), of its scene's summary, and of each note."""

    host: list[ExpectedParagraph]
    summary: list[ExpectedParagraph] = field(default_factory=list)
    notes: list[list[ExpectedParagraph]] = field(default_factory=list)

    @property
    def format(self) -> str | None:
        """The format of its paragraph."""
        return self.host[0].line.format if self.host else None

    @property
    def last(self) -> ExpectedParagraph:
        """Its last line."""
        return [*self.host, *self.summary, *(line for note in self.notes for line in note)][-1]

    @property
    def count(self) -> int:
        """How many lines it has."""
        return len(self.host) + len(self.summary) + sum(map(len, self.notes))


def units_of(wanted: Iterable[ExpectedParagraph]) -> list[Unit]:
    """The lines grouped into units, in order."""
    units: list[Unit] = []
    for expected in wanted:
        if not (units and _joins(units[-1], expected)):
            units.append(Unit([]) if expected.line.format in HIDDEN else Unit([expected]))
            if units[-1].host:
                continue
            _joins(units[-1], expected)
    return units


def _joins(unit: Unit, expected: ExpectedParagraph) -> bool:
    """Add a line to a unit if it belongs there, and return whether it does."""
    line, continues = expected.line, expected.line.attrs.get(CONTINUES) is True
    if line.format in HIDDEN:
        if unit.notes and continues:
            unit.notes[-1].append(expected)
        else:
            unit.notes.append([expected])
        return True
    if unit.notes:
        return False
    if line.format == "synopsis" and unit.format == "scene_heading":
        unit.summary.append(expected)
        return True
    if continues and not unit.summary and unit.format == line.format:
        unit.host.append(expected)
        return True
    return False


def dual_groups(units: Sequence[Unit]) -> Iterator[list[list[Unit]]]:
    """The units in groups: the speeches of one dual dialogue together, everything else alone."""
    group: list[list[Unit]] = []
    for block in _speeches(units):
        cue = block[0]
        dual = _is_cue(cue) and cue.host[0].line.attrs.get("dual") is True
        if group and dual and _is_cue(group[-1][0]):
            group.append(block)
            continue
        if group:
            yield group
        group = [block]
    if group:
        yield group


def _speeches(units: Sequence[Unit]) -> Iterator[list[Unit]]:
    block: list[Unit] = []
    for unit in units:
        if block and _is_cue(block[0]) and unit.format in SPOKEN:
            block.append(unit)
            continue
        if block:
            yield block
        block = [unit]
    if block:
        yield block


def _is_cue(unit: Unit) -> bool:
    return unit.format == "character" and len(unit.host) == 1
