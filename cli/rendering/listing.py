"""Listings: one page of rows as a table for people, or as one JSON document for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from cli.json_documents.base import Document
from cli.terminal import screen


class Numbered(Protocol):
    """A row with an id; pages are read in the order of ids."""

    @property
    def id(self) -> int: ...


Row = TypeVar("Row", bound=Numbered)


class Page(NamedTuple, Generic[Row]):
    """The rows of one page; `next` is the value of `--after` for the next page, None on the last one."""

    rows: list[Row]
    next: int | None


class Columns(NamedTuple, Generic[Row]):
    """The headings of a table, how a row becomes its cells, and the headings of right-aligned columns."""

    headings: Sequence[str]
    cells: Callable[[Row], Sequence[str]]
    right: Sequence[str] = ()


def page_of(rows: Sequence[Row], limit: int) -> Page[Row]:
    """The first `limit` rows; read `limit + 1`, so that it is known whether another page follows."""
    return Page(list(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)


def listing(
    page: Page[Row], document: Callable[[Page[Row]], Document], columns: Columns[Row], *, as_json: bool
) -> None:
    """Print a page."""
    if as_json:
        screen.print_json(document(page))
        return
    screen.print_text(screen.table(columns.headings, map(columns.cells, page.rows), right=columns.right))
    print_next(page.next)


def print_next(following: int | None) -> None:
    """Print how to read on, if more follows."""
    if following is not None:
        screen.print_text(f"More follow: --after {following}")
