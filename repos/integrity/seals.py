"""script_seals: which chain hash a log had at which version, kept apart from the log.

Who cuts off the end of a log and mends its head leaves a log that is right in itself; a seal behind its
new end shows it.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from repos.database.session import Session
from repos.schema.derived_tables import script_seals


class SealRow(NamedTuple):
    """What a log said at a version, and when that was written down."""

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
    """The seals of every script. They are added and read, nothing else."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, script_id: int, version: int, chain_hash: bytes, now: int) -> None:
        """Write down what a log says at a version."""
        self._session.run(_ADD, script=script_id, version=version, chain=chain_hash, now=now)

    def read(self, script_id: int) -> list[SealRow]:
        """The seals of a script, by version."""
        return [SealRow(*row) for row in self._session.rows(_READ, script=script_id)]
