"""Table script_commands: the log. Rows are only appended and read; there are no other methods."""

from __future__ import annotations

from binascii import unhexlify
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import accumulate, starmap
from typing import Any, NamedTuple

from msgspec.structs import astuple
from sqlalchemy import Column, ColumnElement, bindparam, func, literal_column, select

from domain.log.entry import LogEntry, covered
from repos.database.packed_pages import is_worth_packing, packed, split
from repos.database.packet_text import Query
from repos.database.session import Session
from repos.schema.core_tables import script_commands

COMMANDS_PER_PAGE = 1_000
# Limit for the payloads of a page, unless a single payload is larger.
PAGE_BYTES = 8 << 20


class Authorship(NamedTuple):
    """The author of a version, its cause as stored, and when it was written by the author's clock."""

    author: str
    actor: str
    cause: bytes
    occurred_at: int


class Provenance(NamedTuple):
    """Where a version comes from: its cause as stored, and its times by the author's clock and by ours."""

    version: int
    cause: bytes
    occurred_at: int
    recorded_at: int


# A command as input of the hash chain: its payload; the bytes the hash covers in addition to the previous hash, which
# are the netstrings of the columns in stored order; and the hash.
Link = tuple[bytes, bytes, bytes]


_COLUMNS = tuple(column.name for column in script_commands.c)
_OF_PAGE = select(*script_commands.c).where(
    script_commands.c.script_id == bindparam("script"),
    script_commands.c.version_number > bindparam("after"),
    script_commands.c.version_number <= bindparam("upto"),
)
_READ = _OF_PAGE.order_by(script_commands.c.version_number).limit(bindparam("limit"))

_SIZES = (
    select(func.length(script_commands.c.payload))
    .where(
        script_commands.c.script_id == bindparam("script"),
        script_commands.c.version_number > bindparam("after"),
        script_commands.c.version_number <= bindparam("upto"),
    )
    .order_by(script_commands.c.version_number)
    .limit(bindparam("limit"))
)


def _netstrings(columns: Iterable[Column[Any]]) -> list[ColumnElement[Any]]:
    return [part for column in columns for part in (func.octet_length(column), _COLON, column, _COMMA)]


_COLON: Any = literal_column("':'")
_COMMA: Any = literal_column("','")
_ALL = list(script_commands.c)
_PAYLOAD = _ALL.index(script_commands.c.payload)
# The server also joins the bytes the chain hash of a row covers, in three parts: the payload is needed separately.
_LINKS = packed(
    _OF_PAGE,
    script_commands.c.version_number,
    func.hex(script_commands.c.chain_hash),
    func.concat(*_netstrings(_ALL[:_PAYLOAD]), func.octet_length(script_commands.c.payload), _COLON),
    script_commands.c.payload,
    func.concat(_COMMA, *_netstrings(_ALL[_PAYLOAD + 1 : -1])),
)
_PROVENANCE = _OF_PAGE.with_only_columns(
    script_commands.c.version_number,
    script_commands.c.cause,
    script_commands.c.occurred_at,
    script_commands.c.recorded_at,
)
_PROVENANCES = _PROVENANCE.order_by(script_commands.c.version_number).limit(bindparam("limit"))
_PACKED_PROVENANCES = packed(_PROVENANCE, *_PROVENANCE.selected_columns)
_CAUSES_OF_AI = (
    select(script_commands.c.version_number, script_commands.c.cause)
    .where(
        script_commands.c.script_id == bindparam("script"),
        script_commands.c.version_number > bindparam("after"),
        script_commands.c.author == "ai",
    )
    .order_by(script_commands.c.version_number)
    .limit(bindparam("limit"))
)
_OF_VERSION = (
    script_commands.c.script_id == bindparam("script"),
    script_commands.c.version_number == bindparam("version"),
)
_WRITER = (script_commands.c.author, script_commands.c.actor, script_commands.c.cause, script_commands.c.occurred_at)
_AUTHORSHIP = select(*_WRITER).where(*_OF_VERSION)
_AT_ONCE = 200
_AUTHORSHIPS = select(script_commands.c.version_number, *_WRITER).where(
    script_commands.c.script_id == bindparam("script"),
    script_commands.c.version_number.in_([bindparam(f"v{n}") for n in range(_AT_ONCE)]),
)
CHAIN_HASH = select(script_commands.c.chain_hash).where(*_OF_VERSION)


class Commands:
    """The log of every script, for reading."""

    def __init__(self, session: Session, *, ahead: bool = False) -> None:
        self._session = session
        self._ahead = ahead

    def get(self, script_id: int, version: int) -> LogEntry | None:
        """The command that made a version."""
        rows = self._session.rows(_READ, script=script_id, after=version - 1, upto=version, limit=1)
        return LogEntry(*rows[0]) if rows else None

    def authorship(self, script_id: int, version: int) -> Authorship | None:
        """The author of a version, without its payload."""
        rows = self._session.rows(_AUTHORSHIP, script=script_id, version=version)
        return Authorship(*rows[0]) if rows else None

    def authorships(self, script_id: int, versions: Iterable[int]) -> dict[int, Authorship]:
        """The authors of several versions, many in a round trip."""
        wanted = sorted(set(versions))
        by_version: dict[int, Authorship] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            part += part[-1:] * (_AT_ONCE - len(part))
            names = {f"v{n}": version for n, version in enumerate(part)}
            rows = self._session.rows(_AUTHORSHIPS, script=script_id, **names)
            by_version |= {version: Authorship(*values) for version, *values in rows}
        return by_version

    def chain_hash(self, script_id: int, version: int) -> bytes | None:
        """The chain hash of a version, which covers the log up to there."""
        rows = self._session.rows(CHAIN_HASH, script=script_id, version=version)
        return bytes(rows[0][0]) if rows else None

    def read(self, script_id: int, *, after: int = 0, upto: int) -> Iterator[LogEntry]:
        """The commands of versions `after` + 1 to `upto`, in order, a page at a time."""
        while after < upto:
            sizes = self._session.rows(_SIZES, script=script_id, after=after, upto=upto, limit=COMMANDS_PER_PAGE)
            limit = sum(1 for size in accumulate(size for (size,) in sizes) if size <= PAGE_BYTES) or 1
            page = self._session.rows(_READ, script=script_id, after=after, upto=upto, limit=limit)
            yield from starmap(LogEntry, page)
            if (len(sizes) < COMMANDS_PER_PAGE and len(page) == len(sizes)) or not page:
                return
            after = page[-1][1]

    def ahead(self) -> Commands:
        """The same, but the server reads the next page of links while the caller uses the current one.

        No other query may run until the last link is read or the generator is closed.
        """
        return Commands(self._session, ahead=True)

    def links(self, script_id: int, *, after: int = 0, upto: int) -> Generator[Link, None, None]:
        """The same commands as links of the hash chain, up to the first page with a missing command."""
        while after < upto:
            with closing(self._packed_links(script_id, after, upto)) as pages:
                for page in pages:
                    yield from page
                    missing = min(COMMANDS_PER_PAGE, upto - after) - len(page)
                    after += len(page)
                    if missing:
                        return
            if after < upto:
                end = min(after + COMMANDS_PER_PAGE, upto)
                for entry in self.read(script_id, after=after, upto=end):
                    yield entry.payload, covered(entry), entry.chain_hash
                    after += 1
                if after < end:
                    return

    def _packed_links(self, script_id: int, after: int, upto: int) -> Generator[list[Link], None, None]:
        """The pages of links up to the first page that has to be read row by row."""
        if not is_worth_packing(self._session, upto - after):
            return
        queries: list[Query] = [
            (_LINKS, {"script": script_id, "after": start, "upto": min(start + COMMANDS_PER_PAGE, upto)})
            for start in range(after, upto, COMMANDS_PER_PAGE)
        ]
        rows_of = self._session.rows
        one_by_one = (rows_of(statement, **params) for statement, params in queries)
        with closing(self._session.rows_in_turn(queries) if self._ahead else one_by_one) as read:
            for [page] in read:
                rows = split(page, 5)
                if rows is None:
                    return
                yield [(payload, left + payload + right, unhexlify(chain)) for _, chain, left, payload, right in rows]

    def provenances(self, script_id: int, *, after: int = 0, upto: int) -> Iterator[Provenance]:
        """The provenance of versions `after` + 1 to `upto`, in order, read page by page without their payloads."""
        while after < upto:
            end = min(after + COMMANDS_PER_PAGE, upto)
            params = {"script": script_id, "after": after, "upto": end}
            found: list[tuple[Any, ...]] | None = None
            if is_worth_packing(self._session, end - after):
                found = split(self._session.rows(_PACKED_PROVENANCES, **params)[0], len(Provenance._fields))
            if found is None:
                found = self._session.rows(_PROVENANCES, **params, limit=COMMANDS_PER_PAGE)
            for version, cause, occurred_at, recorded_at in found:
                yield Provenance(int(version), cause, int(occurred_at), int(recorded_at))
            if len(found) < end - after:
                return
            after = end

    def causes_of_ai(self, script_id: int) -> Iterator[tuple[int, bytes]]:
        """The versions written by an AI, with their causes, in order, read page by page."""
        after = 0
        while page := self._session.rows(_CAUSES_OF_AI, script=script_id, after=after, limit=COMMANDS_PER_PAGE):
            yield from ((version, cause) for version, cause in page)
            after = page[-1][0]


class AppendableCommands(Commands):
    """The log of the locked script."""

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Add commands after the last one."""
        self._session.later_insert(script_commands, _COLUMNS, [astuple(entry) for entry in entries])
