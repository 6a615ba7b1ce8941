"""Table verifications: the version up to which a script was verified, where the next verification continues."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select

from repos.database.session import Session
from repos.schema.derived_tables import verifications


class Checkpoint(NamedTuple):
    """A generation verified up to `version`: the chain hash there, and a digest of the whole state.

    `keyframes` is how many keyframes were compared; `at` is microseconds since 1970 UTC.
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
        """The checkpoint of a script; None if it was never verified."""
        rows = self._session.rows(_GET, script=script_id)
        return Checkpoint(*rows[0]) if rows else None

    def put(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint of a script."""
        self.remove(checkpoint.script_id)
        names = (f"new_{column.name}" for column in verifications.c)
        self._session.run(_PUT, **dict(zip(names, checkpoint, strict=True)))

    def remove(self, script_id: int) -> None:
        """Delete the checkpoint of a script."""
        self._session.run(_REMOVE, script=script_id)
