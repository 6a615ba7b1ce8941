"""A line: one unit of a script's text."""

from __future__ import annotations

from typing import Literal, get_args

from msgspec import Struct, field

LineFormat = Literal[
    "scene_heading",
    "action",
    "character",
    "parenthetical",
    "dialogue",
    "lyric",
    "transition",
    "shot",
    "centered",
    "section",
    "synopsis",
    "note",
    "boneyard",
    "page_break",
    "chapter_break",
    "title_entry",
    "general",
]

LINE_FORMATS: tuple[str, ...] = get_args(LineFormat)

# A line attribute: a scene number, a dual-dialogue mark. No floats: their text differs between languages.
Attr = str | int | bool


class Line(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """One line of a script, exactly as written.

    `text` holds no line end; `sep` holds nothing but the line ends after it (``\\n``, ``\\r\\n`` or ``\\r``, any
    number of them, so blank lines belong to the line they follow). The script as a document is the
    concatenation of ``text + sep`` over its lines.
    """

    id: str
    format: LineFormat
    text: str
    sep: str = "\n"
    attrs: dict[str, Attr] = field(default_factory=dict)
