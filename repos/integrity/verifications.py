"""verifications: up to which version a script was verified, so that the next verification can go on from there."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from repos.database.session import Session
from repos.schema.derived_tables import verifications


class Checkpoint(NamedTuple):
    """All up to `version` was verified in a generation: the chain hash there, and a digest of the whole state.

    `keyframes` is how many were compared; `at` is microseconds since 1970 UTC.
    """

    script_id: int
    generation: int
    version: int
    chain_hash: bytes
    state_digest: bytes
    keyframes: int
    at: int


_OF_SCRIPT = verifications.c.script_id == bindparam("script")
_GET = select(*verifications.c).where(_OF_SCRIPT)
_REMOVE = delete(verifications).where(_OF_SCRIPT)
_PUT = insert(verifications).values({column.name: bindparam(f"new_{column.name}") for column in verifications.c})


class Verifications:
    """The checkpoints of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, script_id: int) -> Checkpoint | None:
        """Up to where a script was verified; None where it never was."""
        found = self._session.rows(_GET, script=script_id)
        return Checkpoint(*found[0]) if found else None

    def put(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint instead of the one before."""
        self.remove(checkpoint.script_id)
        names = (f"new_{column.name}" for column in verifications.c)
        self._session.run(_PUT, **dict(zip(names, checkpoint, strict=True)))

    def remove(self, script_id: int) -> None:
        """Forget that a script was ever verified."""
        self._session.run(_REMOVE, script=script_id)
