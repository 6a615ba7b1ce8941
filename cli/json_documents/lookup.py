"""JSON documents of the look-up verbs and of `db`."""

from __future__ import annotations

from cli.json_documents.base import Document


class Upgraded(Document, frozen=True):
    """The schema before and after; `before` is null if there was none."""

    before: str | None
    after: str


class Schemas(Document, frozen=True):
    """The schema of the database and the one that is needed."""

    database: str
    found: str | None
    wanted: str


class KindField(Document, frozen=True):
    """A field of a command; `default` is JSON, null if the field may be left out."""

    name: str
    type: str
    required: bool
    default: str | None


class Kind(Document, frozen=True):
    """A kind of command."""

    kind: str
    about: str
    needs_head: bool
    absolute: bool
    for_ai: bool
    fields: list[KindField]


class Kinds(Document, frozen=True):
    """Kinds of commands."""

    kinds: list[Kind]


class RoundtrippedFile(Document, frozen=True):
    """A file and whether it survives a round trip."""

    file: str
    survives: bool
    problem: str | None


class Roundtrip(Document, frozen=True):
    """Files and whether they survive a round trip."""

    files: list[RoundtrippedFile]
