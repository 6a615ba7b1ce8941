"""Display text of a line in Final Draft: without the marks of Fountain, with its emphasis as styles."""

from __future__ import annotations

from collections.abc import Mapping

from domain.formats.emphasis import stretches
from domain.formats.fdx.runs import merged, styled
from domain.formats.fdx.xml.xml_text import writable
from domain.formats.fountain.classify import UNPRINTED_SPANS
from domain.formats.fountain.conversion.title_keys import known_key
from domain.formats.fountain.display import LITERAL, display
from domain.formats.fountain.source import BLANKS
from domain.formats.fountain.spans import has_span
from domain.formats.fountain.title_page import is_entry
from domain.formats.runs import RUNS, Run, without_marks
from domain.script.line import Attr, Line, LineFormat

# Formats whose asterisks and underscores are no emphasis.
_NOT_EMPHASISED = frozenset({"note", "boneyard", "page_break"})


def shown(line_format: LineFormat, text: str, attrs: Mapping[str, Attr]) -> str:
    """The display text of a line; white space around it is only removed together with marks."""
    if attrs.get(LITERAL) is True:
        return writable(text)
    words = _without_marks(line_format, text)
    return writable(words if line_format in _NOT_EMPHASISED else _without_emphasis(words))


def shown_runs(
    line_format: LineFormat, text: str, attrs: Mapping[str, Attr], *, whole: bool, emphasised: bool
) -> list[Run]:
    """The display text of a line in runs.

    `whole`: with the styles preserved from the paragraph it was read from; `emphasised`: with those of its marks, and
    without these.
    """
    literal = attrs.get(LITERAL) is True
    words = writable(text if literal else _without_marks(line_format, text))
    runs = styled(words, attrs.get(RUNS) if whole else None)
    is_text = literal or not emphasised or line_format in _NOT_EMPHASISED
    if is_text or ("*" not in words and "_" not in words):
        return runs
    return merged(list(without_marks(words, runs)))


def looks_marked(line_format: LineFormat, text: str) -> bool:
    """Whether a text would lose characters, or stand for something else, if it were read as Fountain."""
    if line_format == "title_entry" and is_entry(text, in_title_page=False, continued=True, below="key"):
        return True
    if line_format not in UNPRINTED_SPANS and has_span(text):
        # A note of the same paragraph, which follows it, could close the span.
        return True
    if line_format == "centered" and text.rstrip(BLANKS).endswith("<"):
        return True
    return shown(line_format, text, {}) != writable(text)


def _without_emphasis(words: str) -> str:
    if "*" not in words and "_" not in words:
        return words
    return "".join(words[start:end] for start, end, _ in stretches(words))


def _without_marks(line_format: LineFormat, text: str) -> str:
    words = display(Line("", line_format, text))
    if words.strip() == text.strip():
        words = text
    return _title_value(words) if line_format == "title_entry" else words


def _title_value(entry: str) -> str:
    """The value of an entry with a known key; keys are not printed."""
    if known_key(entry):
        return entry.partition(":")[2].strip(BLANKS)
    # The indentation of a value below its key is a mark too.
    return entry.strip(BLANKS) if entry[:1] in {" ", "\t"} and entry.strip(BLANKS) else entry
