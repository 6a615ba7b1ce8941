"""Size limits of a script. They bound the state, and with it the cost of a submission.

The limits are far beyond any screenplay: a feature film has 3,000 to 6,000 lines and 200,000 characters.
"""

from __future__ import annotations

from typing import Final

from domain.refusals import ScriptTooLarge
from domain.script.hashing import canonical_json
from domain.script.state import State

MAX_LINES: Final = 100_000
# Characters of the text, line ends and attributes of all lines.
MAX_CHARACTERS: Final = 16 << 20
# Number of story elements and personas.
MAX_DESCRIBED: Final = 10_000
# Bytes of all story elements and personas, as JSON.
MAX_DESCRIBED_BYTES: Final = 4 << 20
MAX_LABELS: Final = 10_000
# Ids of removed lines, story elements and personas. They are kept for ever.
MAX_RETIRED: Final = 500_000


def require_size(start: State, end: State) -> None:
    """Refuse a state that exceeds a limit, unless it already did and does not grow.

    Only what changed since `start` is checked, so a keystroke costs nothing.

    Raises:
        ScriptTooLarge: names the limit that is exceeded.
    """
    if len(end.nodes) > MAX_LINES:
        _require("lines", start.line_count, end.line_count, MAX_LINES)
    if end.characters > MAX_CHARACTERS:
        _require("characters", start.characters, end.characters, MAX_CHARACTERS)
    if end.labels is not start.labels:
        _require("named drafts", len(start.labels), len(end.labels), MAX_LABELS)
    if end.elements is not start.elements or end.personas is not start.personas:
        _require("story elements and personas", _described(start), _described(end), MAX_DESCRIBED)
        if (size := described_bytes(end)) > MAX_DESCRIBED_BYTES:
            what = "bytes of story elements and personas"
            _require(what, described_bytes(start), size, MAX_DESCRIBED_BYTES)
    if end.retired is not start.retired and end.retired.may_exceed(MAX_RETIRED):
        _require("removed ids", start.retired.count(), end.retired.count(), MAX_RETIRED)


def _require(what: str, before: int, after: int, limit: int) -> None:
    if after > limit and after > before:
        raise ScriptTooLarge(what=what, size=after, limit=limit)


def _described(state: State) -> int:
    return len(state.elements) + len(state.personas)


def described_bytes(state: State) -> int:
    """The bytes of all story elements and personas, as JSON."""
    elements = sum(len(canonical_json(element)) for element in state.elements.values())
    return elements + sum(len(canonical_json(persona)) for persona in state.personas.values())
