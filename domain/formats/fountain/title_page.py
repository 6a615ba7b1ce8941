"""Title page: keys and values at the very top, up to the first empty line."""

from __future__ import annotations

import re
from collections.abc import Iterable

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

_INDENT = re.compile(r"\t| {3}")
_PROSE_WITH_COLON = re.compile(r"(?:INT|EXT|EST|I\.?/E)\b", re.IGNORECASE)


def is_indented(visible: str) -> bool:
    """Whether a line continues the value of the key above it: a tab or three spaces."""
    return _INDENT.match(visible) is not None


def is_entry(visible: str, *, in_title_page: bool, continued: bool) -> bool:
    """Whether a line at the top belongs to the title page; `continued` means that the next one is indented.

    Any `Key: value` does, but a line of the script may hold a colon too. An unknown key must therefore look like a
    label, each word with a capital or a digit, and have a value (`FADE IN:` has none).
    """
    if in_title_page and is_indented(visible):
        return True
    key, colon, value = visible.partition(":")
    key = key.strip()
    if not colon or not key or _PROSE_WITH_COLON.match(key):
        return False
    if key.lower() in KEYS:
        return True
    return bool(value.strip() or continued) and all(word[0].isupper() or word[0].isdigit() for word in key.split())


def title_of(entries: Iterable[str]) -> str | None:
    """The value of the key `Title`, on one line and without the emphasis around it, or None where there is none.

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
            title.append(value.strip().strip("*_").strip())
    return " ".join(filter(None, title or ()))[:MAX_TITLE] or None
