"""Attributes of a Fountain line: scene number, dual dialogue, depth of a section."""

from __future__ import annotations

from domain.formats.fountain.source import BLANKS
from domain.script.line import Attr, LineFormat


def attrs_of(line_format: LineFormat, visible: str) -> dict[str, Attr]:
    """The attributes that are written in a line's visible text.

    `scene_number` (str) of a scene heading, `dual` (True) of a character who speaks at the same time as the one
    before, `depth` (int, from 1) of a section.
    """
    words = visible.strip(BLANKS)
    if line_format == "scene_heading" and (number := scene_number(words)):
        return {"scene_number": number}
    if line_format == "character" and words.endswith("^"):
        return {"dual": True}
    if line_format == "section":
        return {"depth": len(words) - len(words.lstrip("#"))}
    return {}


def scene_number(words: str) -> str | None:
    """The number between the `#` at the end of a stripped scene heading: letters, digits, dashes and periods."""
    if not words.endswith("#"):
        return None
    number = words[words.rfind("#", 0, -1) + 1 : -1] if words.count("#") > 1 else ""
    return number if is_scene_number(number) else None


def is_scene_number(number: str) -> bool:
    """Whether a text can be written as a scene number."""
    return all(character.isalnum() or character in "-." for character in number) and number != ""
