"""Lenient answers: the shapes that models use for an answer, in the one shape that is decoded.

Only spellings differ; what is missing stays missing, and fields that were not requested are dropped by the decoder.
"""

from __future__ import annotations

import re
from typing import Any

from domain.proposals.shown_lines import HASH_DIGITS
from domain.script.line import LINE_FORMATS

MAX_WHY = 1_000

_NO_WORD = re.compile(r"[\s\-]+")
_FORMATS = {
    "heading": "scene_heading",
    "slugline": "scene_heading",
    "slug": "scene_heading",
    "cue": "character",
    "character_name": "character",
    "dialog": "dialogue",
    "description": "action",
    "paren": "parenthetical",
    "lyrics": "lyric",
}


def usual_shape(value: Any) -> Any:
    """An answer as ``{"hunks": [{"why", "edits"}]}``, however the model wrapped it."""
    if isinstance(value, list):
        value = {"edits": value} if value and all(_is_edit(each) for each in value) else {"hunks": value}
    if isinstance(value, dict) and "hunks" not in value:
        if "edits" in value:
            value = {"hunks": [value]}
        elif _is_edit(value):
            value = {"hunks": [{"edits": [value]}]}
        elif isinstance(value.get("lines"), list):
            value = {"hunks": [{"why": value.get("why"), "edits": [{**value, "edit": "replace"}]}]}
    if not isinstance(value, dict):
        return value
    hunks = value.get("hunks")
    return {"hunks": [_hunk(hunk) for hunk in hunks] if isinstance(hunks, list) else hunks}


def _is_edit(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("edit"), str)


def _hunk(hunk: Any) -> Any:
    if not isinstance(hunk, dict):
        return hunk
    if _is_edit(hunk):
        hunk = {"edits": [hunk], "why": hunk.get("why")}
    why, edits = hunk.get("why"), hunk.get("edits")
    return {
        # A reason is for people: one that is too long is cut, and none is no reason to refuse the edit.
        "why": why[:MAX_WHY] if isinstance(why, str) else "",
        "edits": [_edit(edit) for edit in edits] if isinstance(edits, list) else edits,
    }


def _edit(edit: Any) -> Any:
    if not isinstance(edit, dict):
        return edit
    found = _reference_fields(edit)
    if isinstance(found.get("after"), dict | list):
        after = _reference(found["after"])
        found |= {"after": after["line"], "expect": after["expect"] or found.get("expect")}
    for name in ("line", "after"):
        if name in found:
            found[name] = _number(found[name])
    if isinstance(found.get("edit"), str):
        found["edit"] = {"remove": "delete"}.get(word := found["edit"].strip().lower(), word)
    for name in ("first", "last"):
        if found.get(name) is not None:
            found[name] = _reference(found[name])
    lines = found.get("lines")
    if found.get("edit") == "delete":
        if lines is None and "line" in found:
            lines = [found]
        found["lines"] = [_reference(line) for line in lines] if isinstance(lines, list) else lines
    elif isinstance(lines, list):
        found["lines"] = [piece for line in lines for piece in _new_lines(line)]
    if "format" in found:
        found["format"] = _format(found["format"])
    return found


def _reference(line: Any) -> Any:
    """A line that an edit names: an object, a pair of number and hash, or only a number."""
    if isinstance(line, dict):
        found = _reference_fields(line)
        return {"line": _number(found.get("line")), "expect": found.get("expect")}
    if isinstance(line, list) and len(line) in (1, 2):
        return _reference(dict(zip(("line", "expect"), line, strict=False)))
    return {"line": _number(line), "expect": None}


def _reference_fields(edit: dict[str, Any]) -> dict[str, Any]:
    """The fields of an edit, with the hash under its one name and in its one case."""
    found = dict(edit)
    if found.get("expect") is None and "hash" in found:
        found["expect"] = found["hash"]
    if "line" not in found and "number" in found:
        found["line"] = found["number"]
    expect = found.get("expect")
    if isinstance(expect, int) and not isinstance(expect, bool) and 0 <= expect < 10**HASH_DIGITS:
        # A hash without letters, which the model took for a number.
        found["expect"] = f"{expect:0{HASH_DIGITS}}"
    elif isinstance(expect, str):
        found["expect"] = expect.strip().lower()
    return found


def _number(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9
    return str(value) if is_number else value.strip() if isinstance(value, str) else value


def _new_lines(line: Any) -> list[Any]:
    """A new line without space at its end; one that holds line ends is as many lines of its format."""
    if not isinstance(line, dict):
        return [line]
    text, form = line.get("text"), _format(line.get("format"))
    if not isinstance(text, str):
        return [{**line, "format": form}]
    rows = text.rstrip(" \t\r\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = [row.rstrip(" \t") for row in rows if row.strip()] or [""]
    return [
        {"format": form, "text": row, "close": position < len(kept) - 1 and len(rows) == len(kept)}
        for position, row in enumerate(kept)
    ]


def _format(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    word = _NO_WORD.sub("_", value.strip().lower())
    return word if word in LINE_FORMATS else _FORMATS.get(word, value)
