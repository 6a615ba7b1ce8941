"""A visit: what a view is given, and what it returns. Views are plain functions, called in a thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode

from repos.unit_of_work import UnitOfWork
from workers.http.access.people import Person
from workers.monitoring.overview import Overview
from workers.producers.replays import Replays

# Numbers of rows and scripts fit into a BIGINT.
MAX_NUMBER = 2**63 - 1
MAX_TEXT = 200
ROWS_PER_PAGE = 50


class Problem(Exception):
    """A request that is answered with a sentence: `status` is that of HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Visit(NamedTuple):
    """A request of a person: the parts of its path, the fields of its query, and those of its form."""

    person: Person
    path: Mapping[str, Any]
    query: Mapping[str, str]
    form: Mapping[str, str]

    def number(self, name: str, default: int = 0) -> int:
        """A number of the query or the form.

        Raises:
            Problem: it is not a number.
        """
        text = self.form.get(name) or self.query.get(name) or ""
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) < len(str(MAX_NUMBER)) + 1):
            raise Problem(400, f"“{name}” is not a number from 0 to {MAX_NUMBER}.")
        return min(int(text), MAX_NUMBER)

    def text(self, name: str) -> str:
        """A text of the query or the form.

        Raises:
            Problem: it is too long.
        """
        text = (self.form.get(name) or self.query.get(name) or "").strip()
        if len(text) > MAX_TEXT:
            raise Problem(400, f"“{name}” has more than {MAX_TEXT} characters.")
        return text

    def moment(self, name: str) -> int:
        """A UTC time of the query or the form in microseconds since 1970, at least 1; 0 if there is none.

        Raises:
            Problem: it is not a time.
        """
        text = self.text(name)
        if not text:
            return 0
        try:
            when = datetime.fromisoformat(text)
            return max(1, int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1_000_000))
        except (ValueError, OverflowError):
            raise Problem(400, f"“{name}” is not a time like 2026-11-30T08:15.") from None


class Shown(NamedTuple):
    """A page to show: its template and the values in it."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


class Moved(NamedTuple):
    """Another page to go to, on this host."""

    path: str
    query: Mapping[str, object] = {}

    @property
    def location(self) -> str:
        """The path with its query."""
        given = {name: value for name, value in self.query.items() if value not in ("", 0, None)}
        return f"{self.path}?{urlencode(given)}" if given else self.path


class Plain(NamedTuple):
    """A body that is no page, and its type."""

    body: bytes
    content_type: str


class OverviewSource(Protocol):
    """Where the overview comes from."""

    def read(self) -> Overview:
        """The overview as it is now."""


class Services(NamedTuple):
    """What views work with."""

    unit_of_work: UnitOfWork
    replays: Replays
    overview: OverviewSource
    flower_url: str = ""


View = Callable[[Services, Visit], Shown | Moved | Plain]
