"""Comparison of two versions of a script for a writer: scene by scene, word by word, with the author of each change.

A change is credited to the last author who wrote, moved or removed the line between the two versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from domain.refusals import UnknownVersion
from domain.script.delta import LinesMoved, decode_delta
from domain.script.hashing import same
from domain.script.line import Line
from domain.script.state import State
from materialization.diff.line_diff import Change, LineDiff, NamedDiff, diff_lines, diff_named
from materialization.diff.word_diff import Piece, compare_words
from materialization.history.authorship import Credit, credits_of
from materialization.history.state_at import HeadReader, load
from repos.log.authorship import Provenance

_MOVES = b'[">"'


class ComparingReader(HeadReader, Protocol):
    """A unit of work that can read states and authorship."""

    @property
    def provenance(self) -> Provenance: ...


class Compared(NamedTuple):
    """A line of either version, and its change.

    `words` is the change of its text, None if there is none; `moved_from` the heading of the scene it was in or, for a
    heading, of the scene it came after; `by` the author of the change, None if nothing changed or the log does not name
    the line.
    """

    change: Change
    before: Line | None
    after: Line | None
    words: tuple[Piece, ...] | None
    moved_from: Line | None
    by: Credit | None

    @property
    def line(self) -> Line:
        """The line as it is, or as it was before it was removed."""
        line = self.after or self.before
        assert line is not None  # noqa: S101 - it is in one of the two
        return line


class ComparedScene(NamedTuple):
    """A scene: its heading (None before the first), its change, and its lines including removed ones.

    After a removed scene the previous scene continues: it then appears twice, the second time without its heading
    among its lines.
    """

    heading: Line | None
    change: Literal["same", "changed", "added", "removed", "moved"]
    lines: tuple[Compared, ...]


class Comparison(NamedTuple):
    """The differences from one version of a script to another, which may be earlier."""

    script_id: int
    before: State
    after: State
    scenes: tuple[ComparedScene, ...]
    named: tuple[NamedDiff, ...]


def compare(tx: ComparingReader, script_id: int, before: int, after: int) -> Comparison:
    """Compare two versions of a script.

    Raises:
        UnknownScript, UnknownVersion: there is no such version.
    """
    head = tx.heads.require(script_id)
    for version in (before, after):
        if not 1 <= version <= head.version:
            raise UnknownVersion(script=script_id, version=version, head=head.version)
    old, new = load(tx, head, before), load(tx, head, after)
    lines = diff_lines(old, new)
    made_in = _versions(tx, script_id, head.generation, (old, new), lines)
    credit = credits_of(tx, script_id, made_in.values())
    return side_by_side(script_id, old, new, lines, {line: credit[version] for line, version in made_in.items()})


def side_by_side(
    script_id: int, before: State, after: State, lines: Sequence[LineDiff], credit: Mapping[str, Credit]
) -> Comparison:
    """The comparison of two states whose lines were compared; `credit` maps a line id to the author of its change."""
    left = _scene_of(before) if any(each.change == "moved" for each in lines) else {}
    compared = [_compared(each, left, credit.get(_id(each))) for each in lines]
    return Comparison(script_id, before, after, tuple(_scenes(compared)), tuple(diff_named(before, after)))


def _versions(
    tx: ComparingReader, script_id: int, generation: int, states: tuple[State, State], lines: Sequence[LineDiff]
) -> dict[str, int]:
    """The version in which each differing line was last changed, by line id."""
    early, late = sorted(states, key=lambda state: state.version)
    found: dict[str, int] = {}
    moved: set[str] = set()
    for each in lines:
        if each.change == "same":
            continue
        line_id = _id(each)
        if not late.has_line(line_id):
            found[line_id] = late.retired.get(line_id) or late.version
        elif early.has_line(line_id) and same(early.line(line_id), late.line(line_id)):
            moved.add(line_id)
        else:
            found[line_id] = late.nodes[line_id].version
    if moved:
        for row in tx.versions.read(script_id, generation=generation, after=early.version, upto=late.version):
            if _MOVES in row.delta:
                movers = (change.lines for change in decode_delta(row.delta) if isinstance(change, LinesMoved))
                found.update({line_id: row.version for lines in movers for line_id in lines if line_id in moved})
    return found


def _scene_of(state: State) -> dict[str, Line | None]:
    """The heading of each line's scene; for a heading, that of the previous scene."""
    found: dict[str, Line | None] = {}
    heading: Line | None = None
    for line in state.lines():
        found[line.id] = heading
        heading = line if line.format == "scene_heading" else heading
    return found


def _compared(each: LineDiff, left: Mapping[str, Line | None], by: Credit | None) -> Compared:
    words = None
    if each.before is not None and each.after is not None and each.before.text != each.after.text:
        words = compare_words(each.before.text, each.after.text)
    moved_from = left.get(_id(each)) if each.change == "moved" else None
    return Compared(*each, words, moved_from, by)


def _scenes(lines: Sequence[Compared]) -> Iterator[ComparedScene]:
    """The lines by scene. A removed heading keeps the lines removed with it; the others are in the previous scene."""
    heading: Line | None = None
    gone: Line | None = None
    scene: list[Compared] = []
    for each in lines:
        starts = each.line.format == "scene_heading"
        stays = gone is not None and each.change != "removed"
        if (starts or stays) and scene:
            yield _scene(gone or heading, scene)
            scene = []
        if starts and each.change == "removed":
            gone = each.line
        elif starts:
            heading, gone = each.line, None
        elif stays:
            gone = None
        scene.append(each)
    if scene:
        yield _scene(gone or heading, scene)


def _scene(heading: Line | None, lines: Sequence[Compared]) -> ComparedScene:
    kinds = {each.change for each in lines}
    change: Literal["same", "changed", "added", "removed", "moved"] = "changed"
    if kinds == {"same"}:
        change = "same"
    elif heading is lines[0].line and kinds in ({"added"}, {"removed"}, {"moved"}):
        change = lines[0].change
    return ComparedScene(heading, change, tuple(lines))


def _id(each: LineDiff) -> str:
    line = each.after or each.before
    assert line is not None  # noqa: S101 - it is in one of the two
    return line.id
