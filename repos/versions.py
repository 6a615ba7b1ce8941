"""script_versions: what each command changed, and the hash of the state it led to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import bindparam, select

from repos.session import Session
from repos.tables import script_versions

PAGE = 1_000


class VersionRow(NamedTuple):
    """One version: its delta as stored, the state hash after it, and how many lines the script then has."""

    version: int
    delta: bytes
    state_hash: bytes
    line_count: int


_COLUMNS = ("script_id", "version_number", "generation", "delta", "state_hash", "line_count")
READ = (
    select(
        script_versions.c.version_number,
        script_versions.c.delta,
        script_versions.c.state_hash,
        script_versions.c.line_count,
    )
    .where(
        script_versions.c.script_id == bindparam("script"),
        script_versions.c.version_number > bindparam("after"),
        script_versions.c.version_number <= bindparam("upto"),
        script_versions.c.generation == bindparam("generation"),
    )
    .order_by(script_versions.c.version_number)
    .limit(bindparam("most"))
)


class Versions:
    """The versions of every script, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, script_id: int, *, generation: int, after: int = 0, upto: int) -> Iterator[VersionRow]:
        """Versions `after` + 1 to `upto`, in order, a page at a time."""
        while after < upto:
            page = self._session.rows(READ, script=script_id, generation=generation, after=after, upto=upto, most=PAGE)
            for row in page:
                yield VersionRow(*row)
            if len(page) < PAGE:
                return
            after = page[-1][0]


class WritableVersions(Versions):
    """The versions of the locked script. Only the materializer writes them."""

    def put(self, script_id: int, generation: int, versions: Sequence[VersionRow]) -> None:
        """Add versions, each for a command of the same transaction."""
        self._session.later_insert(
            script_versions,
            _COLUMNS,
            [(script_id, row.version, generation, row.delta, row.state_hash, row.line_count) for row in versions],
        )
