"""Version lookup by a point in time or by the name of a draft."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from domain.errors import Corrupt, Rejected
from domain.log.entry import written_at
from domain.log.head import Head
from domain.refusals import UnknownLabel
from materialization.history.state_at import HeadReader, load
from repos.log.authorship import Provenance


class NotYetThere(Rejected):
    """Script {script} did not exist at {moment}; its first version is of {first}."""


class TimeReader(HeadReader, Protocol):
    """A unit of work that can read when versions were recorded."""

    @property
    def provenance(self) -> Provenance: ...


def version_at(tx: TimeReader, script_id: int, moment: int) -> int:
    """The version of a script at a moment in microseconds since 1970 UTC, by our clock; takes log n lookups.

    A backfilled version counts from the time of its legacy row.

    If clocks of several machines disagreed, so that times go back, it is a version recorded by then whose successor
    was not.

    Raises:
        UnknownScript: there is no such script.
        NotYetThere: its first version is later.
    """
    head = _head(tx, script_id)
    first = _time_of(tx, script_id, 1)
    if first > moment:
        raise NotYetThere(script=script_id, moment=_iso(moment), first=_iso(first))
    by_then, later = 1, head.version + 1
    while later - by_then > 1:
        middle = (by_then + later) // 2
        if _time_of(tx, script_id, middle) <= moment:
            by_then = middle
        else:
            later = middle
    return by_then


def version_of_label(tx: HeadReader, script_id: int, name: str) -> int:
    """The version with a name.

    Raises:
        UnknownScript: there is no such script.
        UnknownLabel: no version of it has that name.
    """
    head = _head(tx, script_id)
    version = load(tx, head, head.version).labels.get(name)
    if version is None:
        raise UnknownLabel(name=name)
    return version


def _head(tx: HeadReader, script_id: int) -> Head:
    return tx.heads.require(script_id)


def _time_of(tx: TimeReader, script_id: int, version: int) -> int:
    found = tx.provenance.get(script_id, version)
    if found is None:
        raise Corrupt(f"command {version} of script {script_id} is missing from the log")
    return written_at(found.author, found.occurred_at, found.recorded_at)


def _iso(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1_000_000, UTC).isoformat(timespec="seconds")
