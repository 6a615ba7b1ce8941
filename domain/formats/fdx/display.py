"""Display text of a line in Final Draft: without the Fountain marks that force a format."""

from __future__ import annotations

from collections.abc import Mapping

from domain.formats.fdx.xml_text import writable
from domain.formats.fountain.display import LITERAL, display
from domain.formats.fountain.title_page import KEYS
from domain.script.line import Attr, Line, LineFormat


def shown(line_format: LineFormat, text: str, attrs: Mapping[str, Attr]) -> str:
    """The display text of a line; white space around it is only removed together with marks."""
    return writable(text if attrs.get(LITERAL) is True else _without_marks(line_format, text))


def looks_marked(line_format: LineFormat, text: str) -> bool:
    """Whether a text would lose characters if it were read as Fountain."""
    return _without_marks(line_format, text) != text


def _without_marks(line_format: LineFormat, text: str) -> str:
    if line_format == "title_entry":
        key, colon, value = text.partition(":")
        return value.strip() if colon and value.strip() and key.strip().lower() in KEYS else text
    words = display(Line("", line_format, text))
    return text if words.strip() == text.strip() else words
