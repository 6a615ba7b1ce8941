"""Random Fountain: lines made of all syntax that a reader interprets, and edits of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import cast

from hypothesis import settings
from hypothesis import strategies as st

from domain.formats.fountain import read
from domain.script.line import LINE_FORMATS, Line, LineFormat

# Reading and writing are fast, and two lines can be combined in many ways.
THOROUGH = settings(max_examples=8 * settings().max_examples)

ENDS = ("\n", "\n\n", "\n\n", "\n\n\n", "\r\n", "\r\n\r\n", "\r")
WORDS = (
    *("JOHN", "JOHN ^", "MARY (V.O.)", "Hello there.", "(beat)", "he said:", "é", "…", "a"),
    *(
        "INT. HOUSE - DAY",
        "ext. park",
        "#12#",
        "CUT TO:",
        "FADE IN:",
        "Title: X",
        "Foo: bar",
        "Foo:",
        "note: x",
        "FOO: bar",
    ),
    *("!x", "!!x", "!!!x", ".FOO", "...dots", "@Bob", "# Act", "= synopsis", "===", "==", "> X <", "> FADE", "~la"),
    *("[[", "]]", "/*", "*/", "[[note]]", "/* cut */", "[", "]", "/", "*"),
    *("  ", " ", "\t", "    indented", "\ufeff", "\u3000", "^", "\\", "<", ">", "(", ")", "#", "."),
)

words = st.lists(st.sampled_from(WORDS), max_size=3).map("".join)
anything = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12)
texts = st.one_of(words, words, words, anything)
seps = st.sampled_from(ENDS)
formats = st.sampled_from(cast("tuple[LineFormat, ...]", LINE_FORMATS))
sources = st.lists(st.tuples(texts, seps).map("".join), max_size=9).map("".join)


def numbered() -> Callable[[], str]:
    """A generator of ids: 1, 2, 3, …"""
    ids = count(1)
    return lambda: str(next(ids))


def lines_of(source: str) -> list[Line]:
    """The lines of a Fountain text."""
    return list(read(source.encode(), numbered()).lines)


def formats_of(source: str) -> list[str]:
    """The formats of a Fountain text's lines."""
    return [line.format for line in lines_of(source)]


@st.composite
def edited(draw: st.DrawFn) -> list[Line]:
    """The lines of a random file after a few commands: lines inserted, deleted, moved, changed."""
    lines = lines_of(draw(sources))
    for step in range(draw(st.integers(1, 4))):
        new = Line(f"new-{step}", draw(formats), draw(texts), draw(st.one_of(seps, seps, st.just(""))))
        if not lines:
            lines.append(new)
            continue
        place = draw(st.integers(0, len(lines) - 1))
        old = lines[place]
        match draw(st.sampled_from(("insert", "delete", "move", "format", "text"))):
            case "insert":
                lines.insert(place, new)
            case "delete":
                del lines[place]
            case "move":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines.pop(place))
            case "format":
                lines[place] = Line(old.id, new.format, old.text, old.sep, old.attrs)
            case _:
                lines[place] = Line(old.id, old.format, new.text, old.sep, old.attrs)
    return lines
