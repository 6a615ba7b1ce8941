"""Touchpoints: places in the code that reach the database, and what could not be read."""

from __future__ import annotations

from typing import Literal, NamedTuple

# `unknown` is what cannot be read off the code: it counts as a write. `connection` opens a way to the database.
Access = Literal["read", "write", "unknown", "connection"]
Kind = Literal["call", "sql", "sql text", "caller", "pass-through", "connection", "unread"]


class Touchpoint(NamedTuple):
    """One place: where it is, what it reaches and how, and why it was found.

    `table` is empty if it is not known. `text_line` is where the SQL text begins, if that is another line.
    `confident` is false where the code leaves it open: text made at run time, SQL that no parser reads.
    """

    file: str
    line: int
    end_line: int
    function: str
    access: Access
    table: str
    domain: str
    kind: Kind
    rule: str
    api: str
    message: str
    code: str
    confident: bool = True
    text_line: int | None = None

    @property
    def writes(self) -> bool:
        """Whether it writes, or may write."""
        return self.access in ("write", "unknown")


class Unread(NamedTuple):
    """A file, or a part of one, that was not read: nothing is known about it."""

    file: str
    line: int
    code: str
    sentence: str


class Skipped(NamedTuple):
    """A folder or link that was left out, by name or because it leads elsewhere."""

    path: str
    reason: str
