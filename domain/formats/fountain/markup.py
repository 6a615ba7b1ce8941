"""Candidate texts for a line so that it reads back with its format: unchanged, then with more and more marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from domain.formats.fountain.attrs import is_scene_number, scene_number
from domain.formats.fountain.classify import Place
from domain.formats.fountain.source import BLANKS, is_blank
from domain.formats.fountain.spans import CLOSER, NOT_CLOSED, OPENER, Span, scan
from domain.script.line import Attr, LineFormat

_OPENINGS = re.compile(r"\[(?=\[)|/(?=\*)")
_CLOSINGS: dict[Span, re.Pattern[str]] = {"note": re.compile(r"\](?=\])"), "boneyard": re.compile(r"\*(?=/)")}


def hidden_candidates(kind: Span, text: str, inside: Span | None) -> Iterator[str]:
    """Candidates for a line that is all note or boneyard. The last one always reads back as that."""
    opener, closer = ("" if inside else OPENER[kind]), CLOSER[kind]
    yield text
    yield opener + text
    yield text + closer
    yield opener + text + closer
    yield f"{opener} {_CLOSINGS[kind].sub(_broken, text)} {closer}"


def visible_candidates(
    line_format: LineFormat, text: str, attrs: Mapping[str, Attr], place: Place, *, hidden: bool
) -> Iterator[str]:
    """Candidates for a line of a visible format. One of the last always reads back as that, where it is allowed.

    `hidden`: the unchanged text would be all note or boneyard, so its openings must be broken.
    """
    text = with_attrs(line_format, text, attrs)
    if not hidden:
        yield from _marked(line_format, text, attrs, place)
    if hidden or "[[" in text or "/*" in text:
        yield from _marked(line_format, _OPENINGS.sub(_broken, text), attrs, place)


def with_attrs(line_format: LineFormat, text: str, attrs: Mapping[str, Attr]) -> str:
    """The text with the scene number or `^` that is in the attributes but not in the text."""
    # After a span that continues below, a mark would be part of the span.
    if not attrs or any(text.rfind(OPENER[kind]) > text.rfind(CLOSER[kind]) for kind in OPENER):
        return text
    words = scan(text, None, NOT_CLOSED).visible.strip(BLANKS)
    number = attrs.get("scene_number")
    if line_format == "scene_heading" and words and isinstance(number, str) and is_scene_number(number):
        return text if scene_number(words) else f"{text.rstrip(BLANKS)} #{number}#"
    if line_format == "character" and words and attrs.get("dual") is True and not words.endswith("^"):
        return f"{text.rstrip(BLANKS)} ^"
    return text


def _marked(  # noqa: PLR0912 -- one case a format: the table of marks
    line_format: LineFormat, text: str, attrs: Mapping[str, Attr], place: Place
) -> Iterator[str]:
    if line_format == "page_break" and is_blank(text):
        yield f"==={text}"
        return
    yield text
    if is_blank(text):
        if line_format == "dialogue":
            yield text + " "
            yield text + "  "
        return
    match line_format:
        case "scene_heading":
            yield _before_words(".", text)
            yield _before_words(".\\", text)
        case "action":
            yield f"!{text}"
        case "shot":
            yield _before_words("!!", text)
            yield _before_words("!!\\", text)
        case "character":
            yield _before_words("@", text)
        case "dialogue":
            yield _before_words("\\", text)
        case "parenthetical":
            yield _before_words("(", text)
            yield f"{text})"
            yield _before_words("(", f"{text})")
        case "lyric":
            yield _before_words("~", text)
        case "transition":
            yield _before_words("> ", text)
            yield _before_words("> ", re.sub(r"<(?=[^<]*\Z)", r"\\<", text))
        case "centered":
            yield _before_words(">", text)
            yield f"{text}<"
            yield _before_words("> ", f"{text} <")
        case "section":
            depth = attrs.get("depth")
            yield _before_words("#" * (depth if isinstance(depth, int) and 0 < depth < 100 else 1) + " ", text)
        case "synopsis":
            yield _before_words("= ", text)
        case "page_break":
            yield f"=== /* {_CLOSINGS['boneyard'].sub(_broken, text)} */"
        case "title_entry":
            yield _before_words("Title: ", text) if place == "top" else f"    {text}"


def _before_words(mark: str, text: str) -> str:
    indent = len(text) - len(text.lstrip(BLANKS))
    return text[:indent] + mark + text[indent:]


def _broken(match: re.Match[str]) -> str:
    return match[0] + "\\"
