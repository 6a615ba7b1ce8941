"""Lines as rows that name the row before and after them: their order, or what breaks it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from backfill.content.refusals import LinksBroken
from domain.counting import counted


class Link(NamedTuple):
    """A row: its key, and the keys of its neighbours; None at an end."""

    key: Any
    previous: Any
    next: Any


def in_order(links: Iterable[Link]) -> list[Any]:
    """The keys from the first row to the last.

    Raises:
        LinksBroken: there are several lists or a circle, or a neighbour is missing or disagrees.
    """
    by_key = {link.key: link for link in links}
    firsts = [link for link in by_key.values() if link.previous is None]
    if not by_key:
        return []
    if not firsts:
        raise LinksBroken(problem="no line is the first: they run in a circle")
    if len(firsts) > 1:
        raise LinksBroken(problem=f"{len(firsts)} lines are the first one")
    ordered: list[Any] = []
    link: Link | None = firsts[0]
    while link is not None:
        ordered.append(link.key)
        following = None if link.next is None else by_key.get(link.next)
        if link.next is not None and following is None:
            raise LinksBroken(problem="the line after one of them is missing")
        if following is not None and following.previous != link.key:
            raise LinksBroken(problem="two lines do not agree which comes first")
        link = following
    # Each line has one line before it, so the walk cannot come back: what it did not reach is a circle of its own.
    if len(ordered) < len(by_key):
        raise LinksBroken(problem=f"{counted(len(by_key) - len(ordered), 'line')} cannot be reached from the first")
    return ordered
