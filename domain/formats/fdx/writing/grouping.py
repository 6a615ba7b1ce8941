"""Grouping of lines as in Final Draft: a paragraph with its summary and notes, and dual dialogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct, field

from domain.formats.fdx.layout import SPOKEN
from domain.formats.fdx.paragraph import CONTINUES, JOINED
from domain.formats.fdx.writing.expected import ExpectedParagraph
from domain.formats.fountain.source import has_blank, is_blank
from domain.script.line import Line

# Formats that Final Draft would print as paragraphs; they become notes.
HIDDEN = frozenset({"note", "boneyard"})


class Unit(Struct):
    """The lines of a paragraph (none for one that only holds notes), of its scene's summary, and of each note.

    `before` is the page break above it, with the notes between the two.
    """

    host: list[ExpectedParagraph]
    summary: list[ExpectedParagraph] = field(default_factory=list)
    notes: list[list[ExpectedParagraph]] = field(default_factory=list)
    before: list[ExpectedParagraph] = field(default_factory=list)

    @property
    def format(self) -> str | None:
        """The format of its paragraph."""
        return self.host[0].line.format if self.host else None

    @property
    def last(self) -> ExpectedParagraph:
        """Its last line."""
        return self.lines[-1]

    @property
    def lines(self) -> list[ExpectedParagraph]:
        """Its lines, in order."""
        return [*self.before, *self.host, *self.summary, *(line for note in self.notes for line in note)]


def units_of(wanted: Iterable[ExpectedParagraph]) -> list[Unit]:
    """The lines grouped into units, in order."""
    units: list[Unit] = []
    for expected in wanted:
        if expected.line.format == "page_break":
            units.append(Unit([], before=[expected]))
        elif not (units and _joins(units[-1], expected)):
            units.append(Unit([]) if expected.line.format in HIDDEN else Unit([expected]))
            if not units[-1].host:
                _add_note(units[-1], expected)
    for unit in units:
        if not unit.host and unit.before:
            unit.before, hidden = unit.before[:1], unit.before[1:]
            for expected in hidden:
                _add_note(unit, expected)
    return units


def joined(units: Iterable[Unit]) -> list[bool]:
    """Whether each line is in the same paragraph as the line above."""
    return [0 < place - len(unit.before) < len(unit.host) for unit in units for place in range(len(unit.lines))]


def _joins(unit: Unit, expected: ExpectedParagraph) -> bool:
    """Add a line to a unit if it belongs there, and return whether it does."""
    line = expected.line
    if unit.before and not unit.host:
        (unit.before if line.format in HIDDEN else unit.host).append(expected)
        return True
    if line.format in HIDDEN:
        _add_note(unit, expected)
        return True
    if unit.notes:
        return False
    if line.format == "synopsis" and unit.format == "scene_heading":
        unit.summary.append(expected)
        return True
    if (
        not unit.summary
        and unit.format == line.format
        and (line.attrs.get(CONTINUES) is True or _is_next_line(unit.host[-1].line, line))
    ):
        unit.host.append(expected)
        return True
    return False


def _add_note(unit: Unit, expected: ExpectedParagraph) -> None:
    continues = expected.line.attrs.get(CONTINUES) is True
    if unit.notes and (
        continues or (expected.continues_span and unit.notes[-1][-1].line.format == expected.line.format)
    ):
        unit.notes[-1].append(expected)
    else:
        unit.notes.append([expected])


def _is_next_line(above: Line, line: Line) -> bool:
    """Whether two lines of the same format are a paragraph in Fountain."""
    return (
        line.format in JOINED
        and not has_blank(above.sep)
        and not is_blank(above.text)
        and not is_blank(line.text)
        and "fdx_paragraph" not in line.attrs
        and "fdx_other" not in line.attrs
    )


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
