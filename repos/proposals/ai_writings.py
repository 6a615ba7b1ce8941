"""Table ai_writings: the last content AIs wrote in a script, and how much people had written there before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.dialects import mysql, sqlite

from repos.database.session import Session
from repos.schema.proposal_tables import ai_writings


class Writing(NamedTuple):
    """The guard hash of an AI's content, empty for none; and how much people had written before, 0 for nothing."""

    content: str
    people: int


_AT_ONCE = 100


def _rows(count: int) -> list[dict[Any, Any]]:
    columns = ai_writings.c
    return [
        {
            columns.script_id: bindparam("script"),
            columns.thing: bindparam(f"thing{n}"),
            columns.content: bindparam(f"content{n}"),
            columns.people: bindparam(f"people{n}"),
        }
        for n in range(count)
    ]


def _puts(count: int) -> tuple[Any, Any]:
    on_mysql = mysql.insert(ai_writings).values(_rows(count))
    on_sqlite = sqlite.insert(ai_writings).values(_rows(count))
    return (
        on_mysql.on_duplicate_key_update(content=on_mysql.inserted.content, people=on_mysql.inserted.people),
        on_sqlite.on_conflict_do_update(
            index_elements=["script_id", "thing"],
            set_={"content": on_sqlite.excluded.content, "people": on_sqlite.excluded.people},
        ),
    )


_PUT_ONE, _PUT_MANY = _puts(1), _puts(_AT_ONCE)
_ALL = select(ai_writings.c.thing, ai_writings.c.content, ai_writings.c.people).where(
    ai_writings.c.script_id == bindparam("script")
)
_SOME = _ALL.where(ai_writings.c.thing.in_([bindparam(f"thing{n}") for n in range(_AT_ONCE)]))


class AiWritings:
    """The content AIs wrote in the locked script."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def all(self, script_id: int) -> dict[str, Writing]:
        """Everything AIs wrote, by key: the id of a line, or the `retired_key` of anything else."""
        return {thing: Writing(*values) for thing, *values in self._session.rows(_ALL, script=script_id)}

    def of(self, script_id: int, things: Collection[str]) -> dict[str, Writing]:
        """The writings with these keys; for many keys, all writings."""
        if not things:
            return {}
        if len(things) > _AT_ONCE:
            return self.all(script_id)
        wanted = list(things)
        wanted += wanted[-1:] * (_AT_ONCE - len(wanted))
        rows = self._session.rows(_SOME, script=script_id, **{f"thing{n}": key for n, key in enumerate(wanted)})
        return {thing: Writing(*values) for thing, *values in rows}

    def put(self, script_id: int, written: Mapping[str, Writing]) -> None:
        """Store the content an AI wrote, with the commit."""
        rows = list(written.items())
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            if len(part) == 1:
                self._put(_PUT_ONE, script_id, part)
            else:
                self._put(_PUT_MANY, script_id, part + part[-1:] * (_AT_ONCE - len(part)))

    def _put(self, statements: tuple[Any, Any], script_id: int, rows: list[tuple[str, Writing]]) -> None:
        values: dict[str, Any] = {}
        for n, (thing, writing) in enumerate(rows):
            values |= {f"thing{n}": thing, f"content{n}": writing.content, f"people{n}": writing.people}
        self._session.later(statements[self._session.is_sqlite], script=script_id, **values)
