"""Texts that code changes: what the escapes of a literal stand for, and what methods like `replace` leave."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from gates.static_scan.sql.sql_words import HOLE

_ESCAPE = re.compile(
    r"\\(u\{[0-9a-fA-F]{1,6}\}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}"
    r"|N\{[A-Za-z0-9 -]{1,90}\}|[0-7]{1,3}|\r?\n|.)",
    re.DOTALL,
)
# What a longer text says is not known.
MAX_CHARACTERS = 100_000
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f", "v": "\v"}
_PLACEHOLDER = re.compile(r"/(?:\\[sntr?$]|[:{#@ ?])")


def unescaped(text: str) -> str:
    """The text that a literal stands for."""
    return text if "\\" not in text else _ESCAPE.sub(_character, text)


def _character(match: re.Match[str]) -> str:
    escape = match[1]
    if escape.startswith("N{"):
        return unicodedata.lookup(escape[2:-1]) if _is_character_name(escape[2:-1]) else HOLE
    if "0" <= escape[0] <= "7":
        return chr(int(escape, 8))
    if escape[0] in "uUx" and len(escape) > 1:
        number = int(escape[1:].strip("{}"), 16)
        return chr(number) if number < 0x110000 else ""
    return "" if escape.endswith("\n") else _SIMPLE.get(escape, escape)


def _is_character_name(name: str) -> bool:
    try:
        return len(unicodedata.lookup(name)) == 1
    except KeyError:
        return False


def changed(method: str, text: str, given: Sequence[str | int | None]) -> str:
    """A text after a method of texts; a hole if the method may make another statement of it at run time."""
    change = _CHANGES.get(method)
    if change is None or not given or not text.replace(HOLE, ""):
        return text
    try:
        return change(text, *given)
    except (TypeError, ValueError):
        return HOLE


def _sliced(text: str, start: int | None = None, end: int | None = None) -> str:
    if not isinstance(start, int) or (end is not None and not isinstance(end, int)):
        raise TypeError
    if HOLE in text:
        return HOLE if start else text
    return text[start:end]


def _replaced(text: str, old: str | None, new: str | None = None) -> str:
    if not isinstance(old, str):
        raise TypeError
    if old.startswith("/") and old.rpartition("/")[0]:
        # A placeholder or white space is replaced; what another expression finds is not known.
        return text if _PLACEHOLDER.match(old) else HOLE
    if not old:
        return text
    by = new if isinstance(new, str) else HOLE
    # A few calls in a row could make a text of any size.
    size = len(text) + text.count(old) * (len(by) - len(old))
    return HOLE if size > MAX_CHARACTERS else text.replace(old, by)


_CHANGES: dict[str, Callable[..., str]] = {
    "strip": str.strip,
    "lstrip": str.lstrip,
    "rstrip": str.rstrip,
    "replace": _replaced,
    "replaceAll": _replaced,
    "slice": _sliced,
}


_FILLED = {"%": re.compile(r"%(?:\(([A-Za-z_]\w{0,60})\))?s"), "{": re.compile(r"\{([A-Za-z_0-9]{0,60})\}")}


def filled(text: str, sign: str, values: Sequence[tuple[str, str | None]]) -> str:
    """A text with values at the places for them, and holes where the value is not known."""
    named = {name: value for name, value in values if name}
    listed = [value for name, value in values if not name]
    parts, position = [], 0
    for number, match in enumerate(_FILLED[sign].finditer(text)):
        place = match[1] or ""
        at = int(place) if place.isdecimal() and len(place) < 3 else number
        value = named.get(place) if place and not place.isdecimal() else listed[at] if at < len(listed) else None
        parts += [text[position : match.start()], value if value is not None else HOLE]
        position = match.end()
    whole = "".join((*parts, text[position:]))[:MAX_CHARACTERS]
    return whole.replace("%%", "%") if sign == "%" else whole
