"""A comparison of two versions as its JSON document, and the JSON Schema of the document."""

from __future__ import annotations

from typing import Any

import msgspec

from cli.json_documents.base import stored_author
from cli.json_documents.diff import (
    AuthorShare,
    By,
    ChangedLine,
    Diff,
    LineContent,
    Other,
    Scene,
    Summary,
    Version,
)
from cli.terminal import screen
from domain.script.hashing import state_hash_bytes
from domain.script.line import Line
from domain.script.state import State
from materialization.diff.compare import Compared, ComparedScene, Comparison
from materialization.diff.summary import sentence, tally
from materialization.history.authorship import Credit


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
    author = stored_author(credit.author)
    return By(credit.version, author, credit.actor, credit.model, screen.iso(credit.occurred_at), credit.origin)
