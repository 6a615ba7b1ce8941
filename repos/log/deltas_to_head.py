"""Deltas to head: what brings the known states of several scripts to their heads, read in one round trip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.log.head import Head
from domain.log.version import KeyframeRow, VersionRow
from repos.database.packed_pages import is_worth_packing
from repos.database.packet_text import Query
from repos.database.session import Session
from repos.database.statements import Row
from repos.log.commands import CHAIN_HASH
from repos.log.keyframes import SELECT_LAST_KEYFRAME
from repos.log.versions import SELECT_VERSIONS, VERSIONS_PER_PAGE


class KnownState(NamedTuple):
    """A script's locked head, and the version of its known state; None if no state is known."""

    head: Head
    version: int | None

    @property
    def start(self) -> int:
        """The version after which deltas are missing."""
        return self.head.keyframe_version if self.version is None else self.version


class HeadDelta(NamedTuple):
    """The path to a head: deltas after a keyframe, or after the known state with this chain hash."""

    keyframe: KeyframeRow | None
    deltas: list[VersionRow]
    chain_hash: bytes | None


class HeadDeltas:
    """The deltas to the heads of scripts, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, known: Sequence[KnownState]) -> list[HeadDelta]:
        """For each script, the deltas after its known state; after the last keyframe if no state is known."""
        results = iter(self._session.rows_of([query for state in known for query in self._queries(state)]))
        head_deltas = []
        for state in known:
            first, deltas = next(results), self._deltas(state, next(results))
            if state.version is None:
                head_deltas.append(HeadDelta(KeyframeRow(*first[0]) if first else None, deltas, None))
            else:
                head_deltas.append(HeadDelta(None, deltas, bytes(first[0][0]) if first else None))
        return head_deltas

    def _queries(self, known: KnownState) -> tuple[Query, Query]:
        head = known.head
        of_script = {"script": head.script_id, "generation": head.generation}
        params = {**of_script, "after": known.start, "upto": head.version}
        deltas = SELECT_VERSIONS.query(params, packed=self._packed(known))
        if known.version is None:
            return (SELECT_LAST_KEYFRAME, {**of_script, "upto": head.keyframe_version}), deltas
        return (CHAIN_HASH, {"script": head.script_id, "version": known.version}), deltas

    def _deltas(self, known: KnownState, rows: list[Row]) -> list[VersionRow]:
        # Deltas that cannot be read packed are missing here; the caller reads them.
        return SELECT_VERSIONS.read(rows, packed=self._packed(known)) or []

    def _packed(self, known: KnownState) -> bool:
        missing = known.head.version - known.start
        return missing <= VERSIONS_PER_PAGE and is_worth_packing(self._session, missing)
