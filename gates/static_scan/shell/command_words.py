"""A command line as the shell takes it apart: simple commands, each a list of words, and how they are connected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_SEPARATORS = frozenset("|;&()`\n")
# `${a:-${b}}` in one another.
_MAX_BRACES = 6


class Word(NamedTuple):
    """One word without its quotes, and where it begins."""

    text: str
    start: int
    is_quoted: bool = False


class Command(NamedTuple):
    """A simple command; `piped` is one that gets what the command before it prints."""

    words: list[Word]
    piped: bool = False

    @property
    def texts(self) -> list[str]:
        """Its words as texts."""
        return [word.text for word in self.words]


def open_quote(text: str, quote: str = "") -> str:
    """The quote that is open at the end of a text, which begins inside `quote`; empty if there is none."""
    position, before = 0, " "
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\" and quote == '"':
                position += 1
            elif character == quote:
                quote = ""
        elif character == "\\":
            position += 1
        elif character in "'\"":
            quote = character
        elif character == "#" and before.isspace():
            end = text.find("\n", position)
            if end < 0:
                break
            position = end
        before = character
        position += 1
    return quote


def commands_of(text: str, offset: int = 0) -> Iterator[Command]:
    """The simple commands of a text; words begin at their place plus `offset`."""
    words: list[Word] = []
    piped = False
    for word in _words(text):
        if word.text in _SEPARATORS and not word.is_quoted:
            if words:
                yield Command(words, piped)
            piped = word.text == "|" and (bool(words) or piped)
            words = []
        else:
            words.append(word._replace(start=word.start + offset))
    if words:
        yield Command(words, piped)


def _words(text: str) -> Iterator[Word]:
    position, size = 0, len(text)
    begun, parts, is_quoted = -1, [], False
    while position <= size:
        character = text[position] if position < size else "\n"
        if character == "\\" and position + 1 < size:
            if text[position + 1] != "\n":
                begun = position if begun < 0 else begun
                parts.append(text[position + 1])
            position += 2
            continue
        if character in "'\"":
            end, inside = _quoted(text, position)
            begun = position if begun < 0 else begun
            parts.append(inside)
            is_quoted, position = True, end
            continue
        if character == "$" and text.startswith(("${", "$("), position):
            if text[position + 1] == "(":
                # The command inside is one by itself.
                if begun >= 0:
                    yield Word("".join(parts), begun, is_quoted)
                    begun, parts, is_quoted = -1, [], False
                position += 1
                continue
            end = _closing_brace(text, position + 1)
            begun = position if begun < 0 else begun
            parts.append(text[position:end])
            position = end
            continue
        is_comment = character == "#" and begun < 0
        if character.isspace() or character in _SEPARATORS or character in "<>" or is_comment:
            if begun >= 0:
                yield Word("".join(parts), begun, is_quoted)
                begun, parts, is_quoted = -1, [], False
            if is_comment:
                end = text.find("\n", position)
                position = size if end < 0 else end
                continue
            if character in "<>":
                end = position
                while end < size and text[end] in "<>&-":
                    end += 1
                yield Word(text[position:end], position)
                position = end
                continue
            if character in _SEPARATORS:
                yield Word(character, position)
        else:
            begun = position if begun < 0 else begun
            parts.append(character)
        position += 1


def _quoted(text: str, start: int) -> tuple[int, str]:
    """The end of a text in quotes, and the text."""
    quote, position, parts = text[start], start + 1, []
    while position < len(text) and text[position] != quote:
        if text[position] == "\\" and quote == '"' and position + 1 < len(text):
            position += 1
            if text[position] not in '"\\$`\n':
                parts.append("\\")
        parts.append(text[position])
        position += 1
    return position + 1, "".join(parts)


def _closing_brace(text: str, start: int) -> int:
    """The place after the brace that closes the one at a place; at most some hundred characters are looked at."""
    depth = 0
    for position in range(start, min(len(text), start + 400)):
        depth += (text[position] == "{") - (text[position] == "}")
        if not depth:
            return position + 1
        if depth > _MAX_BRACES:
            break
    return start + 1
