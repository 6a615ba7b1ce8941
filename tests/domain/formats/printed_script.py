"""What people see of a script: printed paragraphs with their emphasis, page breaks, and the words taken out of it."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from domain.formats.emphasis import Styled, emphasised
from domain.formats.fountain import display, without_spans
from domain.formats.fountain.source import has_blank
from domain.formats.fountain.title_page import KEYS
from domain.script.line import Line

_MARKS = re.compile(r"\[\[|\]\]|/\*|\*/")
# In one line: the end of a span from above, whole spans, and one that continues below.
_SPAN = re.compile(r"\A(?:(?!\[\[|/\*).)*?(?:\]\]|\*/)|\[\[.*?(?:\]\]|\Z)|/\*.*?(?:\*/|\Z)")
# Formats whose lines are one paragraph, if no empty line is between them.
JOINED = frozenset({"action", "centered"})


class Paragraph(NamedTuple):
    """A printed paragraph: its format, and its lines with their emphasis."""

    format: str
    lines: list[list[Styled]]


class PrintedScript(NamedTuple):
    """A script as printed, in parts that can be compared.

    `breaks` are the numbers of paragraphs above each page break; `title_page` the words of its values; `notes` and
    `boneyards` the words in them.
    """

    title_page: Counter[str]
    paragraphs: list[Paragraph]
    breaks: list[int]
    notes: Counter[str]
    boneyards: Counter[str]


def printed(lines: list[Line]) -> PrintedScript:
    """The parts of a script that was read from Fountain."""
    script = PrintedScript(Counter(), [], [], Counter(), Counter())
    above: Line | None = None
    for line, visible in zip(lines, without_spans(lines), strict=True):
        if line.format in {"note", "boneyard"}:
            (script.notes if line.format == "note" else script.boneyards).update(_MARKS.sub(" ", line.text).split())
            above = None
            continue
        for span in _SPAN.findall(line.text) if line.text != visible.text else ():
            is_boneyard = span.startswith("/*") or span.endswith("*/")
            (script.boneyards if is_boneyard else script.notes).update(_MARKS.sub(" ", span).split())
        words = display(visible).strip()
        if line.format == "title_entry":
            key, _, value = words.partition(":")
            words = value if key.lower() in KEYS else words
            script.title_page.update("".join(part for part, _ in emphasised(words)).split())
        elif line.format == "page_break":
            script.breaks.append(len(script.paragraphs))
        elif words:
            if above is not None and above.format == line.format in JOINED and not has_blank(above.sep):
                script.paragraphs[-1].lines.append(emphasised(words))
            else:
                script.paragraphs.append(Paragraph(line.format, [emphasised(words)]))
            above = line
            continue
        above = None
    return script
