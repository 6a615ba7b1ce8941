"""Title page: keys and values at the very top, up to the first empty line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from domain.formats.emphasis import emphasised
from domain.formats.fountain.source import BLANKS, is_upper
from domain.formats.fountain.spans import without_escapes
from domain.script.metadata import MAX_TITLE

KEYS = frozenset(
    {
        "title",
        "credit",
        "author",
        "authors",
        "source",
        "notes",
        "draft date",
        "date",
        "contact",
        "copyright",
        "revision",
    }
)

_INDENTS = frozenset(BLANKS)
_PROSE_WITH_COLON = re.compile(r"(?:INT|EXT|EST|I\.?/E)\b", re.IGNORECASE)

# What a line, or the entries directly below it, says about the title page: a key of the specification, another label.
EntriesBelow = Literal["none", "label", "key"]


def is_indented(visible: str) -> bool:
    """Whether a line continues the value of the key above it. The specification asks for a tab or three spaces."""
    return visible[:1] in _INDENTS


def is_entry(visible: str, *, in_title_page: bool, continued: bool, below: EntriesBelow) -> bool:
    """Whether a line at the top belongs to the title page.

    `continued` means that the next line is indented, `below` what the entries directly below are. A key of the
    specification begins a title page. A line of the script may hold a colon too (`NARRATOR: Long ago.`), so any other
    key must look like a label, each word with a capital or a digit, have a value (`FADE IN:` has none), and not stand
    alone: below the first line follows a key of the specification, or for a label not in capitals another one.
    """
    if in_title_page and is_indented(visible):
        return True
    key = _key(visible)
    if _is_known(key):
        return True
    if not _is_label(key) or not (continued or visible.partition(":")[2].strip()):
        return False
    return in_title_page or below == "key" or (below == "label" and not is_upper(key))


def entries_at(visible: str, below: EntriesBelow) -> EntriesBelow:
    """What a line and the entries directly below it are, for the line above."""
    if ":" not in visible:
        return below if is_indented(visible) else "none"
    key = _key(visible)
    if _is_known(key):
        return "key"
    if not _is_label(key) and not is_indented(visible):
        return "none"
    return "label" if below == "none" and _is_label(key) and not is_upper(key) else below


def _key(visible: str) -> str:
    key, colon, _ = visible.partition(":")
    return key.strip() if colon else ""


def _is_known(key: str) -> bool:
    return key.lower() in KEYS


def _is_label(key: str) -> bool:
    return (
        key != ""
        and not _PROSE_WITH_COLON.match(key)
        and all(word[0].isupper() or word[0].isdigit() for word in key.split())
    )


def title_of(entries: Iterable[str]) -> str | None:
    """The value of the key `Title`, on one line and without marks of emphasis, or None where there is none.

    Truncated to the maximum length of a script's title.
    """
    title: list[str] | None = None
    margin: int | None = None
    for entry in entries:
        indent = len(entry) - len(entry.lstrip())
        # Some writers indent the whole page; the first key then sets the margin.
        margin = indent if margin is None else margin
        key, colon, value = entry.partition(":")
        if indent > margin or not colon:
            value = entry
        elif title is not None:
            break
        elif key.strip().lower() == "title":
            title = []
        if title is not None:
            title.append("".join(text for text, _ in emphasised(without_escapes(value.strip()))).strip())
    return " ".join(filter(None, title or ()))[:MAX_TITLE] or None
