"""Generations: versions and keyframes that no head names any more, to be removed a piece at a time."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, literal, select

from repos.database.session import Session
from repos.schema.core_tables import script_keyframes, script_versions

_FOUND = select(script_versions.c.generation).where(
    script_versions.c.script_id == bindparam("script"), script_versions.c.version_number == literal(1)
)
_REMOVE = [
    delete(table).where(
        table.c.script_id == bindparam("script"),
        table.c.generation == bindparam("old"),
        table.c.version_number > bindparam("after"),
        table.c.version_number <= bindparam("upto"),
    )
    for table in (script_keyframes, script_versions)
]


class Generations:
    """The generations of every script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def found(self, script_id: int) -> list[int]:
        """The generations there are of a script: each has a first version, which is removed last."""
        return sorted(row[0] for row in self._session.rows(_FOUND, script=script_id))

    def remove(self, script_id: int, generation: int, *, after: int, upto: int) -> None:
        """Remove a run of versions of one generation, and the keyframes among them."""
        for statement in _REMOVE:
            self._session.run(statement, script=script_id, old=generation, after=after, upto=upto)
