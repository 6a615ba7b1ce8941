"""Table script_versions: the delta of each command, and the hash of the resulting state."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Iterator, Sequence
from itertools import accumulate, starmap
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select

from domain.log.version import VersionRow
from repos.database.packed_pages import is_worth_packing, packed, split
from repos.database.packet_text import Query
from repos.database.session import Session
from repos.database.statements import Params, Row
from repos.schema.core_tables import script_versions

VERSIONS_PER_PAGE = 1_000
# Limit for the deltas of a page read row by row, unless a single delta is larger.
PAGE_BYTES = 8 << 20
# Up to this many versions are read without querying their sizes first: there are no more after a keyframe, and their
# deltas exceed its size by at most one delta.
FEW = 256


_COLUMNS = ("script_id", "version_number", "generation", "delta", "state_hash", "line_count")


class Page(NamedTuple):
    """The queries for a range of versions of one generation: row by row, and packed."""

    rows: Select[Any]
    packed: Select[Any]

    def query(self, params: Params, *, packed: bool) -> Query:
        """The statement and parameters for a session."""
        return (self.packed, params) if packed else (self.rows, {**params, "limit": VERSIONS_PER_PAGE})

    def read(self, found: list[Row], *, packed: bool) -> list[VersionRow] | None:
        """The versions in a result; None if the page has to be read row by row."""
        if not packed:
            return list(starmap(VersionRow, found))
        rows = split(found[0], _PACKED_COLUMNS)
        if rows is None:
            return None
        return [VersionRow(int(number), delta, unhexlify(state), int(count)) for number, delta, state, count in rows]


def page_of(generation: ColumnElement[int], *after: ColumnElement[int]) -> Page:
    """The versions of `script` after all of `after` up to `upto`; at most `limit` of them when read row by row."""
    rows = select(
        script_versions.c.version_number,
        script_versions.c.delta,
        script_versions.c.state_hash,
        script_versions.c.line_count,
    ).where(
        script_versions.c.script_id == bindparam("script"),
        *(script_versions.c.version_number > version for version in after),
        script_versions.c.version_number <= bindparam("upto"),
        script_versions.c.generation == generation,
    )
    together = packed(
        rows,
        script_versions.c.version_number,
        script_versions.c.delta,
        func.hex(script_versions.c.state_hash),
        script_versions.c.line_count,
    )
    return Page(rows.order_by(script_versions.c.version_number).limit(bindparam("limit")), together)


_PACKED_COLUMNS = 4
SELECT_VERSIONS = page_of(bindparam("generation"), bindparam("after"))
_SIZES = SELECT_VERSIONS.rows.with_only_columns(func.length(script_versions.c.delta))

_made, _known = script_versions.alias("made"), script_versions.alias("known")
_DIFFERENCES = (
    select(func.count(), func.min(_made.c.version_number))
    .select_from(
        _made.outerjoin(
            _known,
            and_(
                _known.c.script_id == _made.c.script_id,
                _known.c.version_number == _made.c.version_number,
                _known.c.generation == bindparam("other"),
            ),
        )
    )
    .where(
        _made.c.script_id == bindparam("script"),
        _made.c.version_number > bindparam("after"),
        _made.c.version_number <= bindparam("upto"),
        _made.c.generation == bindparam("generation"),
        or_(_known.c.state_hash.is_(None), _known.c.state_hash != _made.c.state_hash),
    )
)


class Differences(NamedTuple):
    """How many versions have a different state hash, or none, in another generation; and the first of them."""

    versions: int
    first: int | None


class Versions:
    """The versions of every script, for reading."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def read(self, script_id: int, *, generation: int, after: int = 0, upto: int) -> Iterator[VersionRow]:
        """Versions `after` + 1 to `upto`, in order, a page at a time."""
        for start in range(after, upto, VERSIONS_PER_PAGE):
            count = 0
            for row in self._page(
                script=script_id, generation=generation, after=start, upto=min(start + VERSIONS_PER_PAGE, upto)
            ):
                count += 1
                yield row
            if not count:
                return

    def _page(self, **params: int) -> Iterator[VersionRow]:
        if is_worth_packing(self._session, params["upto"] - params["after"]):
            page = SELECT_VERSIONS.read(self._session.rows(SELECT_VERSIONS.packed, **params), packed=True)
            if page is not None:
                yield from page
                return
        while (limit := params["upto"] - params["after"]) > 0:
            if limit > FEW:
                sizes = self._session.rows(_SIZES, **params, limit=limit)
                limit = sum(1 for size in accumulate(size for (size,) in sizes) if size <= PAGE_BYTES) or 1
            rows = self._session.rows(SELECT_VERSIONS.rows, **params, limit=limit)
            yield from starmap(VersionRow, rows)
            if len(rows) < limit:
                return
            params["after"] = rows[-1][0]


class WritableVersions(Versions):
    """The versions of the locked script. Only the materializer writes them."""

    def put(self, script_id: int, generation: int, versions: Sequence[VersionRow]) -> None:
        """Add versions, one for each command of the same transaction."""
        self._session.later_insert(
            script_versions,
            _COLUMNS,
            [(script_id, row.version, generation, row.delta, row.state_hash, row.line_count) for row in versions],
        )

    def differences(self, script_id: int, generation: int, other: int, *, after: int, upto: int) -> Differences:
        """Compare versions of one generation, including unflushed ones, with the same versions of another."""
        self._session.flush()
        rows = self._session.rows(
            _DIFFERENCES, script=script_id, generation=generation, other=other, after=after, upto=upto
        )
        return Differences(*rows[0])
