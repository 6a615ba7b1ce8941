"""A comparison as printed: lines without notes and boneyards inside them, each from its own version of the script."""

from __future__ import annotations

from domain.formats.fountain import without_spans
from domain.script.line import Line
from domain.script.state import State
from materialization.diff.compare import Compared, ComparedScene, Comparison


def printed(comparison: Comparison) -> Comparison:
    """The comparison with printed texts; the words that differ are left as they are."""
    before, after = _texts(comparison.before), _texts(comparison.after)
    if not before and not after:
        return comparison

    def compared(line: Compared) -> Compared:
        return line._replace(
            before=line.before and before.get(line.before.id, line.before),
            after=line.after and after.get(line.after.id, line.after),
            moved_from=line.moved_from and before.get(line.moved_from.id, line.moved_from),
        )

    def scene(of: ComparedScene) -> ComparedScene:
        # The heading is a line of the version after, unless that has no such line.
        heading = of.heading
        if heading is not None:
            side = after if comparison.after.has_line(heading.id) else before
            heading = side.get(heading.id, heading)
        return of._replace(heading=heading, lines=tuple(map(compared, of.lines)))

    return comparison._replace(scenes=tuple(map(scene, comparison.scenes)))


def _texts(state: State) -> dict[str, Line]:
    """The lines whose printed text is not their text, by id."""
    lines = tuple(state.lines())
    return {
        line.id: printed_line
        for line, printed_line in zip(lines, without_spans(lines), strict=True)
        if printed_line is not line
    }
