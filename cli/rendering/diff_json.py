"""A diff as JSON: the document that `scriptledger diff --json` prints, and its schema."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from cli.terminal import screen
from domain.script.hashing import state_hash_bytes
from domain.script.line import Attr, Line, LineFormat
from domain.script.state import State
from materialization.diff.compare import Compared, ComparedScene, Comparison
from materialization.diff.summary import sentence, tally
from materialization.history.authorship import Credit


class Version(Struct, frozen=True, forbid_unknown_fields=True):
    """One side: its version, the drafts of this version, and its state hash."""

    version: int
    labels: list[str]
    state_hash: str


class By(Struct, frozen=True, forbid_unknown_fields=True):
    """The author of a change, its version, and its time (ISO 8601, UTC); `model` is set for an AI."""

    version: int
    author: Literal["user", "ai", "system", "import", "backfill"]
    actor: str
    model: str | None
    occurred_at: str


class LineContent(Struct, frozen=True, forbid_unknown_fields=True):
    """A line in one of the two versions."""

    id: str
    format: LineFormat
    text: str
    sep: str
    attrs: dict[str, Attr]


class ChangedLine(Struct, frozen=True, forbid_unknown_fields=True):
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


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """A scene that differs, by its heading; null before the first scene. `number` is null if it has none."""

    heading: str | None
    number: str | None
    text: str
    change: Literal["changed", "added", "removed", "moved"]
    lines: list[ChangedLine]


class Other(Struct, frozen=True, forbid_unknown_fields=True):
    """A metadata field, story element or persona that differs; null on the side that does not have it."""

    kind: Literal["metadata", "element", "persona"]
    name: str
    before: Any
    after: Any


class AuthorShare(Struct, frozen=True, forbid_unknown_fields=True):
    """How many lines one author changed, and how many words this added and removed."""

    author: str
    actor: str
    model: str | None
    lines: int
    words_added: int
    words_removed: int


class Summary(Struct, frozen=True, forbid_unknown_fields=True):
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


class Diff(Struct, frozen=True, forbid_unknown_fields=True, rename={"before": "from", "after": "to"}):
    """The differences between two versions of a script."""

    script_id: int
    before: Version
    after: Version
    summary: Summary
    scenes: list[Scene]
    other: list[Other]


def document(comparison: Comparison, names: dict[str, int]) -> Diff:
    """A comparison as its JSON document; `names` are the drafts of the script with their versions."""
    counts = tally(comparison)
    return Diff(
        script_id=comparison.script_id,
        before=_version(comparison.before, names),
        after=_version(comparison.after, names),
        summary=Summary(
            sentence(counts),
            *counts[:6],
            counts.words_added,
            counts.words_removed,
            None if counts.ai_share is None else round(counts.ai_share, 4),
            [AuthorShare(*share) for share in counts.shares],
        ),
        scenes=[_scene(scene) for scene in comparison.scenes if scene.change != "same"],
        other=[Other(*item[:2], *map(msgspec.to_builtins, item[2:])) for item in comparison.named],
    )


def schema() -> dict[str, Any]:
    """The JSON Schema of the document."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(Diff)}


def _version(state: State, names: dict[str, int]) -> Version:
    labels = sorted(name for name, version in names.items() if version == state.version)
    return Version(state.version, labels, state_hash_bytes(state.hash).hex())


def _scene(scene: ComparedScene) -> Scene:
    heading = scene.heading
    assert scene.change != "same"  # noqa: S101 - those are left out
    return Scene(
        heading=heading.id if heading else None,
        number=str(heading.attrs["scene_number"]) if heading and "scene_number" in heading.attrs else None,
        text=heading.text if heading else "",
        change=scene.change,
        lines=[_line(compared) for compared in scene.lines if compared.change != "same"],
    )


def _line(compared: Compared) -> ChangedLine:
    assert compared.change != "same"  # noqa: S101 - those are left out
    return ChangedLine(
        change=compared.change,
        before=_content(compared.before),
        after=_content(compared.after),
        words=list(compared.words) if compared.words is not None else None,
        moved_from=compared.moved_from.id if compared.moved_from else None,
        by=_by(compared.by),
    )


def _content(line: Line | None) -> LineContent | None:
    return LineContent(line.id, line.format, line.text, line.sep, line.attrs) if line else None


def _by(credit: Credit | None) -> By | None:
    if credit is None:
        return None
    return By(credit.version, credit.author, credit.actor, credit.model, screen.iso(credit.occurred_at))  # type: ignore[arg-type]
