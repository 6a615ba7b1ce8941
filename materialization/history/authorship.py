"""Authorship of versions: a person, an AI with its model, or an import, and when.

A backfilled version is credited to its author in the legacy application.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from domain.submissions.origin import Origin
from domain.submissions.submission import decode_cause
from domain.submissions.writer import writer_of
from repos.log.authorship import Authorship, Provenance


class ProvenanceReader(Protocol):
    """A unit of work that can read authorship."""

    @property
    def provenance(self) -> Provenance: ...


class Credit(NamedTuple):
    """Who wrote a version; `author` is user, ai, system, import or backfill; `model` an AI's; microseconds UTC.

    `origin` is the legacy row of a backfilled version, whose author and actor are those of the legacy application.
    """

    version: int
    author: str
    actor: str
    model: str | None
    occurred_at: int
    origin: Origin | None = None


def credits_of(tx: ProvenanceReader, script_id: int, versions: Iterable[int]) -> dict[int, Credit]:
    """The authors of some versions of a script, by version."""
    return {version: _credit(found) for version, found in tx.provenance.of(script_id, versions).items()}


def _credit(found: Authorship) -> Credit:
    writer = writer_of(found.author, found.actor, decode_cause(found.cause))
    return Credit(found.version, writer.author, writer.actor, writer.model, found.occurred_at, writer.origin)
