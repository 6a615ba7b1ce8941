"""Table script_seals: chain hashes of the log by version, stored apart from the log.

A log whose end was cut off, and whose head was adjusted, is consistent in itself; a seal after its new end reveals the
cut.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from repos.database.session import Session
from repos.schema.derived_tables import script_seals


class SealRow(NamedTuple):
    """The chain hash of a log at a version, and when it was sealed."""

    version: int
    chain_hash: bytes
    sealed_at: int


_ADD = insert(script_seals).values(
    script_id=bindparam("script"),
    version_number=bindparam("version"),
    chain_hash=bindparam("chain"),
    sealed_at=bindparam("now"),
)
_READ = (
    select(script_seals.c.version_number, script_seals.c.chain_hash, script_seals.c.sealed_at)
    .where(script_seals.c.script_id == bindparam("script"))
    .order_by(script_seals.c.version_number, script_seals.c.id)
)


class Seals:
    """The seals of every script. They are only added and read."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, script_id: int, version: int, chain_hash: bytes, now: int) -> None:
        """Seal a version: store its chain hash."""
        self._session.run(_ADD, script=script_id, version=version, chain=chain_hash, now=now)

    def read(self, script_id: int) -> list[SealRow]:
        """The seals of a script, by version."""
        return [SealRow(*row) for row in self._session.rows(_READ, script=script_id)]
