"""Numbers of things in sentences: 1 page, 2 pages."""

from __future__ import annotations


def counted(count: int, thing: str) -> str:
    """A number of things, with separators between thousands."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def does(count: int, verb: str) -> str:
    """A verb, given in the form for several things, in the form for so many: waits, wait; is, are."""
    if count != 1:
        return verb
    return {"are": "is", "were": "was", "have": "has"}.get(verb, f"{verb}s")
