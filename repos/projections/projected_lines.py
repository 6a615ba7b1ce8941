"""Table script_lines: the projected lines of a script, ordered by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, select, update

from domain.script.line import Attr, Line
from repos.database.session import Session
from repos.database.statements import Row
from repos.schema.derived_tables import script_lines

LINES_PER_PAGE = 1_000


class Placed(NamedTuple):
    """A line, the key that orders it, and the version that last wrote it."""

    line: Line
    key: int
    version: int


_READ_COLUMNS = (
    script_lines.c.line_id,
    script_lines.c.format,
    script_lines.c.text,
    script_lines.c.sep,
    script_lines.c.attrs,
    script_lines.c.order_key,
    script_lines.c.version_number,
)
_COLUMNS = ("script_id", *(column.name for column in _READ_COLUMNS))
_THIS = (script_lines.c.script_id == bindparam("script"), script_lines.c.line_id == bindparam("line"))
_GET = select(*_READ_COLUMNS).where(*_THIS)
_KEYS_AFTER = (
    select(script_lines.c.line_id, script_lines.c.order_key)
    .where(script_lines.c.script_id == bindparam("script"), script_lines.c.order_key > bindparam("after"))
    .order_by(script_lines.c.order_key)
    .limit(bindparam("limit"))
)
_PAGE = (
    select(*_READ_COLUMNS)
    .where(script_lines.c.script_id == bindparam("script"), script_lines.c.order_key > bindparam("after"))
    .order_by(script_lines.c.order_key)
    .limit(bindparam("limit"))
)
_WRITE = (
    update(script_lines)
    .where(*_THIS)
    .values(
        format=bindparam("form"),
        text=bindparam("content"),
        sep=bindparam("ends"),
        attrs=bindparam("marks"),
        version_number=bindparam("version"),
    )
)
_PLACE = update(script_lines).where(*_THIS).values(order_key=bindparam("to"))
_REMOVE = delete(script_lines).where(*_THIS)
_CLEAR = delete(script_lines).where(script_lines.c.script_id == bindparam("script"))
_FIRST = -(1 << 63)
_attrs = msgspec.json.Decoder(dict[str, Attr])
_encoder = msgspec.json.Encoder(order="deterministic")


class ProjectedLines:
    """The lines of every script, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, script_id: int) -> Iterator[Placed]:
        """The lines of a script, first to last, read page by page."""
        after = _FIRST
        while page := self._session.rows(_PAGE, script=script_id, after=after, limit=LINES_PER_PAGE):
            yield from map(_to_placed, page)
            after = page[-1][5]

    def get(self, script_id: int, line_id: str) -> Placed | None:
        """One line; None if it does not exist."""
        rows = self._session.rows(_GET, script=script_id, line=line_id)
        return _to_placed(rows[0]) if rows else None

    def behind(self, script_id: int, key: int | None, *, limit: int) -> list[tuple[str, int]]:
        """The ids and keys of the lines after a key, or from the first line on, in order."""
        after = _FIRST if key is None else key
        return [(row[0], row[1]) for row in self._session.rows(_KEYS_AFTER, script=script_id, after=after, limit=limit)]


class WritableLines(ProjectedLines):
    """The lines of the script whose projection is locked.

    Changes of the order are written at once, because the next change reads its position from the table.
    """

    def add(self, script_id: int, lines: Sequence[Placed]) -> None:
        """Add lines. Raises DuplicateKey if one exists already."""
        self._session.later_insert(script_lines, _COLUMNS, [_to_row(script_id, placed) for placed in lines])
        self._session.flush()

    def place(self, script_id: int, keys: Mapping[str, int]) -> None:
        """Change the keys of lines."""
        for line_id, key in keys.items():
            self._session.later(_PLACE, rows=1, script=script_id, line=line_id, to=key)
        self._session.flush()

    def remove(self, script_id: int, line_ids: Iterable[str]) -> None:
        """Delete lines."""
        for line_id in line_ids:
            self._session.later(_REMOVE, rows=1, script=script_id, line=line_id)
        self._session.flush()

    def write(self, script_id: int, placed: Placed) -> None:
        """Replace the content of a line, with the commit."""
        line = placed.line
        self._session.later(
            _WRITE,
            rows=1,
            script=script_id,
            line=line.id,
            form=line.format,
            content=line.text,
            ends=line.sep,
            marks=_encoder.encode(line.attrs).decode(),
            version=placed.version,
        )

    def clear(self, script_id: int) -> None:
        """Delete all lines."""
        self._session.run(_CLEAR, script=script_id)


def _to_placed(row: Row) -> Placed:
    return Placed(Line(row[0], row[1], row[2], row[3], _attrs.decode(row[4])), key=row[5], version=row[6])


def _to_row(script_id: int, placed: Placed) -> Row:
    line = placed.line
    attrs = _encoder.encode(line.attrs).decode()
    return (script_id, line.id, line.format, line.text, line.sep, attrs, placed.key, placed.version)
