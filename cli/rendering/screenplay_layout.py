"""The page layout of a script: the indent, width, style and alignment of each line format."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from cli.terminal.screen import Text
from domain.formats.fountain import display, without_spans
from domain.script.line import Line, LineFormat
from domain.script.printed_text import is_printed
from domain.visible_text import visible

# A line of action has this many characters, as on paper.
PAGE_WIDTH = 60
LINES_A_PAGE = 55


class _Setting(NamedTuple):
    indent: int
    width: int
    style: str = ""
    align: Literal["left", "center", "right"] = "left"


_ACTION = _Setting(0, PAGE_WIDTH)
_SETTINGS: dict[LineFormat, _Setting] = {
    "scene_heading": _Setting(0, PAGE_WIDTH, "bold"),
    "shot": _Setting(0, PAGE_WIDTH, "bold"),
    "character": _Setting(20, 38),
    "parenthetical": _Setting(15, 25),
    "dialogue": _Setting(10, 35),
    "lyric": _Setting(10, 35, "italic"),
    "transition": _Setting(0, PAGE_WIDTH, align="right"),
    "centered": _Setting(0, PAGE_WIDTH, align="center"),
    "section": _Setting(0, PAGE_WIDTH, "bold magenta"),
    "synopsis": _Setting(0, PAGE_WIDTH, "italic magenta"),
    "note": _Setting(0, PAGE_WIDTH, "yellow"),
    "boneyard": _Setting(0, PAGE_WIDTH, "dim"),
    "title_entry": _Setting(0, PAGE_WIDTH, "cyan"),
    "page_break": _Setting(0, PAGE_WIDTH, "dim"),
    "chapter_break": _Setting(0, PAGE_WIDTH, "dim"),
}


def set_line(line: Line) -> list[Text]:
    """One line of the script as the printed lines it takes, without the empty ones after it."""
    setting = _SETTINGS.get(line.format, _ACTION)
    printed = []
    for row in textwrap.wrap(visible(shown(line)), setting.width, break_on_hyphens=False) or [""]:
        text = Text(row, style=setting.style)
        text.align(setting.align, setting.width)
        text.rstrip()
        printed.append(Text(" " * setting.indent).append_text(text))
    return printed


def shown(line: Line) -> str:
    """The words of a line as shown to a reader."""
    words = display(line)
    match line.format:
        case "scene_heading" if number := line.attrs.get("scene_number"):
            return f"{number}  {words}"
        case "section":
            return f"{'#' * int(line.attrs.get('depth', 1))} {words}"
        case "synopsis":
            return f"= {words}"
        case "page_break" | "chapter_break":
            return "─" * PAGE_WIDTH
        case "note":
            return f"[[{words}]]"
        case _:
            return words


def gap_after(line: Line) -> int:
    """The number of empty lines after a line: one fewer than its line ends."""
    return max(0, len(line.sep.replace("\r\n", "\n")) - 1)


def pages(lines: Iterable[Line]) -> int:
    """The approximate number of pages: of the lines that are printed, with page breaks, without the title page."""
    full = rows = gap = 0
    for line in without_spans(lines):
        if line.format == "page_break":
            full, rows, gap = full + -(-rows // LINES_A_PAGE), 0, 0
        elif is_printed(line):
            rows, gap = rows + gap + len(set_line(line)), gap_after(line)
        else:
            gap = max(gap, gap_after(line))
    return max(1, full + max(int(rows > 0), round(rows / LINES_A_PAGE)))


def scene(lines: Iterable[Line], number: str) -> Iterator[Line]:
    """The lines of one scene, by the number of its heading, or else by its position among the headings."""
    lines = list(lines)
    headings = [line for line in lines if line.format == "scene_heading"]
    named = [line for line in headings if line.attrs.get("scene_number") == number]
    if not named and number.isdecimal() and 1 <= int(number) <= len(headings):
        named = [headings[int(number) - 1]]
    inside = False
    for line in lines:
        if line.format in ("scene_heading", "section"):
            inside = line in named
        if inside:
            yield line
