"""Patches between two texts, spelled as diff-match-patch writes them."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise
from urllib.parse import quote

CONTEXT = 4
UNESCAPED = " !~*'();/?:@&=+$,#-_."


def make_patch(before: str, after: str) -> str:
    """The patch from one text to another, a hunk for each run of lines that differ."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    changes = [
        ("".join(old[a:b]), "".join(new[c:d]), sum(map(len, old[:a])), sum(map(len, new[:c])))
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    # Each hunk is written for the text after those before it.
    return "".join(_hunk(after[:new_at] + before[old_at:], new_at, text, by) for text, by, old_at, new_at in changes)


def make_patches(texts: list[str]) -> list[str]:
    """The patches from each text to the next one."""
    return [make_patch(before, after) for before, after in pairwise(texts)]


def units(text: str) -> int:
    """The length of a text as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def _hunk(text: str, at: int, old: str, new: str) -> str:
    end = at + len(old)
    left, right = text[max(0, at - CONTEXT) : at], text[end : end + CONTEXT]
    start = units(text[: at - len(left)])
    parts = [(" ", left), ("-", old), ("+", new), (" ", right)]
    lines = "".join(f"{sign}{quote(part, safe=UNESCAPED)}\n" for sign, part in parts if part)
    before, after = units(left + old + right), units(left + new + right)
    return f"@@ -{_place(start, before)} +{_place(start, after)} @@\n{lines}"


def _place(start: int, length: int) -> str:
    if length == 0:
        return f"{start},0"
    return str(start + 1) if length == 1 else f"{start + 1},{length}"
