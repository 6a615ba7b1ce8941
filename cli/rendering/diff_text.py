"""A diff as text: scene by scene, with one line of context, the words that differ, and their authors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.console import RenderableType

from cli.rendering.printed_comparison import printed
from cli.rendering.screenplay_layout import shown
from cli.terminal import screen
from cli.terminal.screen import Text
from domain.script.line import Line
from materialization.diff.compare import Compared, ComparedScene, Comparison
from materialization.diff.line_diff import NamedDiff
from materialization.diff.word_diff import compare_words, likeness
from materialization.history.authorship import Credit

CONTEXT = 1
# Below this likeness, the two texts of a line are shown one above the other, which is easier to read.
LIKE_ENOUGH = 0.5

SPEECH = ("dialogue", "parenthetical", "lyric")
INDENTS = {"character": 12, "parenthetical": 8, "dialogue": 4, "lyric": 4}

# A row is a sign and a line.
Row = tuple[str, Text]


def changes(comparison: Comparison) -> RenderableType:
    """The differences between two versions."""
    rows = [*_named(comparison.named), *(row for scene in printed(comparison).scenes for row in _scene(scene))]
    return screen.signed(rows) if rows else Text("Nothing differs.")


def words(before: str, after: str, *, coloured: bool) -> Text | None:
    """Both texts in one, with removed and added words marked; None if they have too little in common."""
    pieces = compare_words(before, after)
    if likeness(pieces) < LIKE_ENOUGH:
        return None
    text = Text()
    for sign, piece in pieces:
        match sign:
            case "=":
                text.append(piece)
            case "-":
                text.append(piece if coloured else f"[-{piece}-]", "red strike")
            case "+":
                text.append(piece if coloured else f"{{+{piece}+}}", "green underline")
    return text


def credited(by: Credit) -> str:
    """The author and version of a change, in a few words."""
    who = ", ".join(name for name in (by.model, by.actor) if name) or by.author
    return f"v{by.version} {who}" if by.author in ("user", who) else f"v{by.version} {by.author}: {who}"


def _named(named: Iterable[NamedDiff]) -> Iterator[Row]:
    for item in named:
        yield " ", Text(f"{item.kind} {item.name}", "bold")
        if item.before is not None:
            yield "-", Text(str(item.before), "red")
        if item.after is not None:
            yield "+", Text(str(item.after), "green")


def _scene(scene: ComparedScene) -> Iterator[Row]:
    """The changed lines of a scene with their neighbours, under its heading."""
    if scene.change == "same":
        return
    near = {0} if scene.change == "moved" else _near_changes(scene.lines)
    last = -1
    if 0 not in near and scene.heading is not None:
        yield " ", Text(shown(scene.heading), "bold")
        last = 0 if scene.heading is scene.lines[0].line else -1
    by: Credit | None = None
    for at in sorted(near):
        if at > last + 1:
            yield " ", Text("…", "dim")
        compared, last = scene.lines[at], at
        yield from _row(scene, compared, compared.by if compared.by != by else None)
        by = compared.by


def _near_changes(lines: Sequence[Compared]) -> set[int]:
    """The lines to show: changed lines, one line on either side, and the character name above changed speech."""
    near: set[int] = set()
    for at, compared in enumerate(lines):
        if compared.change == "same":
            continue
        near.update(range(max(0, at - CONTEXT), min(len(lines), at + CONTEXT + 1)))
        above = at
        while above and lines[above].line.format in SPEECH:
            above -= 1
        near.update(range(above, at) if lines[above].line.format == "character" else ())
    return near


def _row(scene: ComparedScene, compared: Compared, by: Credit | None) -> Iterator[Row]:
    """A line; `by` is given only if it differs from the credit of the line above."""
    note = f"  ({credited(by)})" if by else ""
    old, new = compared.before, compared.after
    if old is not None and new is not None and compared.change != "same":
        if compared.change == "moved":
            yield ">", Text.assemble(_placed(new), (f"  ({moved(scene, compared)}){note}", "dim"), style="yellow")
            note = ""
        if compared.change == "changed" or shown(old) != shown(new):
            yield from _changed(old, new, note)
        return
    style = {"added": "green", "removed": "red"}.get(compared.change, "dim")
    sign = {"added": "+", "removed": "-"}.get(compared.change, " ")
    yield sign, Text.assemble((_placed(compared.line), style), (note, "dim"))


def moved(scene: ComparedScene, compared: Compared) -> str:
    """The place a moved line came from."""
    origin = compared.moved_from
    if compared.line is scene.heading:
        with_it = f" with {screen.counted(len(scene.lines) - 1, 'line')}" if scene.change == "moved" else ""
        return f"moved{with_it} from after {shown(origin)}" if origin else f"moved{with_it} from the start"
    if origin is None or scene.heading is None or origin.id == scene.heading.id:
        return "moved"
    return f"moved from {shown(origin)}"


def _changed(old: Line, new: Line, note: str) -> Iterator[Row]:
    notes = (f"{_unseen(old, new)}{note}", "dim")
    both = words(shown(old), shown(new), coloured=screen.out().color_system is not None)
    if both is not None:
        yield "~", Text.assemble(_indent(new), both, notes)
    else:
        yield "-", Text(_placed(old), "red")
        yield "+", Text.assemble((_placed(new), "green"), notes)


def _unseen(old: Line, new: Line) -> str:
    """The part of a change that the words do not show."""
    if old.format != new.format:
        return f"  ({old.format} → {new.format})"
    if shown(old) != shown(new):
        return ""
    if old.sep != new.sep:
        return "  (line ends)"
    return "  (marks)" if old.text != new.text else "  (notes)"


def _placed(line: Line) -> str:
    return _indent(line) + shown(line)


def _indent(line: Line) -> str:
    return " " * INDENTS.get(line.format, 0)
