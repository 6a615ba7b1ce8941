"""Changes for people: the lines that differ in their scene, with one line around them, and the words that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from rich.console import RenderableType
from rich.text import Text

from cli import screen
from cli.page import shown
from domain.line import Line
from materialization.diff import LineDiff, NamedDiff

CONTEXT = 1
LIKE_ENOUGH = 0.5
"""Below this share of common words, two versions of a line read better one above the other."""

_WORDS = re.compile(r"\s+|\w+(?:[’']\w+)*|[^\w\s]")

SPEECH = ("dialogue", "parenthetical", "lyric")
INDENTS = {"character": 12, "parenthetical": 8, "dialogue": 4, "lyric": 4}

Row = tuple[str, Text]
"""A sign and a line."""


def changes(lines: Sequence[LineDiff], named: Iterable[NamedDiff]) -> RenderableType:
    """What differs between two states."""
    rows = [*_named(named), *_hunks(lines)]
    return screen.signed(rows) if rows else Text("Nothing differs.")


def words(before: str, after: str, *, coloured: bool) -> Text | None:
    """Both texts in one, with what went and what came marked; None where they have too little in common."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < LIKE_ENOUGH:
        return None
    text = Text()
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        gone, come = "".join(old[i1:i2]), "".join(new[j1:j2])
        if tag == "equal":
            text.append(gone)
            continue
        if gone:
            text.append(gone if coloured else f"[-{gone}-]", "red strike")
        if come:
            text.append(come if coloured else f"{{+{come}+}}", "green")
    return text


def _named(named: Iterable[NamedDiff]) -> Iterator[Row]:
    for each in named:
        yield " ", Text(f"{each.kind} {each.name}", "bold")
        if each.before is not None:
            yield "-", Text(str(each.before), "red")
        if each.after is not None:
            yield "+", Text(str(each.after), "green")


def _hunks(lines: Sequence[LineDiff]) -> Iterator[Row]:
    """The changed lines with their neighbours, under the heading of their scene."""
    near = _near_changes(lines)
    heading: Line | None = None
    announced: Line | None = None
    last = 0
    for at, each in enumerate(lines):
        line = _line(each)
        if line.format == "scene_heading":
            heading = line
        if at not in near:
            continue
        if heading is not announced and heading is not line and heading is not None:
            yield " ", Text(shown(heading), "bold")
        if at > last + 1:
            yield " ", Text("…", "dim")
        announced, last = heading, at
        yield from _row(each)


def _near_changes(lines: Sequence[LineDiff]) -> set[int]:
    """Which lines to show: those that changed, one on either side, and who speaks where what is said changed."""
    near: set[int] = set()
    for at, each in enumerate(lines):
        if each.change == "same":
            continue
        near.update(range(max(0, at - CONTEXT), min(len(lines), at + CONTEXT + 1)))
        above = at
        while above and _line(lines[above]).format in SPEECH:
            above -= 1
        near.update(range(above, at) if _line(lines[above]).format == "character" else ())
    return near


def _row(each: LineDiff) -> Iterator[Row]:
    match each:
        case LineDiff("same", _, Line() as line):
            yield " ", Text(_placed(line), "dim")
        case LineDiff("added", _, Line() as line):
            yield "+", Text(_placed(line), "green")
        case LineDiff("removed", Line() as line, _):
            yield "-", Text(_placed(line), "red")
        case LineDiff("moved", Line() as old, Line() as new):
            yield ">", Text.assemble(_placed(new), ("  (moved)", "dim"), style="yellow")
            if shown(old) != shown(new):
                yield from _changed(old, new)
        case LineDiff("changed", Line() as old, Line() as new):
            yield from _changed(old, new)


def _changed(old: Line, new: Line) -> Iterator[Row]:
    note = (_unseen(old, new), "dim")
    both = words(shown(old), shown(new), coloured=screen.out().color_system is not None)
    if both is not None:
        yield "~", Text.assemble(_indent(new), both, note)
    else:
        yield "-", Text(_placed(old), "red")
        yield "+", Text.assemble(_placed(new), note, style="green")


def _unseen(old: Line, new: Line) -> str:
    """What of a change does not show in the words."""
    if old.format != new.format:
        return f"  ({old.format} → {new.format})"
    if shown(old) != shown(new):
        return ""
    return "  (line ends)" if old.sep != new.sep else "  (marks)"


def _line(each: LineDiff) -> Line:
    line = each.after or each.before
    assert line is not None  # noqa: S101 - it was in one of the states
    return line


def _placed(line: Line) -> str:
    return _indent(line) + shown(line)


def _indent(line: Line) -> str:
    return " " * INDENTS.get(line.format, 0)
