"""Writer: the person, AI or program that wrote a command, also of one that a backfill brought."""

from __future__ import annotations

from typing import NamedTuple

from domain.submissions.origin import Origin
from domain.submissions.submission import Cause


class Writer(NamedTuple):
    """Who wrote a command: for a backfilled one, who wrote it in the legacy application."""

    author: str
    actor: str
    model: str | None
    origin: Origin | None


def writer_of(author: str, actor: str, cause: Cause) -> Writer:
    """The writer of a command with these columns in the log."""
    origin = cause.origin
    if origin is None:
        return Writer(author, actor, cause.model, None)
    return Writer(origin.author, origin.actor, cause.model, origin)
