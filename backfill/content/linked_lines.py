"""Lines as rows that name the row before and after them: their order, or what breaks it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple, TypeVar

from backfill.content.refusals import LinksBroken
from domain.counting import counted

K = TypeVar("K", bound=Hashable)


class Link(NamedTuple):
    """A row: its key, and the keys of its neighbours; None at an end."""

    key: Any
    previous: Any
    next: Any


def past_deleted(neighbours: Mapping[K, K | None], deleted: Set[K]) -> dict[K, K | None]:
    """The neighbours of the rows that are not deleted: the next one that is not deleted either.

    An application may have taken a deleted row out of the list, or have left it there.

    Raises:
        LinksBroken: the deleted rows run in a circle.
    """
    known: dict[K, K | None] = {}
    for key in neighbours.keys() - deleted:
        passed: list[K] = []
        following = neighbours[key]
        while following is not None and following in deleted:
            if following in known:
                following = known[following]
                break
            passed.append(following)
            if len(passed) > len(deleted):
                raise LinksBroken(problem="deleted lines run in a circle")
            following = neighbours.get(following)
        known.update(dict.fromkeys([key, *passed], following))
    return {key: known[key] for key in neighbours if key not in deleted}


def without_deleted(links: list[Link], deleted: Sequence[Any]) -> list[Link]:
    """The links of the rows that are not deleted, given all links and the keys of the deleted ones (LinksBroken)."""
    if not deleted:
        return links
    gone = set(deleted)
    before = past_deleted({link.key: link.previous for link in links}, gone)
    after = past_deleted({link.key: link.next for link in links}, gone)
    return [Link(key, before[key], following) for key, following in after.items()]


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
