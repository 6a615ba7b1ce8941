"""Emphasis: the marks of Fountain (`*italic*`, `**bold**`, `_underline_`) and the styled text that they stand for.

Each style begins and ends on its own, so that styles may overlap. A mark opens a style before a visible character and
closes it after one; four asterisks or two underscores in a row are text, and so is a mark that nothing closes. A
backslash before a mark makes it text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from msgspec import Struct

Style = Literal["Bold", "Italic", "Underline"]

PLAIN: frozenset[Style] = frozenset()
# In the order in which Final Draft names them.
STYLES: tuple[Style, ...] = ("Bold", "Italic", "Underline")

_MARK: dict[Style, str] = {"Bold": "**", "Italic": "*", "Underline": "_"}
_TOKEN = re.compile(r"\\[*_]|\*+|_+")
_LITERAL = re.compile(r"[*_]")
MAX_ASTERISKS = 3
# In one line. A line with more of them is a drawing or an attack, and all of it is text.
MAX_MARK_CHARACTERS = 2_000


class Stretch(NamedTuple):
    """The characters of a text from `start` to before `end`, which are printed in these styles."""

    start: int
    end: int
    styles: frozenset[Style]


class Styled(NamedTuple):
    """A text without marks, in these styles."""

    text: str
    styles: frozenset[Style]


class _Mark(Struct):
    """A run of one mark: its place, the number of characters that are marks, and the printed ones before it."""

    start: int
    end: int
    printed_before: int
    used: int = 0


class _Range(NamedTuple):
    style: Style
    start: int
    end: int


def stretches(text: str) -> tuple[Stretch, ...]:
    """The printed characters of a text, in order; marks are between them. Linear in its length."""
    count = text.count("*") + text.count("_")
    if count == 0 or count > MAX_MARK_CHARACTERS:
        return (Stretch(0, len(text), PLAIN),) if text else ()
    return _parsed(text)


# A writer looks at the same line several times in a row.
@lru_cache(maxsize=8)
def _parsed(text: str) -> tuple[Stretch, ...]:
    removed: list[tuple[int, int]] = []
    marks: list[_Mark] = []
    ranges: list[_Range] = []
    opened: dict[Style, _Mark] = {}
    unprinted = 0
    for token in _TOKEN.finditer(text):
        start, end = token.span()
        if text[start] == "\\":
            removed.append((start, start + 1))
            unprinted += 1
        elif end - start <= (MAX_ASTERISKS if text[start] == "*" else 1):
            mark = _Mark(start, end, start - unprinted)
            ranges.extend(_read(text, mark, opened))
            marks.append(mark)
            unprinted += end - start
    removed.extend((mark.end - mark.used, mark.end) for mark in marks if mark.used)
    return tuple(_stretches(len(text), sorted(removed), ranges))


def emphasised(text: str) -> list[Styled]:
    """The printed text, in stretches of one style each."""
    styled: list[Styled] = []
    for start, end, styles in stretches(text):
        if styled and styled[-1].styles == styles:
            styled[-1] = Styled(styled[-1].text + text[start:end], styles)
        else:
            styled.append(Styled(text[start:end], styles))
    return styled


def marked(styled: Sequence[Styled]) -> str:
    """The text with marks which are read as these styles; without styles where no marks can say them.

    White space at the ends of a style has none: marks cannot stand next to it.
    """
    wanted = _trimmed(styled)
    plain = [Styled("".join(text for text, _ in wanted), PLAIN)] if wanted else []
    for candidate in (wanted, plain):
        for escaped in (False, True):
            text = _with_marks(candidate, escaped=escaped)
            if emphasised(text) == candidate:
                return text
    return "".join(text for text, _ in wanted)


def _read(text: str, mark: _Mark, opened: dict[Style, _Mark]) -> Iterator[_Range]:
    """Close and open the styles of a mark, and yield those that it closes."""
    closes = mark.start > 0 and not text[mark.start - 1].isspace()
    opens = mark.end < len(text) and not text[mark.end].isspace()
    left = mark.end - mark.start
    for style in _styles_of(text[mark.start], left, opened if closes else {}, opens=opens):
        width = len(_MARK[style])
        if width > left:
            continue
        opening = opened.get(style) if closes else None
        if opening is not None and opening.printed_before < mark.printed_before:
            del opened[style]
            yield _Range(style, opening.end, mark.start)
            opening.used += width
            mark.used += width
            left -= width
        elif opens:
            opened[style] = mark
            left -= width


def _styles_of(character: str, width: int, opened: dict[Style, _Mark], *, opens: bool) -> tuple[Style, ...]:
    """The styles that a run of marks can close or open, those first that it can close."""
    if character == "_":
        return ("Underline",)
    if width == 1:
        return ("Italic",)
    if width == MAX_ASTERISKS:
        return ("Italic", "Bold") if "Italic" in opened and "Bold" not in opened else ("Bold", "Italic")
    return ("Italic",) if "Italic" in opened and "Bold" not in opened and not opens else ("Bold",)


def _stretches(length: int, removed: list[tuple[int, int]], ranges: list[_Range]) -> Iterator[Stretch]:
    changes: dict[int, list[tuple[Style, bool]]] = {}
    for style, start, end in ranges:
        changes.setdefault(start, []).append((style, True))
        changes.setdefault(end, []).append((style, False))
    edges = sorted({0, length, *changes, *(edge for pair in removed for edge in pair)})
    gaps = dict(removed)
    styles: set[Style] = set()
    hidden_to = 0
    for start, end in pairwise(edges):
        for style, begins in sorted(changes.get(start, ()), key=lambda change: change[1]):
            (styles.add if begins else styles.discard)(style)
        hidden_to = max(hidden_to, gaps.get(start, 0))
        if end > hidden_to:
            yield Stretch(start, end, frozenset(styles))


def _trimmed(styled: Sequence[Styled]) -> list[Styled]:
    """The same text; each style begins and ends with a visible character, and neighbours differ."""
    text = "".join(each.text for each in styled)
    ranges = [each for style in STYLES for each in _visible(text, _ranges(styled, style))]
    return [Styled(text[start:end], styles) for start, end, styles in _stretches(len(text), [], ranges)]


def _ranges(styled: Sequence[Styled], style: Style) -> Iterator[_Range]:
    at = start = 0
    inside = False
    for each in [*styled, Styled("", PLAIN)]:
        if (style in each.styles) != inside:
            if inside:
                yield _Range(style, start, at)
            start, inside = at, not inside
        at += len(each.text)


def _visible(text: str, ranges: Iterable[_Range]) -> Iterator[_Range]:
    """The ranges without the white space at their ends."""
    for style, start, end in ranges:
        inner = text[start:end]
        visible = _Range(style, end - len(inner.lstrip()), start + len(inner.rstrip()))
        if visible.start < visible.end:
            yield visible


def _with_marks(styled: Sequence[Styled], *, escaped: bool) -> str:
    """The text with marks, nested as far as the styles are: other readers know no styles that overlap."""
    parts: list[str] = []
    opened: list[Style] = []
    for (text, styles), ends in zip([*styled, Styled("", PLAIN)], [*_ends(styled), {}], strict=True):
        parts.extend(_MARK[style] for style in reversed(opened) if style not in styles)
        opened = [style for style in opened if style in styles]
        # Of those that begin here, the longest is the outermost.
        begun = sorted((style for style in STYLES if style in styles and style not in opened), key=ends.__getitem__)
        parts.extend(_MARK[style] for style in reversed(begun))
        opened.extend(reversed(begun))
        parts.append(_LITERAL.sub(r"\\\g<0>", text) if escaped else text)
    return "".join(parts)


def _ends(styled: Sequence[Styled]) -> list[dict[Style, int]]:
    """For each stretch the place of the last one, from there on without a gap, that has each of its styles."""
    ends: list[dict[Style, int]] = []
    for place in range(len(styled) - 1, -1, -1):
        below = ends[-1] if ends else {}
        ends.append({style: below.get(style, place) for style in styled[place].styles})
    return ends[::-1]
