"""Lines from Final Draft as Fountain writes them: with marks for their styles, and with keys on the title page.

In their attributes such lines have what Fountain writes as text. Lines from Fountain have none of these attributes and
stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec.structs import replace

from domain.formats.emphasis import PLAIN, Styled, emphasised, marked
from domain.formats.fountain.attrs import is_scene_number, scene_number
from domain.formats.fountain.classify import UNPRINTED_SPANS
from domain.formats.fountain.conversion.title_keys import TitleLine, entries, known_key
from domain.formats.fountain.display import LITERAL, display, without_spans
from domain.formats.fountain.source import BLANKS, has_blank, is_blank
from domain.formats.fountain.spans import CLOSER, OPENER, has_span
from domain.formats.fountain.title_page import is_entry
from domain.formats.runs import RUNS, emphasis_of, loaded
from domain.script.line import Line, LineFormat

CONTINUES = "continues"
PARAGRAPH = "fdx_paragraph"

_OPENINGS = re.compile(r"\[(?=\[)|/(?=\*)")
_FORCED: dict[LineFormat, tuple[str, str]] = {
    "scene_heading": (".", ""),
    "action": ("!", ""),
    "shot": ("!!", ""),
    "character": ("@", ""),
    "dialogue": ("\\", ""),
    "lyric": ("~", ""),
    "transition": ("> ", ""),
    "centered": ("> ", " <"),
    "synopsis": ("= ", ""),
    "section": ("# ", ""),
}


def as_fountain(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines as Fountain writes them."""
    length = title_page_length(lines)
    if not needs_keys(lines[:length]) and not any(_is_foreign(line) for line in lines):
        return lines
    title_page = lines[:length]
    if needs_keys(title_page):
        title_page = list(_with_keys(title_page, ends_script=length == len(lines)))
    return [*map(_marked, title_page), *_body(lines[length:])]


def title_page_length(lines: Sequence[Line]) -> int:
    """The number of lines at the top that are the title page, with empty lines and notes above its first entry."""
    length = 0
    for place, line in enumerate(lines):
        if line.format == "title_entry":
            length = place + 1
        elif line.format not in UNPRINTED_SPANS and (length or line.text):
            break
    return length


def needs_keys(title_page: Sequence[Line]) -> bool:
    """Whether a title page has no keys, as one from Final Draft: its first line says so."""
    entries = (line for line in without_spans(title_page) if line.format == "title_entry")
    first = next((line for line in entries if not is_blank(line.text)), None)
    if first is None or known_key(first.text):
        return False
    return first.attrs.get(LITERAL) is True or not is_entry(
        first.text, in_title_page=False, continued=True, below="key"
    )


def title_texts(title_page: Sequence[Line]) -> list[TitleLine]:
    """The lines of a title page without keys; lines of white space are the empty lines between them."""
    texts: list[TitleLine] = []
    for line in title_page:
        if line.format != "title_entry":
            continue
        if is_blank(line.text):
            texts[-1:] = [replace(text, ends_block=True) for text in texts[-1:]]
            continue
        text = fountain_text(line).strip(BLANKS)
        centered = _paragraph(line).get("Alignment") == "Center"
        texts.append(TitleLine(text, line.text, has_blank(line.sep), centered))
    return texts


def fountain_text(line: Line) -> str:
    """The text of a line with marks for its styles, and with escapes where it only looks like Fountain."""
    literal = line.attrs.get(LITERAL) is True
    if not literal and RUNS not in line.attrs:
        return line.text
    styled = emphasis_of(line.text, line.attrs.get(RUNS), literal=literal)
    text = marked(list(_with_plain_ends(styled, *_unstyled(line))))
    if not literal:
        # An asterisk next to a slash would open a boneyard.
        return text if has_span(line.text) else _OPENINGS.sub(r"\g<0>\\", text)
    printed = "".join(part for part, _ in styled)
    before, after = _FORCED.get(line.format, ("", ""))
    broken = _OPENINGS.sub(r"\g<0>\\", text)
    number = line.attrs.get("scene_number")
    if (
        line.format == "scene_heading"
        and scene_number(printed.strip(BLANKS))
        and isinstance(number, str)
        and is_scene_number(number)
    ):
        # Only the last number is a mark.
        broken = f"{broken} #{number}#"
    # A backslash after the mark of the format makes the next mark text.
    candidates = [broken, before + broken + after, before + "\\" + broken + after]
    if line.format == "centered" and printed.rstrip(BLANKS).endswith("<"):
        # With one mark before it, the text would lose its end as the other one.
        del candidates[0]
    return next((each for each in candidates if _prints(line.format, each, printed)), broken)


def _prints(line_format: LineFormat, text: str, printed: str) -> bool:
    words = "".join(part for part, _ in emphasised(display(Line("", line_format, text))))
    return words.strip(BLANKS) == printed.strip(BLANKS)


def _unstyled(line: Line) -> tuple[int, int]:
    """How many characters at either end have no marks: the brackets of a parenthetical, and the key of an entry."""
    if line.format == "parenthetical":
        return int(line.text.startswith("(")), int(line.text.endswith(")"))
    return (line.text.index(":") + 1 if line.format == "title_entry" and known_key(line.text) else 0), 0


def _with_plain_ends(styled: Sequence[Styled], first: int, last: int) -> Iterator[Styled]:
    """The same text, without styles on its `first` characters and on its `last`."""
    length = sum(len(text) for text, _ in styled)
    at = 0
    for text, styles in styled:
        edges = {min(max(edge - at, 0), len(text)) for edge in (first, length - last)}
        for start, end in pairwise(sorted({0, len(text), *edges})):
            is_inside = first <= at + start and at + end <= length - last
            yield Styled(text[start:end], styles if is_inside else PLAIN)
        at += len(text)


def _is_foreign(line: Line) -> bool:
    attrs = line.attrs
    if attrs and (RUNS in attrs or LITERAL in attrs or PARAGRAPH in attrs or CONTINUES in attrs):
        return True
    return line.format == "general" and line.text.startswith("!")


def _with_keys(title_page: Sequence[Line], *, ends_script: bool) -> Iterator[Line]:
    """The title page with keys, and its notes below it."""
    notes = [line for line in title_page if line.format in UNPRINTED_SPANS]
    *texts, last = entries(title_texts(title_page))
    yield from (Line("", "title_entry", text, "\n") for text in texts)
    yield Line("", "title_entry", last, "\n" if ends_script and not notes else "\n\n")
    yield from notes


def _body(lines: Sequence[Line]) -> Iterator[Line]:
    above: Line | None = None
    group: list[Line] = []
    for line in lines:
        if group and not (line.format == group[0].format and line.attrs.get(CONTINUES) is True):
            yield from _span(group)
            group = []
        if line.format in UNPRINTED_SPANS:
            group.append(line)
        else:
            # Scripts imported before page breaks were lines have them here.
            if _paragraph(line).get("StartsNewPage") == "Yes" and (above is None or above.format != "page_break"):
                yield Line("", "page_break", "===", "\n\n")
            yield _marked(line)
        above = line
    yield from _span(group)


def _span(group: Sequence[Line]) -> Sequence[Line]:
    """The lines of one note or boneyard, in one pair of brackets if those can hold them."""
    if len(group) < 2 or any(mark in line.text for line in group for mark in (*OPENER.values(), *CLOSER.values())):
        return group
    kind = group[0].format
    if kind == "note" and any(has_blank(line.sep) or is_blank(line.text) for line in group[:-1]):
        return group
    if is_blank(group[0].text) or is_blank(group[-1].text):
        return group
    opener, closer = ("[[", "]]") if kind == "note" else ("/* ", " */")
    first, *middle, last = group
    return [
        replace(first, text=opener + first.text),
        *middle,
        replace(last, text=last.text + closer),
    ]


def _marked(line: Line) -> Line:
    if line.format == "general" and line.text.startswith("!"):
        # Fountain has no such format, and writes it as action.
        line = replace(line, format="action", attrs={**line.attrs, LITERAL: True})
    if RUNS not in line.attrs and LITERAL not in line.attrs:
        return line
    attrs = {name: value for name, value in line.attrs.items() if name not in {RUNS, LITERAL}}
    if line.format in UNPRINTED_SPANS:
        return replace(line, attrs=attrs)
    return replace(line, text=fountain_text(line), attrs=attrs)


def _paragraph(line: Line) -> dict[str, object]:
    value = loaded(line.attrs.get(PARAGRAPH)) if PARAGRAPH in line.attrs else None
    return value if isinstance(value, dict) else {}
