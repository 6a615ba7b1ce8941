"""Mapping between paragraph types and line formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.formats.fdx.xml.xml_text import is_writable
from domain.script.line import Attr, LineFormat

FORMAT_OF: dict[str, LineFormat] = {
    "Scene Heading": "scene_heading",
    "Action": "action",
    "Character": "character",
    "Parenthetical": "parenthetical",
    "Dialogue": "dialogue",
    "Lyrics": "lyric",
    "Transition": "transition",
    "Shot": "shot",
    "Outline Body": "synopsis",
    "General": "general",
}
TYPE_OF = {line_format: kind for kind, line_format in FORMAT_OF.items()}
CENTERED = {"Alignment": "Center"}
# Final Draft's types for headings of acts and sequences, with their depth.
OUTLINES = {f"Outline {depth}": depth for depth in range(1, 5)}
# The type of a paragraph that names none, or of a line whose format Final Draft does not have.
UNTYPED = "General"


class Typed(NamedTuple):
    """A format, and attributes that the type of a paragraph implies."""

    format: LineFormat
    attrs: dict[str, Attr]


def typed(kind: str, attributes: dict[str, str]) -> Typed:
    """The format of a paragraph type; removes the alignment from `attributes` where that makes it centered.

    An unknown type is `general`, with its name in `fdx_type`.
    """
    if kind == "Action" and attributes.get("Alignment") == CENTERED["Alignment"]:
        del attributes["Alignment"]
        return Typed("centered", {})
    if kind in OUTLINES:
        return Typed("section", {"depth": OUTLINES[kind]})
    if kind in FORMAT_OF:
        return Typed(FORMAT_OF[kind], {})
    return Typed("general", {"fdx_type": kind})


def type_of(line_format: LineFormat, attrs: Mapping[str, Attr]) -> tuple[str, dict[str, str]]:
    """The paragraph type of a line, and the attributes that belong to it."""
    if line_format == "centered":
        return "Action", CENTERED
    if line_format == "section":
        depth = attrs.get("depth", 1)
        return f"Outline {min(max(depth, 1), len(OUTLINES)) if isinstance(depth, int) else 1}", {}
    if (
        line_format == "general"
        and isinstance(kind := attrs.get("fdx_type"), str)
        and kind.strip()
        and is_writable(kind)
    ):
        return kind, {}
    return TYPE_OF.get(line_format, UNTYPED), {}
