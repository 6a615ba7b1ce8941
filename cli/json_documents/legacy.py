"""The JSON documents of the verbs that read a legacy database."""

from __future__ import annotations

from cli.json_documents.base import Document


class LegacyServer(Document, frozen=True):
    """The server of a legacy database; `utc_offset_minutes` is that of its own time zone."""

    product: str
    version: str
    database: str
    charset: str
    collation: str
    sql_mode: str
    time_zone: str
    utc_offset_minutes: int
    max_packet_bytes: int


class LegacyTable(Document, frozen=True):
    """One table or view: its size, the shape it was recognised by, and what it becomes.

    `exact` is whether `rows` were counted; otherwise it is the server's estimate.
    """

    name: str
    is_view: bool
    rows: int | None
    exact: bool
    bytes: int | None
    engine: str
    charset: str
    collation: str
    key: list[str]
    columns: int
    shape: str
    generation: int | None
    becomes: str
    history: str
    note: str


class LegacyDoubt(Document, frozen=True):
    """What cannot be relied on; `blocks` is whether the source cannot be moved like this."""

    code: str
    table: str
    sentence: str
    blocks: bool


class LegacyInspection(Document, frozen=True):
    """A legacy database as it is found; `history` says in words which history of the scripts there is."""

    source: str
    server: LegacyServer
    tables: list[LegacyTable]
    generations: list[int]
    history: str
    doubts: list[LegacyDoubt]


class MappingProblem(Document, frozen=True):
    """One thing that is wrong with a mapping; `where` is a table, or a table and a column."""

    code: str
    where: str
    sentence: str


class MappingCheck(Document, frozen=True):
    """Whether a mapping fits a source."""

    source: str
    mapping: str
    fits: bool
    tables: int
    columns: int
    problems: list[MappingProblem]


class MappingDrafted(Document, frozen=True):
    """A drafted mapping; `file` is null if `text` holds it."""

    source: str
    file: str | None
    tables: int
    columns: int
    kept_columns: int
    text: str | None


class SampleWritten(Document, frozen=True):
    """A sample legacy database that was written to a file: of a generation, or with a history of another form."""

    generation: int | None
    file: str
    url: str
    history: str | None = None
