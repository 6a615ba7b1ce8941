"""Authorship of versions: a person, an AI with its model, an import or a backfill, and when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from domain.submissions.submission import decode_cause
from repos.log.authorship import Authorship, Provenance


class ProvenanceReader(Protocol):
    """A unit of work that can read authorship."""

    @property
    def provenance(self) -> Provenance: ...


class Credit(NamedTuple):
    """Who wrote a version; `author` is user, ai, system, import or backfill; `model` an AI's; microseconds UTC."""

    version: int
    author: str
    actor: str
    model: str | None
    occurred_at: int


def credits_of(tx: ProvenanceReader, script_id: int, versions: Iterable[int]) -> dict[int, Credit]:
    """The authors of some versions of a script, by version."""
    return {version: _credit(found) for version, found in tx.provenance.of(script_id, versions).items()}


def _credit(found: Authorship) -> Credit:
    return Credit(found.version, found.author, found.actor, decode_cause(found.cause).model, found.occurred_at)
