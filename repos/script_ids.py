"""script_ids: the numbers scripts were given, in which one that comes from elsewhere takes its place."""

from __future__ import annotations

from sqlalchemy import bindparam, insert, select

from repos.session import Session
from repos.tables import script_ids

_FIND = select(script_ids.c.id).where(script_ids.c.id == bindparam("script"))
_RESERVE = insert(script_ids).values(id=bindparam("script"))


class ScriptIds:
    """The numbers that were given."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def reserve(self, script_id: int) -> None:
        """Give nobody else this number, nor any below it that was not given yet."""
        if not self._session.rows(_FIND, script=script_id):
            self._session.run(_RESERVE, script=script_id)
