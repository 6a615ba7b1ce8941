"""The documents of the verbs that look something up, and of those for the schema."""

from __future__ import annotations

from cli.json_documents.base import Document


class Upgraded(Document, frozen=True):
    """The schema before and after; null where there was none."""

    before: str | None
    after: str


class Schemas(Document, frozen=True):
    """The schema that was found and the one that is needed."""

    database: str
    found: str | None
    wanted: str


class KindField(Document, frozen=True):
    """A field of a command; `default` is JSON, null where the field may be left out."""

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
    """A file and whether it survives."""

    file: str
    survives: bool
    problem: str | None


class Roundtrip(Document, frozen=True):
    """Files and whether they survive."""

    files: list[RoundtrippedFile]
