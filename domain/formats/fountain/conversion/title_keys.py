"""Keys for a title page without them, as Final Draft has it: which of its lines are the title, the credit, the author.

The first lines, up to an empty one, are the title. A line like `Written by` is the credit, and the names below it are
the author. Dates, sources and copyrights are known by their words; the rest is the contact. Each key is written once,
because most readers of Fountain take only one of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from domain.formats.fountain.source import BLANKS
from domain.formats.fountain.title_page import KEYS

INDENT = "    "

_MAX_CREDIT_CHARACTERS = 60
_CREDIT = re.compile(r"(?:[^:]*\s)?by:?", re.IGNORECASE)
_CREDIT_WITHOUT_TITLE = re.compile(
    r"(?:(?:an?\s+)?(?:written|screenplay|teleplay|script|story|created|adapted|directed)\s(?:.*\s)?)?by:?",
    re.IGNORECASE,
)
_CREDIT_AND_NAME = re.compile(
    r"((?:(?:an?\s+)?(?:original\s+)?(?:written|screenplay|teleplay|script|story|created|adapted)\s+"
    r"(?:(?:and|&)\s+\w+\s+)?)?by):?\s+(\S.*)",
    re.IGNORECASE,
)
_SOURCE = re.compile(r"(?:suggested by|adapted from|inspired by|from the)\b|.*\bbased (?:up)?on\b", re.IGNORECASE)
_COPYRIGHT = re.compile(r"©|\(c\)|copyright\b", re.IGNORECASE)
_DATE = re.compile(
    r"\b(?:draft|revised|revision)\b|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? (?:\d{1,2}(?:st|nd|rd|th)?,? )?\d{4}\b",
    re.IGNORECASE,
)


class TitleLine(Struct, frozen=True):
    """A line of a title page without keys.

    `text` is as Fountain writes it, `words` without marks. `ends_block`: an empty line is below it.
    """

    text: str
    words: str
    ends_block: bool
    is_centered: bool = False


def known_key(entry: str) -> str | None:
    """The key of an entry of a title page, in lower case; None where it is none of those that are known."""
    key, colon, _ = entry.partition(":")
    key = key.strip(BLANKS).lower()
    return key if colon and key in KEYS else None


def title_lines(lines: Sequence[TitleLine]) -> list[TitleLine]:
    """The lines that are the title: the first, up to an empty line or one that says what it is."""
    title: list[TitleLine] = []
    for line in lines:
        # `STAND BY` and `By the Sea` may be titles, but not below one.
        if _named(line.words) if title else _CREDIT_WITHOUT_TITLE.fullmatch(line.words.strip(BLANKS)):
            break
        title.append(line)
        if line.ends_block:
            break
    return title


def entries(lines: Sequence[TitleLine]) -> list[str]:
    """The lines of the title page with keys."""
    title = [line.text for line in title_lines(lines)]
    values = {"Title": title} if title else {}
    rest = lines[len(title) :]
    credit_places = [place for place, line in enumerate(rest) if _is_credit(line.words)]
    last_credit = credit_places[-1] if credit_places else -1
    key = ""
    for place, line in enumerate(rest):
        if place and rest[place - 1].ends_block and key != "Credit":
            key = ""
        named = _named(line.words)
        if named is None:
            key = "Author" if key == "Credit" else key or _unnamed(line, values, before_credit=place < last_credit)
            values.setdefault(key, []).append(line.text)
        elif named == "Credit" and key != "Source":
            key = _credit(line, values)
        else:
            # The author of a source stands below it: `Based on the novel`, `by Bob Elm`.
            named = "Source" if named == "Credit" else named
            key = named if named == "Source" else key
            values.setdefault(named, []).append(line.text)
    return [text for name, texts in values.items() for text in _entry(name, texts)]


def _named(words: str) -> str | None:
    """The key of a line that says what it is."""
    words = words.strip(BLANKS)
    if _SOURCE.match(words):
        return "Source"
    if _COPYRIGHT.match(words):
        return "Copyright"
    if _is_credit(words):
        return "Credit"
    return "Draft date" if _DATE.search(words) else None


def _is_credit(words: str) -> bool:
    words = words.strip(BLANKS)
    return len(words) <= _MAX_CREDIT_CHARACTERS and bool(_CREDIT.fullmatch(words) or _CREDIT_AND_NAME.fullmatch(words))


def _credit(line: TitleLine, values: dict[str, list[str]]) -> str:
    """Add a credit, and return the key of the next line."""
    if "Author" in values and _CREDIT_AND_NAME.fullmatch(line.words.strip(BLANKS)):
        values.setdefault("Source", []).append(line.text)
        return "Source"
    if "Author" in values:
        # A second one, such as `Story by`, with names below it.
        values["Author"].append(line.text)
        return "Credit"
    if "Credit" not in values and (both := _CREDIT_AND_NAME.fullmatch(line.text.strip(BLANKS))):
        values["Credit"], values["Author"] = [both[1]], [both[2]]
        return "Author"
    values.setdefault("Credit", []).append(line.text)
    return "Credit"


def _unnamed(line: TitleLine, values: dict[str, list[str]], *, before_credit: bool) -> str:
    if not line.is_centered or "Contact" in values:
        return "Contact"
    if before_credit and "Credit" not in values:
        return "Notes"
    return "Contact" if "Author" in values else "Author"


def _entry(key: str, texts: Sequence[str]) -> Iterable[str]:
    return [f"{key}: {texts[0]}"] if len(texts) == 1 else [f"{key}:", *(INDENT + text for text in texts)]
