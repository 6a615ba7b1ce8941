"""The JSON document of `scriptledger diff`."""

from __future__ import annotations

from typing import Any, Literal

from cli.json_documents.base import Author, Document
from domain.script.line import Attr, LineFormat
from domain.submissions.origin import Origin


class Version(Document, frozen=True):
    """One side: its version, the drafts of this version, and its state hash."""

    version: int
    labels: list[str]
    state_hash: str


class By(Document, frozen=True):
    """The author of a change, its version, and its time (ISO 8601, UTC); `model` is set for an AI.

    `origin` is the legacy row of a backfilled change.
    """

    version: int
    author: Author
    actor: str
    model: str | None
    occurred_at: str
    origin: Origin | None


class LineContent(Document, frozen=True):
    """A line in one of the two versions."""

    id: str
    format: LineFormat
    text: str
    sep: str
    attrs: dict[str, Attr]


class ChangedLine(Document, frozen=True):
    """A line that differs.

    `words` is its text word by word, as pairs of a sign and some text: kept (=), removed (-) or added (+); null if the
    text did not change. `moved_from` is the id of a scene heading: of the scene that a moved line was in, or of the
    scene that a moved heading came after.
    """

    change: Literal["changed", "added", "removed", "moved"]
    before: LineContent | None
    after: LineContent | None
    words: list[tuple[Literal["=", "-", "+"], str]] | None
    moved_from: str | None
    by: By | None


class Scene(Document, frozen=True):
    """A scene that differs, by its heading; null before the first scene. `number` is null if it has none."""

    heading: str | None
    number: str | None
    text: str
    change: Literal["changed", "added", "removed", "moved"]
    lines: list[ChangedLine]


class Other(Document, frozen=True):
    """A metadata field, story element or persona that differs; null on the side that does not have it."""

    kind: Literal["metadata", "element", "persona"]
    name: str
    before: Any
    after: Any


class AuthorShare(Document, frozen=True):
    """How many lines one author changed, and how many words this added and removed."""

    author: str
    actor: str
    model: str | None
    lines: int
    words_added: int
    words_removed: int


class Summary(Document, frozen=True):
    """How much differs; `ai_share` is the share of new words in lines an AI wrote last, null if no word is new."""

    sentence: str
    scenes: int
    added: int
    removed: int
    moved: int
    changed: int
    other: int
    words_added: int
    words_removed: int
    ai_share: float | None
    by: list[AuthorShare]


class Diff(Document, frozen=True, rename={"before": "from", "after": "to"}):
    """The differences between two versions of a script."""

    script_id: int
    before: Version
    after: Version
    summary: Summary
    scenes: list[Scene]
    other: list[Other]
