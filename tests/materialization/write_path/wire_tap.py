"""Driver tap: counts what is sent over the wire, and can cut the connection. The database is real."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pymysql
from pymysql.constants import COMMAND
from pymysql.cursors import Cursor
from sqlalchemy import Engine, event

Hook = Callable[[int, str, Any], None]


class Tap:
    """Records the round trips of every connection of an engine, as the texts that were sent.

    `before` is called with the number of a round trip, its text and the connection before it is sent; `between`
    after it was sent and before its answer is read; `after` once the answer is read.
    """

    def __init__(self, engine: Engine) -> None:
        self.sent: list[str] = []
        self.before: Hook | None = None
        self.between: Hook | None = None
        self.after: Hook | None = None
        self._engine = engine
        self._cursor = _cursor_class(self)
        engine.dispose()
        event.listen(engine, "connect", self._attach, insert=False)

    def statements(self) -> list[str]:
        """The first words of every statement, in the order they were sent."""
        return [" ".join(each.split()[:2]) for text in self.sent for each in text.split(";")]

    def clear(self) -> None:
        self.sent.clear()
        self.before = self.between = self.after = None

    def remove(self) -> None:
        """Replace every connection by one that is not tapped."""
        if event.contains(self._engine, "connect", self._attach):
            event.remove(self._engine, "connect", self._attach)
        self._engine.dispose()

    def _attach(self, connection: pymysql.Connection[Any], _record: object) -> None:
        connection.cursorclass = self._cursor


def _cursor_class(tap: Tap) -> type[Cursor]:
    class TappedCursor(Cursor):
        def _query(self, q: str) -> int:
            number = len(tap.sent)
            tap.sent.append(q)
            connection = self._get_db()
            if tap.before is not None:
                tap.before(number, q, connection)
            while self.nextset():
                pass
            self._clear_result()
            connection._execute_command(COMMAND.COM_QUERY, q.encode("utf8", "surrogateescape"))
            if tap.between is not None:
                tap.between(number, q, connection)
            connection._affected_rows = connection._read_query_result()
            self._do_get_result()
            if tap.after is not None:
                tap.after(number, q, connection)
            return self.rowcount

    return TappedCursor
